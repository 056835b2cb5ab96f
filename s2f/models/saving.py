"""Trained weights as one safetensors file that carries its model's kind and config, and what was known about it.

Apart from loading, which has to know all three models: saving one must not depend on the others' code.
"""

import json
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from s2f.runtime import put_in_place

KEY = "s2f"  # of safetensors' metadata


def save_weights(model: nn.Module, path: Path | str | None, **about: Any) -> None:
    """Write one of the three models, its config and `about` (values JSON can hold), whole or not at all.

    Of processes that share out a model each must call this; those without a path write nothing.
    """
    tensors = whole_ones(model.state_dict(), kept=path is not None)
    if path is None:
        return
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"kind": model.kind, "config": model.config.model_dump(), "about": about}  # type: ignore[union-attr, operator]
    temporary = path.with_name(f".{path.name}.tmp")
    # One key: safetensors writes several in any order, and the same run must give the same bytes.
    save_file(tensors, temporary, metadata={KEY: json.dumps(content, sort_keys=True)})
    put_in_place(temporary, path)


def whole_ones(tensors: Mapping[str, Tensor], kept: bool) -> dict[str, Tensor]:
    """Each of them whole; where they are not kept this process only helps, and never has more than one in memory."""
    put_together = ((name, whole(tensor)) for name, tensor in tensors.items())
    if kept:
        return dict(put_together)
    deque(put_together, maxlen=0)
    return {}


def whole(tensor: Tensor) -> Tensor:
    """As files have it: on the CPU, contiguous; put together by all processes, if they share it out."""
    tensor = tensor.detach()
    return (tensor.full_tensor() if isinstance(tensor, DTensor) else tensor).cpu().contiguous()

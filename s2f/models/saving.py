"""Trained weights as one safetensors file that carries its model's kind and config, and what was known about it.

Apart from loading, which has to know all three models: saving one must not depend on the others' code.
"""

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import nn

KEY = "s2f"  # of safetensors' metadata


def save_weights(model: nn.Module, path: Path | str, **about: Any) -> None:
    """Write one of the three models, its config and `about` (values JSON can hold), whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"kind": model.kind, "config": model.config.model_dump(), "about": about}  # type: ignore[union-attr, operator]
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    temporary = path.with_name(f".{path.name}.tmp")
    # One key: safetensors writes several in any order, and the same run must give the same bytes.
    save_file(tensors, temporary, metadata={KEY: json.dumps(content, sort_keys=True)})
    temporary.replace(path)

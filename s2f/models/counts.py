"""How large the three models of a params file are; built on the meta device, so without their memory."""

from pathlib import Path

import torch

from s2f.models.weights import MODELS, build
from s2f.params.base import read_section


def count_parameters(params: Path | str) -> list[tuple[str, int]]:
    """Trainable parameters of every model, by the name of its section.

    Raises:
        ParamsError: a model's section is missing or does not fit.
    """
    counts = []
    for kind, (section, _) in MODELS.items():
        with torch.device("meta"):
            model = build(kind, read_section(params, kind, section))
        counts.append((kind, sum(parameter.numel() for parameter in model.parameters())))
    return counts

"""A training run's state on disk: one safetensors file with JSON metadata, no pickle, replaced whole.

It carries a fingerprint of everything that decides the run. A checkpoint of another run is as good as none; each run
has a folder of its own (`runs.py`).
"""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn
from torch.optim import Optimizer

from s2f.dataset.shards import shard_paths
from s2f.models.saving import whole_ones
from s2f.runtime import file_sha256, put_in_place
from s2f.training.sharding import put

log = logging.getLogger(__name__)

NAME = "last.safetensors"


def save_checkpoint(
    folder: Path | None, model: nn.Module, averaged: nn.Module | None, optimiser: Optimizer, **metadata: str
) -> None:
    """Write the state after a step; `metadata` must hold what resuming needs beside the tensors.

    Of processes that share out a model each must call this; those without a folder write nothing.
    """
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    if averaged is not None:
        tensors |= {f"averaged.{name}": tensor for name, tensor in averaged.state_dict().items()}
    state = optimiser.state_dict()
    for index, entries in state["state"].items():
        tensors |= {f"optimiser.{index}.{name}": tensor for name, tensor in entries.items()}
    content = whole_ones(tensors, kept=folder is not None)
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{NAME}.tmp"
    save_file(content, temporary, metadata={**metadata, "groups": json.dumps(state["param_groups"])})
    put_in_place(temporary, folder / NAME)


def load_checkpoint(
    folder: Path, fingerprint: str, model: nn.Module, averaged: nn.Module | None, optimiser: Optimizer
) -> dict[str, str] | None:
    """Put the last saved state into the three and return its metadata; None where there is none of this run."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        opened = safe_open(path, framework="pt")
    except SafetensorError as error:
        log.warning("%s cannot be read (%s); starting anew", path, error)
        return None
    with opened as file:
        metadata: dict[str, str] = file.metadata() or {}
        if metadata.get("fingerprint") != fingerprint:
            return None
        _load(model, "model.", file)
        if averaged is not None:
            _load(averaged, "averaged.", file)
        _load_optimiser(optimiser, "optimiser.", file, json.loads(metadata["groups"]))
    return metadata


def fingerprint(**decisive: Any) -> str:
    """A hash of everything that decides a run; values JSON can hold."""
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def dataset_fingerprint(data: Path | str) -> str:
    """The manifest's sha256; without a manifest, a hash of the shards' names and sizes."""
    manifest = Path(data) / "manifest.json"
    if manifest.is_file():
        return file_sha256(manifest)
    return fingerprint(
        shards=[
            [str(path.relative_to(data)), path.stat().st_size]
            for split in sorted(Path(data).glob("*/"))
            for path in shard_paths(split)
        ]
    )


def _under(prefix: str, file: Any) -> list[str]:
    """The names behind a prefix, in the same order in all processes: they do together what follows."""
    return sorted(name.removeprefix(prefix) for name in file.keys() if name.startswith(prefix))  # noqa: SIM118 (not a mapping)


def _load(model: nn.Module, prefix: str, file: Any) -> None:
    own = model.state_dict()
    for name in _under(prefix, file):
        put(own.pop(name), file.get_tensor(prefix + name))
    if own:
        raise KeyError(f"{prefix}{min(own)}")


def _load_optimiser(optimiser: Optimizer, prefix: str, file: Any, groups: list[dict[str, Any]]) -> None:
    """In place, so that the tensors keep the memory layout a running optimiser has: sums depend on it to the bit."""
    for group, saved in zip(optimiser.param_groups, groups, strict=True):
        group |= {name: value for name, value in saved.items() if name != "params"}
    params = [p for group in optimiser.param_groups for p in group["params"]]
    for name in _under(prefix, file):
        index, entry = name.split(".", 1)
        p = params[int(index)]
        optimiser.state[p][entry] = torch.empty_like(p)
        put(optimiser.state[p][entry], file.get_tensor(prefix + name))

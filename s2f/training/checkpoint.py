"""A training run's state on disk: one safetensors file with JSON metadata, no pickle, replaced whole.

It carries a fingerprint of everything that decides the run. A checkpoint of another run is as good as none.
"""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from s2f.dataset.shards import shard_paths
from s2f.models.saving import whole
from s2f.runtime import file_sha256
from s2f.training.sharding import put

log = logging.getLogger(__name__)

NAME = "last.safetensors"
OTHER = "other.safetensors"  # of another run; by the name above it is gone on with, under its own parameters


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
    content = {name: whole(tensor) for name, tensor in tensors.items()}
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{NAME}.tmp"
    save_file(content, temporary, metadata={**metadata, "groups": json.dumps(state["param_groups"])})
    temporary.replace(folder / NAME)


def load_checkpoint(
    folder: Path, fingerprint: str, model: nn.Module, averaged: nn.Module | None, optimiser: Optimizer
) -> dict[str, str] | None:
    """Put the last saved state into the three and return its metadata; None where there is none of this run."""
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("fingerprint") != fingerprint:
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except SafetensorError:
        return None
    _load(model, _under("model.", tensors))
    if averaged is not None:
        _load(averaged, _under("averaged.", tensors))
    _load_optimiser(optimiser, _under("optimiser.", tensors), json.loads(metadata["groups"]))
    return metadata


def set_aside(folder: Path) -> None:
    """Keep a checkpoint that is none of this run where this run does not write: it may have taken days."""
    if (folder / NAME).is_file():
        log.info("%s is of other parameters, data or code: starting anew, and it is %s now", folder / NAME, OTHER)
        (folder / NAME).replace(folder / OTHER)


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


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _load(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    own = model.state_dict()
    for name in sorted(own.keys() | tensors.keys()):  # in the same order in all processes: they do it together
        put(own[name], tensors[name])


def _load_optimiser(optimiser: Optimizer, tensors: dict[str, Tensor], groups: list[dict[str, Any]]) -> None:
    """In place, so that the tensors keep the memory layout a running optimiser has: sums depend on it to the bit."""
    for group, saved in zip(optimiser.param_groups, groups, strict=True):
        group |= {name: value for name, value in saved.items() if name != "params"}
    params = [p for group in optimiser.param_groups for p in group["params"]]
    for name, tensor in tensors.items():
        index, entry = name.split(".", 1)
        p = params[int(index)]
        optimiser.state[p][entry] = torch.empty_like(p)
        put(optimiser.state[p][entry], tensor)

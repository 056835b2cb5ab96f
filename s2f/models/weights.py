"""The three models by name, and trained weights read back.

Nobody downstream reads a model's shape from params.yaml again: the weights' file says it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import nn

from s2f.models.encoders import make_encoder
from s2f.models.face_decoder import FaceDecoder
from s2f.models.saving import KEY, save_weights
from s2f.models.super_resolution import SuperResolution
from s2f.params.base import Section, parse
from s2f.params.face_decoder import FaceDecoderConfig
from s2f.params.speech_encoder import SpeechEncoderConfig
from s2f.params.super_resolution import SuperResolutionConfig
from s2f.runtime import InputError

__all__ = ["MODELS", "build", "load_weights", "read_tensors", "restore", "save_weights"]

MODELS: dict[str, tuple[type[Section], Callable[[Any], nn.Module]]] = {
    "speech_encoder": (SpeechEncoderConfig, make_encoder),
    "face_decoder": (FaceDecoderConfig, FaceDecoder),
    "super_resolution": (SuperResolutionConfig, SuperResolution),
}


def build(kind: str, config: Section) -> nn.Module:
    """A fresh model."""
    return MODELS[kind][1](config)


def load_weights(path: Path | str, device: torch.device | str = "cpu") -> nn.Module:
    """The model in evaluation mode, with `.config` and `.about`.

    Raises:
        InputError: no such file, a pickle or other format, no config inside, or tensors that do not fit it.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; the training stages write weights to data/models/<model>.")
    tensors, metadata = read_tensors(path)
    if metadata.get("kind") not in MODELS or "config" not in metadata:
        raise InputError(f"{path}: carries no s2f config; allowed: files written by the training stages.")
    kind = metadata["kind"]
    model = restore(kind, parse(MODELS[kind][0], metadata["config"], f"{path}: {kind}"), tensors, path)
    model.about = metadata.get("about", {})
    return model.to(device).eval()


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """A safetensors file's tensors, and what s2f wrote beside them.

    Raises:
        InputError: a pickle or other format.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {}).get(KEY, "{}"))
        tensors = load_file(path)
        if not isinstance(metadata, dict):
            raise ValueError("no names and values")
    except SafetensorError:
        raise InputError(f"{path}: not a safetensors file; pickled checkpoints (.pt, .ckpt) are never read.") from None
    except ValueError as error:
        raise InputError(f"{path}: carries no s2f config ({error}); allowed: files written by s2f.") from None
    return tensors, metadata


def restore(kind: str, config: Section, tensors: dict[str, torch.Tensor], path: Path) -> nn.Module:
    """A model of tensors that fit its config.

    Raises:
        InputError: they do not; `path` says whose they are.
    """
    with torch.device("meta"):  # shapes alone: a config may claim a network that no memory holds
        _check(tensors, build(kind, config), path)
    model = build(kind, config)
    model.load_state_dict(tensors)
    return model


def _check(tensors: dict[str, torch.Tensor], model: nn.Module, path: Path) -> None:
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    for name, shape in expected.items():
        if name not in tensors:
            raise InputError(f"{path}: tensor '{name}' is missing; its config asks for shape {shape}.")
        if tuple(tensors[name].shape) != shape:
            raise InputError(
                f"{path}: tensor '{name}' has shape {tuple(tensors[name].shape)}; its config asks for {shape}."
            )
    for name in tensors:
        if name not in expected:
            raise InputError(f"{path}: tensor '{name}' is not part of the model its config describes.")

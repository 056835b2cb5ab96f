"""The parts of a pipeline as the training stages leave them: a folder of <model>/weights.safetensors."""

from pathlib import Path
from typing import Any

from s2f.models.weights import MODELS, load_weights
from s2f.params.base import parse
from s2f.params.diffusion import DiffusionParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.pipeline.parts import Parts, check_fit
from s2f.runtime import InputError, file_sha256


def read_trained(folder: Path) -> Parts:
    """All three, with what they were trained with.

    Raises:
        InputError: a file is missing, is no model of ours or the wrong one, or the models do not fit each other.
    """
    paths = {name: folder / name / "weights.safetensors" for name in MODELS}
    models: dict[str, Any] = {name: load_weights(path) for name, path in paths.items()}
    for name, model in models.items():
        if model.kind != name:
            raise InputError(f"{paths[name]}: holds a {model.kind}; a {name} is needed.")
    noise = [models[name].about.get("diffusion") for name in ("face_decoder", "super_resolution")]
    if noise[0] != noise[1]:
        raise InputError(f"{folder}: super_resolution and face_decoder know different noise; train one of them again.")
    heard = models["speech_encoder"].about.get("spectrogram")
    parts = Parts(
        **models,
        spectrogram=parse(SpectrogramParams, heard, f"{paths['speech_encoder']}: spectrogram"),
        diffusion=parse(DiffusionParams, noise[0], f"{paths['face_decoder']}: diffusion"),
        sha256={name: file_sha256(path) for name, path in paths.items()},
    )
    check_fit(parts, folder)
    return parts

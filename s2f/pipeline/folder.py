"""A pipeline as one folder, in diffusers' convention.

    model_index.json                 the class of every part, and how it draws
    feature_extractor/               preprocessor_config.json: what the encoder hears
    speech_encoder/                  config.json, model.safetensors
    face_decoder/                    config.json, diffusion_pytorch_model.safetensors
    super_resolution/                likewise
    scheduler/                       scheduler_config.json, as diffusers reads it
    super_resolution_scheduler/      likewise

A class is loaded by its path if it is one of ours or of diffusers' schedulers that we know; nothing else is imported,
and no pickle is read.
"""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from safetensors.torch import save
from torch import Tensor, nn

from s2f.diffusion.schedule import linear_ends
from s2f.diffusion.solvers import SCHEDULERS, UNBOUNDED, Walk, sampler_of
from s2f.models.encoders import ENCODERS
from s2f.models.face_decoder import FaceDecoder
from s2f.models.super_resolution import SuperResolution
from s2f.models.weights import MODELS, read_tensors, restore, save_weights
from s2f.params.base import Section, parse
from s2f.params.diffusion import DiffusionParams
from s2f.params.generation import MOST_GUIDANCE
from s2f.params.spectrogram import SpectrogramParams
from s2f.pipeline.drawing import Drawing
from s2f.pipeline.parts import Parts, check_fit
from s2f.runtime import InputError, file_sha256, replace_file

INDEX, CLASS = "model_index.json", "SpeechToFacePipeline"
MOST_TIMESTEPS = 100_000  # of a schedule, whose tables are in memory


class Numbers(Section):
    """What the index says beside classes."""

    guidance: float = Field(ge=-MOST_GUIDANCE, le=MOST_GUIDANCE)
    steps: int = Field(gt=0)
    super_resolution_steps: int = Field(gt=0)
    super_resolution_noise: float = Field(ge=0, lt=1)


class Thresholding(Section):
    """What a scheduler's configuration says of it."""

    ratio: float = Field(ge=0, le=1)


FILES = {  # where diffusers and transformers look for a model's weights
    "speech_encoder": "model.safetensors",
    "face_decoder": "diffusion_pytorch_model.safetensors",
    "super_resolution": "diffusion_pytorch_model.safetensors",
}
WALKS = {"face_decoder": "scheduler", "super_resolution": "super_resolution_scheduler"}
ERROR = "x_0_error"  # of a scheduler's folder: <ERROR>.safetensors, and the tensor's name in it
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
PREDICTIONS = {"epsilon": "epsilon", "v": "v_prediction", "x0": "sample"}  # ours, and diffusers'
CLASSES: dict[str, tuple[type[nn.Module], ...]] = {
    "speech_encoder": tuple(dict.fromkeys(ENCODERS.values())),
    "face_decoder": (FaceDecoder,),
    "super_resolution": (SuperResolution,),
}


def write_folder(parts: Parts, drawing: Drawing, folder: Path) -> None:
    """All of it; the index, without which nothing is loaded, comes last."""
    (folder / INDEX).unlink(missing_ok=True)
    index: dict[str, Any] = {
        "_class_name": CLASS,
        "feature_extractor": ["s2f.audio.spectrogram", "CompressedSpectrogram"],
    }
    _write(folder / "feature_extractor" / "preprocessor_config.json", parts.spectrogram.model_dump())
    for name, file in FILES.items():
        model: Any = getattr(parts, name)
        index[name] = [type(model).__module__, type(model).__name__]
        _write(folder / name / "config.json", {"_class_name": type(model).__name__, **model.config.model_dump()})
        about = {"spectrogram": parts.spectrogram} if name == "speech_encoder" else {"diffusion": parts.diffusion}
        save_weights(model, folder / name / file, **{key: value.model_dump() for key, value in about.items()})
    for name, walk in (("face_decoder", drawing.decode), ("super_resolution", drawing.enlarge)):
        prediction = PREDICTIONS[getattr(parts, name).config.prediction]
        module, scheduler, own = SCHEDULERS[walk.sampler]
        index[WALKS[name]] = [module, scheduler]
        content = {"_class_name": scheduler, **noise_of(parts.diffusion), "prediction_type": prediction, **own}
        _write(folder / WALKS[name] / "scheduler_config.json", content | _thresholding(walk))
        errors = folder / WALKS[name] / f"{ERROR}.safetensors"
        errors.unlink(missing_ok=True)
        if name in parts.x_0_error:
            replace_file(errors, save({ERROR: parts.x_0_error[name].contiguous()}))
    index |= {"guidance": drawing.guidance, "steps": drawing.decode.steps}
    index |= {"super_resolution_steps": drawing.enlarge.steps, "super_resolution_noise": drawing.noise_level}
    _write(folder / INDEX, index)


def noise_of(params: DiffusionParams) -> dict[str, Any]:
    """The noise schedule as diffusers' schedulers are told it."""
    if params.schedule == "cosine":
        return {"num_train_timesteps": params.steps, "beta_schedule": "squaredcos_cap_v2"}
    first, last = linear_ends(params.steps)
    return {
        "num_train_timesteps": params.steps, "beta_schedule": "linear", "beta_start": first, "beta_end": last,
    }  # fmt: skip


def _thresholding(walk: Walk) -> dict[str, Any]:
    if not walk.threshold:
        return {"thresholding": False}
    return {"thresholding": True, "dynamic_thresholding_ratio": walk.threshold, "sample_max_value": UNBOUNDED}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, (json.dumps(content, indent=2) + "\n").encode())


def read_folder(folder: Path) -> tuple[Parts, Drawing]:
    """What was written there.

    Raises:
        InputError: a file is missing, is a pickle or of another class, or tensors do not fit their config.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; `dvc repro` writes one to data/models/pipeline.")
    index = _read(folder / INDEX)
    if index.get("_class_name") != CLASS:
        raise InputError(f"{folder / INDEX}: is of a {index.get('_class_name')}; allowed: {CLASS}.")
    models: dict[str, Any] = {name: _model(folder, name, index) for name in FILES}
    numbers = parse(Numbers, {name: index.get(name) for name in Numbers.model_fields}, str(folder / INDEX))
    steps = {"face_decoder": numbers.steps, "super_resolution": numbers.super_resolution_steps}
    walks = {name: _walk(folder, name, index, steps[name]) for name in WALKS}
    noises = [noise for _, noise in walks.values()]
    if noises[0] != noises[1]:
        raise InputError(f"{folder}: its two schedulers know different noise; export it again.")
    errors = {name: folder / walk / f"{ERROR}.safetensors" for name, walk in WALKS.items()}
    errors = {name: path for name, path in errors.items() if path.is_file()}
    files = {name: folder / name / file for name, file in FILES.items()}
    parts = Parts(
        **models,
        spectrogram=_section(SpectrogramParams, folder / "feature_extractor" / "preprocessor_config.json"),
        diffusion=noises[0],
        x_0_error={name: _error(path, noises[0].steps) for name, path in errors.items()},
        sha256={name: file_sha256(path) for name, path in files.items()}
        | {f"{name} {ERROR}": file_sha256(path) for name, path in errors.items()},
    )
    check_fit(parts, folder)
    decode, enlarge = (walks[name][0] for name in ("face_decoder", "super_resolution"))
    return parts, Drawing(numbers.guidance, decode, enlarge, numbers.super_resolution_noise)


def _model(folder: Path, name: str, index: dict[str, Any]) -> nn.Module:
    _loaded(folder, name, index, {(one.__module__, one.__name__) for one in CLASSES[name]})
    path = folder / name / FILES[name]
    if not path.is_file():
        pickles = [one.name for pattern in PICKLES for one in path.parent.glob(pattern)]
        why = f"holds {pickles[0]}, and pickles are never read" if pickles else f"has no {path.name}"
        raise InputError(f"{path.parent}: {why}; allowed: safetensors, as save_pretrained writes them.")
    tensors, metadata = read_tensors(path)
    config = _section(MODELS[name][0], folder / name / "config.json")
    expected = json.loads(config.model_dump_json())
    if metadata.get("config", expected) != expected:
        raise InputError(f"{path}: was trained with another config than config.json has; export the pipeline again.")
    return restore(name, config, tensors, path)


def _error(path: Path, timesteps: int) -> Tensor:
    """An x_0 error for every timestep."""
    found = read_tensors(path)[0].get(ERROR, torch.empty(0))
    if found.shape != (timesteps,) or not found.isfinite().all() or (found < 0).any():
        raise InputError(f"{path}: allowed: {ERROR} of shape ({timesteps},), finite and not negative; export it again.")
    return found


def _loaded(folder: Path, name: str, index: dict[str, Any], allowed: set[tuple[str, str]]) -> type:
    """The class of a part, by its path.

    Raises:
        InputError: it is not one of those that may be loaded.
    """
    path = index.get(name)
    if not isinstance(path, list) or tuple(map(str, path)) not in allowed:
        known = " or ".join(sorted(".".join(one) for one in allowed))
        raise InputError(f"{folder / INDEX}: {name} is {path}; allowed: {known}.")
    found: type = getattr(import_module(path[0]), path[1])
    return found


def _walk(folder: Path, name: str, index: dict[str, Any], steps: int) -> tuple[Walk, DiffusionParams]:
    """How a model walks, and through which noise."""
    part = WALKS[name]
    found = _loaded(folder, part, index, {(module, scheduler) for module, scheduler, _ in SCHEDULERS.values()})
    path = folder / part / "scheduler_config.json"
    content = _read(path)
    try:
        sampler = sampler_of(found, content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    ratio = content.get("dynamic_thresholding_ratio", 0.0) if content.get("thresholding") else 0.0
    threshold = parse(Thresholding, {"ratio": ratio}, f"{path}: dynamic_thresholding").ratio
    return Walk(sampler, steps, threshold), _diffusion(content, path)


def _diffusion(content: dict[str, Any], path: Path) -> DiffusionParams:
    steps, kind = content.get("num_train_timesteps"), content.get("beta_schedule")
    if isinstance(steps, int) and steps > MOST_TIMESTEPS:
        raise InputError(f"{path}: num_train_timesteps {steps}; allowed: up to {MOST_TIMESTEPS:,}.")
    for schedule in ("cosine", "linear"):
        params = parse(DiffusionParams, {"steps": steps, "schedule": schedule}, str(path))
        if noise_of(params).items() <= content.items():
            return params
    raise InputError(f"{path}: beta_schedule {kind} is no noise of ours; export the pipeline again.")


def _section(section: type[Section], path: Path) -> Any:
    content = {key: value for key, value in _read(path).items() if not key.startswith("_")}
    return parse(section, content, str(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; save_pretrained writes it, and so does `dvc repro`.") from None
    except (OSError, RecursionError, ValueError) as error:
        raise InputError(f"{path}: not valid JSON: {error}.") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected names and values, found {type(content).__name__}.")
    return content

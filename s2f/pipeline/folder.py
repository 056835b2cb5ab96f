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

from safetensors.torch import save
from torch import nn

from s2f.diffusion.schedule import LINEAR
from s2f.diffusion.solvers import SCHEDULERS, UNBOUNDED, Walk
from s2f.models.encoders import ENCODERS
from s2f.models.face_decoder import FaceDecoder
from s2f.models.super_resolution import SuperResolution
from s2f.models.weights import MODELS, read_tensors, restore, save_weights
from s2f.params.base import Section, parse
from s2f.params.diffusion import DiffusionParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.pipeline.drawing import Drawing
from s2f.pipeline.parts import Parts, check_fit
from s2f.runtime import InputError, file_sha256, replace_file

INDEX, CLASS = "model_index.json", "SpeechToFacePipeline"
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
    first, last = (1000 / params.steps * beta for beta in LINEAR)
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
    walks = {name: _walk(folder, name, index) for name in WALKS}
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
        x_0_error={name: read_tensors(path)[0][ERROR] for name, path in errors.items()},
        sha256={name: file_sha256(path) for name, path in files.items()}
        | {f"{name} {ERROR}": file_sha256(path) for name, path in errors.items()},
    )
    check_fit(parts, folder)
    return parts, _drawing(folder / INDEX, index, {name: walk for name, (walk, _) in walks.items()})


def _model(folder: Path, name: str, index: dict[str, Any]) -> nn.Module:
    _loaded(folder, name, index, {(one.__module__, one.__name__) for one in CLASSES[name]})
    path = folder / name / FILES[name]
    if not path.is_file():
        pickles = [one.name for pattern in PICKLES for one in path.parent.glob(pattern)]
        why = f"holds {pickles[0]}, and pickles are never read" if pickles else f"has no {path.name}"
        raise InputError(f"{path.parent}: {why}; allowed: safetensors, as save_pretrained writes them.")
    tensors, _ = read_tensors(path)
    return restore(name, _section(MODELS[name][0], folder / name / "config.json"), tensors, path)


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


def _walk(folder: Path, name: str, index: dict[str, Any]) -> tuple[Walk, DiffusionParams]:
    """How a model walks, and through which noise."""
    part = WALKS[name]
    found = _loaded(folder, part, index, {(module, scheduler) for module, scheduler, _ in SCHEDULERS.values()})
    path = folder / part / "scheduler_config.json"
    content = _read(path)
    samplers = [
        sampler
        for sampler, (_, scheduler, own) in SCHEDULERS.items()
        if scheduler == found.__name__ and all(content.get(key, value) == value for key, value in own.items())
    ]
    steps = index.get("steps" if name == "face_decoder" else "super_resolution_steps")
    if not samplers or not isinstance(steps, int):
        raise InputError(f"{path}: no sampler of ours, or {folder / INDEX} has no steps; export the pipeline again.")
    threshold = content.get("dynamic_thresholding_ratio", 0.0) if content.get("thresholding") else 0.0
    return Walk(samplers[0], steps, threshold), _diffusion(content, path)


def _diffusion(content: dict[str, Any], path: Path) -> DiffusionParams:
    steps, kind = content.get("num_train_timesteps"), content.get("beta_schedule")
    for schedule in ("cosine", "linear"):
        params = parse(DiffusionParams, {"steps": steps, "schedule": schedule}, str(path))
        if noise_of(params).items() <= content.items():
            return params
    raise InputError(f"{path}: beta_schedule {kind} is no noise of ours; export the pipeline again.")


def _drawing(path: Path, index: dict[str, Any], walks: dict[str, Walk]) -> Drawing:
    numbers = [index.get(name) for name in ("guidance", "super_resolution_noise")]
    if not all(isinstance(number, int | float) for number in numbers):
        raise InputError(f"{path}: has no guidance or no super_resolution_noise; export the pipeline again.")
    guidance, noise = (float(number) for number in numbers if number is not None)
    return Drawing(guidance, walks["face_decoder"], walks["super_resolution"], noise)


def _section(section: type[Section], path: Path) -> Any:
    content = {key: value for key, value in _read(path).items() if not key.startswith("_")}
    return parse(section, content, str(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; save_pretrained writes it, and so does `dvc repro`.") from None
    except (UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{path}: not valid JSON: {error}.") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected names and values, found {type(content).__name__}.")
    return content

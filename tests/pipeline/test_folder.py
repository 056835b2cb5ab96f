import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler
from safetensors.torch import load_file, save_file

from s2f.diffusion.schedule import Schedule
from s2f.params.diffusion import DiffusionParams
from s2f.params.samplers import SAMPLERS
from s2f.pipeline import Drawing, SpeechToFacePipeline, Walk
from s2f.pipeline.folder import noise_of, write_folder
from s2f.pipeline.trained import read_trained
from s2f.runtime import InputError, file_sha256

WEIGHTS = "diffusion_pytorch_model.safetensors"


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_loaded_and_saved_again_is_the_same_bytes(tiny_pipeline: Path, tmp_path: Path) -> None:
    SpeechToFacePipeline.from_pretrained(tiny_pipeline, device="cpu").save_pretrained(tmp_path / "again")
    assert bytes_of(tmp_path / "again") == bytes_of(tiny_pipeline)


def test_its_weights_are_the_trained_ones_by_hash(tiny_models: Path, tiny_pipeline: Path) -> None:
    """So that a picture's record and a report name the same model."""
    trained = file_sha256(tiny_models / "face_decoder" / "weights.safetensors")
    assert file_sha256(tiny_pipeline / "face_decoder" / WEIGHTS) == trained
    loaded = SpeechToFacePipeline.from_pretrained(tiny_pipeline)
    assert loaded.models.sha256["face_decoder"] == trained and "face_decoder x_0_error" in loaded.models.sha256


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_how_it_draws_comes_back(tiny_models: Path, tmp_path: Path, sampler: str) -> None:
    drawing = Drawing(2.5, Walk(sampler, 7, 0.9), Walk(sampler, 3), 0.1)
    error = {"face_decoder": torch.ones(50, dtype=torch.float64)}
    write_folder(replace(read_trained(tiny_models), x_0_error=error), drawing, tmp_path)
    loaded = SpeechToFacePipeline.from_pretrained(tmp_path)
    assert loaded.drawing == drawing and loaded.models.diffusion == DiffusionParams(steps=50, schedule="cosine")
    assert torch.equal(loaded.models.x_0_error["face_decoder"], error["face_decoder"])
    assert "super_resolution" not in loaded.models.x_0_error


@pytest.mark.parametrize(
    ("sampler", "scheduler"),
    [
        ("dpmsolver++", DPMSolverMultistepScheduler),
        ("ddim", DPMSolverMultistepScheduler),
        ("unipc", UniPCMultistepScheduler),
        ("ancestral", DDPMScheduler),
    ],
)
def test_diffusers_reads_the_scheduler_with_our_noise(tiny_models: Path, tmp_path: Path, sampler, scheduler) -> None:
    trained = read_trained(tiny_models)
    write_folder(trained, Drawing(1.0, Walk(sampler, 7), Walk("ddim", 3), 0.0), tmp_path)
    read = scheduler.from_pretrained(tmp_path, subfolder="scheduler")
    torch.testing.assert_close(read.alphas_cumprod.double(), trained.schedule.alpha_bar, rtol=1e-4, atol=1e-7)
    assert read.config.prediction_type == "sample"  # this decoder's: the face itself
    assert scheduler.from_pretrained(tmp_path, subfolder="super_resolution_scheduler") is not None


def test_linear_noise_is_diffusers_linear_noise() -> None:
    params = DiffusionParams(steps=500, schedule="linear")
    told = noise_of(params)
    read = DDPMScheduler(**told)
    torch.testing.assert_close(read.alphas_cumprod.double(), Schedule(params).alpha_bar, rtol=1e-4, atol=1e-7)


def edit(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


class Bomb:
    def __reduce__(self) -> tuple:
        return (pytest.fail, ("a pickle was opened",))


def leave_a_pickle(folder: Path) -> None:
    (folder / "face_decoder" / WEIGHTS).unlink()
    (folder / "face_decoder" / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))


def disguise_a_pickle(folder: Path) -> None:
    (folder / "face_decoder" / WEIGHTS).write_bytes(pickle.dumps(Bomb()))


def contradict(folder: Path) -> None:
    edit(folder / "face_decoder" / "config.json", condition_dropout=0.3)


def claim(folder: Path, base_channels: int) -> None:
    """Another size, of weights that do not say their own."""
    save_file(load_file(folder / "face_decoder" / WEIGHTS), folder / "face_decoder" / WEIGHTS)
    edit(folder / "face_decoder" / "config.json", base_channels=base_channels)


def shrink_errors(folder: Path, **tensors: torch.Tensor) -> None:
    save_file(tensors, folder / "scheduler" / "x_0_error.safetensors")


def lose_a_tensor(folder: Path) -> None:
    path = folder / "super_resolution" / WEIGHTS
    tensors = load_file(path)
    tensors.pop("first.weight")
    save_file(tensors, path)


def shrink(folder: Path) -> None:
    path = folder / "super_resolution" / WEIGHTS
    save_file(load_file(path), path)
    edit(folder / "super_resolution" / "config.json", low_px=16, image_px=32)


HARM: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pickle": (leave_a_pickle, r"face_decoder: holds pytorch_model\.bin, and pickles are never read; allowed: safet"),
    "a pickle under another name": (disguise_a_pickle, r"not a safetensors file; pickled checkpoints .* never read"),
    "another config": (contradict, "was trained with another config than config.json has"),
    "a network no memory holds": (lambda folder: claim(folder, 3_200_000), "has shape"),
    "other shapes": (lambda folder: claim(folder, 16), r"tensor '[\w.]+' has shape \(.*\); its config asks for \(.*\)"),
    "a missing tensor": (lose_a_tensor, r"tensor 'first\.weight' is missing"),
    "other sizes": (shrink, "super_resolution enlarges 16 px, face_decoder draws 8"),
    "no index": (lambda folder: (folder / "model_index.json").unlink(), r"model_index\.json: no such file"),
    "no JSON": (lambda folder: (folder / "model_index.json").write_text("{"), r"model_index\.json: not valid JSON"),
    "a list": (lambda folder: (folder / "model_index.json").write_text("[]"), "expected names and values, found list"),
    "another pipeline": (
        lambda folder: edit(folder / "model_index.json", _class_name="StableDiffusionPipeline"),
        "is of a StableDiffusionPipeline; allowed: SpeechToFacePipeline",
    ),
    "foreign code": (
        lambda folder: edit(folder / "model_index.json", face_decoder=["os", "system"]),
        r"face_decoder is \['os', 'system'\]; allowed: s2f\.models\.face_decoder\.FaceDecoder",
    ),
    "an unknown scheduler": (
        lambda folder: edit(folder / "model_index.json", scheduler=["diffusers", "LCMScheduler"]),
        r"scheduler is \['diffusers', 'LCMScheduler'\]; allowed: diffusers\.DDPM",
    ),
    "other noise": (
        lambda folder: edit(folder / "scheduler" / "scheduler_config.json", num_train_timesteps=60),
        "know different noise",
    ),
    "noise of nobody": (
        lambda folder: edit(folder / "scheduler" / "scheduler_config.json", beta_schedule="sigmoid"),
        "beta_schedule sigmoid is no noise of ours",
    ),
    "an unknown key": (
        lambda folder: edit(folder / "face_decoder" / "config.json", surprise=1),
        "surprise",
    ),
    "no steps": (lambda folder: edit(folder / "model_index.json", steps=None), r"model_index\.json: steps"),
    "steps below 1": (lambda folder: edit(folder / "model_index.json", steps=-4), r"model_index\.json: steps"),
    "no guidance": (lambda folder: edit(folder / "model_index.json", guidance="much"), r"model_index\.json: guidance"),
    "guidance without end": (
        lambda folder: edit(folder / "model_index.json", guidance=float("nan")),
        r"model_index\.json: guidance",
    ),
    "noise beyond all": (
        lambda folder: edit(folder / "model_index.json", super_resolution_noise=7),
        r"model_index\.json: super_resolution_noise",
    ),
    "a schedule no memory holds": (
        lambda folder: edit(folder / "scheduler" / "scheduler_config.json", num_train_timesteps=10**13),
        "num_train_timesteps 10000000000000; allowed: up to 100,000",
    ),
    "an odd threshold": (
        lambda folder: edit(
            folder / "scheduler" / "scheduler_config.json", thresholding=True, dynamic_thresholding_ratio=5
        ),
        r"dynamic_thresholding\.ratio: input should be less",
    ),
    "another walk": (
        lambda folder: edit(folder / "scheduler" / "scheduler_config.json", use_karras_sigmas=True),
        "scheduler DPMSolverMultistepScheduler with use_karras_sigmas True; allowed: False",
    ),
    "errors of another name": (
        lambda folder: shrink_errors(folder, other=torch.ones(50)),
        r"x_0_error of shape \(50,\)",
    ),
    "errors of another length": (
        lambda folder: shrink_errors(folder, x_0_error=torch.ones(3, 2)),
        r"x_0_error of shape \(50,\)",
    ),
    "errors that are none": (
        lambda folder: shrink_errors(folder, x_0_error=torch.full((50,), torch.nan)),
        "finite and not negative",
    ),
    "JSON without a ground": (
        lambda folder: (folder / "model_index.json").write_text("[" * 100_000),
        "not valid JSON",
    ),
}


@pytest.mark.parametrize("kind", HARM)
def test_what_cannot_be_loaded_is_one_sentence(tiny_pipeline: Path, tmp_path: Path, kind: str) -> None:
    harm, sentence = HARM[kind]
    shutil.copytree(tiny_pipeline, tmp_path / "pipeline")
    harm(tmp_path / "pipeline")
    with pytest.raises(InputError, match=sentence) as caught:
        SpeechToFacePipeline.from_pretrained(tmp_path / "pipeline")
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder; `dvc repro` writes one"):
        SpeechToFacePipeline.from_pretrained(tmp_path / "nothing")


def test_without_variances_the_analytic_sampler_is_refused(tiny_models: Path, spoken) -> None:
    drawing = Drawing(1.0, Walk("dpmsolver++", 8), Walk("ddim", 4), 0.0)
    pipeline = SpeechToFacePipeline(read_trained(tiny_models), drawing, "cpu")
    with pytest.raises(InputError, match=r"carry no variances; set generation.variance_pictures above 0"):
        pipeline(spoken, 16_000, scheduler="analytic")

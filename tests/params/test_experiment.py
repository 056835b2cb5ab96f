"""What one section asks of another, and the numbers that params and code must agree on."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2f.cli.generate import generate
from s2f.dataset import schemas
from s2f.faces import anthropometry, arcface
from s2f.params.base import ParamsError
from s2f.params.evaluation import MEASURES
from s2f.params.experiment import read_experiment
from s2f.params.face_models import EMBEDDING, SAMPLE_PACK, FaceModelsParams, is_own
from s2f.params.spectrogram import TABLE_SHAPE
from s2f.sample import law

ROOT = Path(__file__).parents[2]
Edit = Callable[[str, Any], Path]
NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("speech_encoder.embedding", 256, "speech_encoder.embedding 256 is not ArcFace's; allowed: 512"),
        ("face_decoder.embedding", 256, "face_decoder.embedding 256 is not ArcFace's; allowed: 512"),
        ("super_resolution.embedding", 256, "super_resolution.embedding 256 is not ArcFace's; allowed: 512"),
        ("super_resolution.image_px", 256, "super_resolution.image_px 256 is not the size of the portraits"),
        ("spectrogram.fft", 1024, "spectrogram makes (598, 513, 2) of a clip; allowed: sample_rate, clip_seconds"),
        ("spectrogram.clip_seconds", 3.0, "that make (598, 257, 2)"),
        ("speech_faces.test_share", 0.0, "test_share 0 leaves nothing to test on; allowed: above 0, or 0 with a"),
        ("speech_faces.validation_share", 0.0, "validation_share: input should be greater than 0 (found 0.0)"),
        ("generation.super_resolution_noise", 0.9, "0.9 is more than was trained; allowed: 0 to super_resolution."),
        ("generation.guidance", [0, 1, 1.0], "generation.guidance [0.0, 1.0, 1.0] holds a w twice"),
        ("generation.guidance", [0, 1, -0.0], "holds a w twice"),
        ("generation.guidance", [0, 1, 1e-9], "holds a w twice"),
        ("generation.guidance", [0, 1, 1e39], "1e+39"),
        ("generation.guidance", [0, 1, NAN], "generation.guidance.2: input should be a finite number (found nan)"),
        ("generation.super_resolution_steps", 3000, "allowed: 1 to diffusion.steps, 2000"),
        ("super_resolution_training.learning_rate", INFINITY, "learning_rate: input should be a finite number"),
        ("evaluation.recall_at", [5, 1], "recall_at [5, 1] does not rise from 1 or more; allowed: such as [1, 5, 10]"),
        ("evaluation.recall_at", [1, 5, 5], "recall_at [1, 5, 5] does not rise"),
        ("evaluation.recall_at", [0, 5], "recall_at [0, 5] does not rise from 1 or more"),
        ("evaluation.tied_measures", ["chin"], "evaluation.tied_measures.0: input should be 'upper_lip_height', "),
        ("evaluation.free_measures", ["jaw_width"], "free_measures names jaw_width, which tied_measures claims"),
        ("super_resolution_training.crop_px", 60, "crop_px 60 does not fit; allowed: 0, or a multiple of 8 up to"),
        ("face_decoder.prediction", "v", "shortcut_ridge 0.1 starts from a picture, prediction is v; "),
        ("super_resolution.prediction", "v", "prediction is v; allowed: with x0 alone"),
        ("speech_encoder_training.crop_frames", 100, "crop_frames 100 is too short; allowed: 0, or 259 and more"),
        ("speech_encoder_training.crop_frames", 999, "crop_frames 999 is more than a clip has; allowed: 0 to 598"),
        ("face_decoder.condition_dropout", 0, "teaches no null condition, which generation.guidance [0.0, 1.0, "),
        ("face_decoder.groups", 5, "groups 5 does not divide 32 channels"),
        ("face_decoder.heads", 5, "heads 5 does not divide 32 channels"),
        ("face_decoder.image_px", 30, "image_px 30 is not a multiple of 4, which its levels need"),
        ("super_resolution.heads", 3, "heads 3 does not divide 8 channels"),
        ("super_resolution.image_px", 100, "image_px 100 is not a multiple of 8, which its levels need"),
        ("face_decoder.embedding", 0, "face_decoder.embedding: input should be greater than 0 (found 0)"),
        (
            "launch",
            "python; rm -rf data",
            "launch 'python; rm -rf data' starts no training; allowed: python, or torchrun",
        ),
        ("launch", "bash", "launch 'bash' starts no training"),
        ("launch", "python -m pip install x", "starts no training"),
        ("launch", "torchrun x.py", "starts no training"),
        ("launch", "torchrun --nproc-per-node 2 --module evil", "starts no training"),
        ("launch", "torchrun --log-dir x.py", "starts no training"),
        ("launch", "torchrun --no-python evil", "starts no training"),
        ("launch", "accelerate launch --num_processes 0", "starts no training"),
        ("launch", "accelerate launch --use_deepspeed --num_processes 2", "starts no training"),
        ("launch", "accelerate launch --num_processes 2 --dynamo_backend inductor", "starts no training"),
        (
            "launch",
            "torchrun --nproc-per-node 3",
            "speech_encoder_training.batch 16 cannot be shared by 3 processes, which launch starts; allowed: a mul",
        ),
        (
            "speech_encoder_training.start_from",
            "w.safetensors",
            "start_from w.safetensors: speech2face starts from noth",
        ),
        ("face_decoder.attributes", ["age", "age"], "attributes ['age', 'age'] holds one twice"),
        (
            "face_models.age_gender",
            "models/genderage",
            "pack's name, such as buffalo_l, or inaFaceAnalyzer (found 'mod",
        ),
        (
            "face_models.age_gender",
            "inafaceanalyzer",
            "such as buffalo_l, or inaFaceAnalyzer (found 'inafaceanalyzer')",
        ),
        ("face_models.arcface", "inaFaceAnalyzer", "pack's name, such as buffalo_l (found 'inaFaceAnalyzer')"),
        ("evaluation.tiny_face_px", -1, "tiny_face_px: input should be greater than or equal to 0 (found -1)"),
    ],
)
def test_what_would_fail_hours_later_is_one_sentence_now(edited: Edit, key: str, value: Any, words: str) -> None:
    with pytest.raises(ParamsError) as caught:
        read_experiment(edited(key, value))
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["sampler", "super_resolution_sampler"])
def test_analytic_walks_need_variances(edited: Edit, key: str) -> None:
    path = edited(f"generation.{key}", "analytic")
    read_experiment(path)
    path.write_text(path.read_text().replace("variance_pictures: 16", "variance_pictures: 0", 1))
    with pytest.raises(ParamsError, match=r"variance_pictures 0 measures no variances, .*; allowed: above 0, or anoth"):
        read_experiment(path)


def test_what_users_draw_by_default_needs_a_null_condition_too(edited: Edit) -> None:
    path = edited("face_decoder.condition_dropout", 0)
    text = re.sub(r"(?m)^  guidance: \[.*$", "  guidance: [0]", path.read_text())
    text = re.sub(r"(?m)^  guidance: 1$", "  guidance: 0", text)
    path.write_text(text)
    with pytest.raises(ParamsError, match=r"generation\.guidance \[0\.0\] or default_guidance 1\.0 needs"):
        read_experiment(path)
    path.write_text(text.replace("default_guidance: 1", "default_guidance: 0", 1))
    read_experiment(path)


@pytest.mark.parametrize("model", ["face_decoder", "super_resolution"])
@pytest.mark.parametrize("key", ["channel_multiples", "blocks"])
def test_no_level_of_a_u_net_is_empty(edited: Edit, model: str, key: str) -> None:
    levels = len(getattr(getattr(read_experiment(ROOT / "params.yaml"), model), key))
    with pytest.raises(ParamsError, match=rf"{model}: {key} \[0.*\] is not all 1 or more"):
        read_experiment(edited(f"{model}.{key}", [0] * levels))


def test_an_odd_number_of_channels_has_no_sines_and_cosines(edited: Edit) -> None:
    path = edited("face_decoder.base_channels", 9)
    path.write_text(re.sub(r"(heads|groups): \d+", r"\1: 1", path.read_text()))
    with pytest.raises(ParamsError, match=r"face_decoder: base_channels 9 is odd; allowed: even"):
        read_experiment(path)


def test_what_is_not_known_has_a_token_that_is_learnt(edited: Edit) -> None:
    path = edited("face_decoder.attributes", ["age"])
    read_experiment(path)
    path.write_text(path.read_text().replace("attribute_dropout: 0.5", "attribute_dropout: 0.0", 1))
    with pytest.raises(
        ParamsError, match=r"attribute_dropout 0\.0 teaches no token of what is not known.*; allowed: abo"
    ):
        read_experiment(path)


def test_groups_divide_what_the_first_convolution_makes_too(edited: Edit) -> None:
    path = edited("face_decoder.channel_multiples", [2, 4, 6])
    path.write_text(path.read_text().replace("base_channels: 32", "base_channels: 8", 1))
    with pytest.raises(ParamsError, match="face_decoder: groups 16 does not divide 8 channels, base_channels"):
        read_experiment(path)


@pytest.mark.parametrize("name", ["params.yaml", "params.small.yaml", "params.paper.yaml"])
def test_what_is_drawn_by_default_is_what_the_report_judges(name: str) -> None:
    params = read_experiment(ROOT / name)
    assert params.generation.default_guidance == params.evaluation.guidance
    assert params.generation.default_guidance in params.generation.guidance
    for option in ("guidance", "steps", "scheduler"):  # the command has none of its own
        assert inspect.signature(generate).parameters[option].default is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("super_resolution.embedding", 0),
        ("evaluation.recall_at", [3]),
        ("face_models.arcface", "buffalo_l"),
        ("generation.super_resolution_noise", 0.0),
    ],
)
def test_what_fits_is_not_refused(edited: Edit, key: str, value: Any) -> None:
    read_experiment(edited(key, value))


def test_params_and_tables_know_the_same_numbers() -> None:
    assert EMBEDDING == schemas.EMBEDDING == arcface.EMBEDDING
    assert TABLE_SHAPE == schemas.SPECTROGRAM_SHAPE
    assert MEASURES == anthropometry.MEASURES


def test_the_samples_params_claim_what_its_law_says() -> None:
    evaluation = read_experiment(ROOT / "params.yaml").evaluation
    assert evaluation.tied_measures == law.TIED_MEASURES
    assert evaluation.free_measures == law.FREE_MEASURES


def test_only_the_samples_pack_is_this_projects_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert is_own(f"{SAMPLE_PACK}/arcface.onnx") and is_own(str(ROOT / SAMPLE_PACK / "genderage.onnx"))
    assert not is_own("models/w600k_r50.onnx") and not is_own("buffalo_l")
    assert not is_own(f"{SAMPLE_PACK}/../../../w600k_r50.onnx")


@pytest.mark.parametrize(
    ("arcface", "age_gender", "told"),
    [
        (f"{SAMPLE_PACK}/arcface.onnx", f"{SAMPLE_PACK}/genderage.onnx", []),
        (f"{SAMPLE_PACK}/arcface.onnx", "inaFaceAnalyzer", ["inaFaceAnalyzer is MIT-licensed", "dlib's usual"]),
        (f"{SAMPLE_PACK}/arcface.onnx", "buffalo_l", ["insightface's published weights"]),
        (
            "buffalo_l",
            "inaFaceAnalyzer",
            ["insightface's published", "inaFaceAnalyzer is MIT-licensed", "dlib's usual"],
        ),
        ("models/w600k_r50.onnx", "m/antelopev2/any.onnx", ["insightface's published weights"]),
        ("edgeface_xs.onnx", "buffalo_l", ["insightface's published weights", "edgeface_xs.onnx: the licence is the"]),
        ("a/x.onnx", "b/y.onnx", ["x.onnx: the licence is the file's owner's", "y.onnx: the licence is the file's"]),
    ],
)
def test_each_judge_is_accepted_and_told_of_under_its_own_terms(arcface: str, age_gender: str, told: list[str]) -> None:
    params = FaceModelsParams(detector_score=0.5, arcface=arcface, age_gender=age_gender)
    found = params.licences()
    assert len(found) == len(told) and all(one.startswith(words) for one, words in zip(found, told, strict=True))


@pytest.mark.parametrize(
    ("launch", "count"),
    [("python", 1), ("torchrun --nproc-per-node 2", 2), ("torchrun --nproc_per_node=4 --standalone", 4),
     ("accelerate launch --num_processes 8 --mixed_precision no", 8), ("accelerate launch", None),
     ("torchrun --nnodes 2 --nproc-per-node 8 --rdzv-id job-7 --rdzv-endpoint gpu-node-01:29500", 16),
     ("torchrun --nnodes 1:4 --nproc-per-node 2", None), ("torchrun --nproc-per-node gpu", None), ("torchrun", 1),
     ("accelerate launch --config_file conf/eight-gpus.yaml --num-machines 2 --num-processes 8", 8)],
)  # fmt: skip
def test_how_trainings_are_started_says_how_many_share_a_batch(edited: Edit, launch: str, count: int) -> None:
    assert read_experiment(edited("launch", launch)).processes == count

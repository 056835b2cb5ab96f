import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2f.params.base import ParamsError, read_section, read_seed
from s2f.params.experiment import read_experiment
from s2f.params.generation import GenerationParams

ROOT = Path(__file__).parents[2]
SAMPLE, SMALL, PAPER = (ROOT / f"params{scale}.yaml" for scale in ("", ".small", ".paper"))
Edit = Callable[[str, Any], Path]


@pytest.mark.parametrize("path", [SAMPLE, SMALL, PAPER], ids=lambda path: path.name)
def test_shipped_params_fit(path: Path) -> None:
    read_experiment(path)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("generation.stepz", 3, "generation.stepz: no such parameter"),
        ("generation.steps", "20", "generation.steps: input should be a valid integer (found '20')"),
        ("generation.steps", True, "generation.steps"),
        (
            "generation.steps",
            3000,
            "generation.steps 3000 is more than was trained; allowed: 1 to diffusion.steps, 2000",
        ),
        ("generation.steps", ..., "generation.steps: missing"),
        ("generation.sampler", "euler", "'unipc', 'ddim', 'ancestral' or 'analytic' (found 'euler')"),
        ("generation", 3, "generation"),
        ("seed", -1, "seed"),
        ("face_decoder.heads", 5, "heads 5 does not divide"),
        ("face_decoder.attention_at", [3], "attention_at 3 is no level's downsampling factor; allowed: [1, 2, 4]"),
        ("face_decoder.blocks", [1], "channel_multiples has 3 levels and blocks 1"),
        ("face_decoder.image_px", 64, "super_resolution.low_px 32 is not what face_decoder draws"),
        ("face_decoder.image_px", 33, "image_px 33 is not a multiple of 4"),
        ("face_decoder.condition_tokens", 1, "condition_tokens"),
        ("portraits.face_px", 64, "is not the size of the portraits"),
        ("spectrogram.fft", 256, "fft 256 is shorter than window 400"),
        ("speech_faces.url", "https://example.org/", "url does not contain {youtube_id}"),
        ("speech_faces.test_share", 0.95, "leave nothing to train on"),
        ("speech_faces.max_height", 72, "max_height: input should be greater than or equal to 144 (found 72)"),
        ("speech_faces.fetch_attempts", 3, "speech_faces.fetch_attempts: no such parameter"),
        ("fetching.attempts", 0, "fetching.attempts: input should be greater than 0 (found 0)"),
        ("fetching.videos_per_hour", 0, "fetching.videos_per_hour"),
        ("fetching.jitter", 1.5, "fetching.jitter"),
        ("fetching.parallel", 0, "fetching.parallel"),
        ("fetching.cool_downs", -1, "fetching.cool_downs"),
        ("fetching.cool_down_minutes", 0, "fetching.cool_down_minutes"),
        (
            "fetching.extractor_args",
            {"youtube": {"player_client": "web"}},
            "fetching.extractor_args.youtube.player_client",
        ),
        ("fetching.proxy", "ftp://host:1", "fetching: proxy is not an address with one of the schemes http, socks4"),
        ("fetching.proxy", "socks5://", "allowed: null, or for example socks5h://user:password@proxy.example.org:1080"),
        ("speech_encoder_training.betas", [0.9, 1.0], "betas [0.9, 1.0] are not both in [0, 1)"),
        ("evaluation.guidance", 9, "allowed: one of generation.guidance, [0.0, 1.0, 2.0, 3.0, 4.0]"),
        ("face_models.arcface_sha256", "beef", "face_models.arcface_sha256"),
    ],
)
def test_what_does_not_fit_is_one_sentence(edited: Edit, key: str, value: Any, words: str) -> None:
    path = edited(key, value)
    with pytest.raises(ParamsError) as caught:
        read_experiment(path)
    sentence = str(caught.value)
    assert words in sentence
    assert sentence.startswith(str(path))
    assert "\n" not in sentence


@pytest.mark.parametrize("text", ["a: [1", "- a list", "", "\xff"])
def test_a_broken_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ParamsError) as caught:
        read_experiment(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_file_says_which(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="no such file"):
        read_experiment(tmp_path / "params.yaml")


def test_numbers_mean_what_they_mean_to_dvc(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(re.sub(r"learning_rate: \S+", "learning_rate: 4e-3", SAMPLE.read_text()))
    assert read_experiment(path).speech_encoder_training.learning_rate == 0.004


def test_one_section_is_read_without_the_others(edited: Edit) -> None:
    path = edited("face_decoder.heads", 5)
    assert read_section(path, "generation", GenerationParams).samples > 0
    assert read_seed(path) == 7


def test_sections_cannot_change_after_reading() -> None:
    experiment = read_experiment(SAMPLE)
    with pytest.raises(ValueError, match="frozen"):
        experiment.generation.steps = 3  # type: ignore[misc]

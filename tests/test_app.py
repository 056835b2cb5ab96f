"""The web page, served for real on this machine and asked over HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from s2f.app import AS_HEARD, make_page
from s2f.audio.speech import encode_flac
from s2f.models.face_decoder import FaceDecoder
from s2f.pipeline import STATEMENT, SpeechToFacePipeline

RATE = 16_000


@pytest.fixture(scope="module")
def client(tiny_pipeline: Path) -> Iterator[Client]:
    page = make_page(SpeechToFacePipeline.from_pretrained(tiny_pipeline, device="cpu"))
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", share=False)
    yield Client(url, verbose=False)
    page.close()


@pytest.fixture
def voice(tmp_path: Path, spoken: np.ndarray) -> Path:
    return write_sound(tmp_path / "voice.flac", spoken)


def write_sound(path: Path, sound: np.ndarray) -> Path:
    path.write_bytes(encode_flac(sound, RATE))
    return path


def draw(client: Client, sound: Path, seed: int | None = 0) -> tuple[np.ndarray, list[np.ndarray]]:
    heard, gallery = client.predict(handle_file(str(sound)), 1, 3, seed, None, AS_HEARD, api_name="/draw")
    return np.asarray(Image.open(heard)), [np.asarray(Image.open(face["image"])) for face in gallery]


def test_a_voice_becomes_as_many_faces_as_asked_for(client: Client, voice: Path) -> None:
    heard, faces = draw(client, voice)
    assert heard.shape == (257, 598, 3)
    assert [face.shape for face in faces] == [(16, 16, 3)] * 3
    assert not np.array_equal(faces[0], faces[1])


def test_a_seed_draws_the_same_faces_again(client: Client, voice: Path) -> None:
    (_, first), (_, again), (_, other) = draw(client, voice), draw(client, voice), draw(client, voice, seed=1)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_an_emptied_seed_is_seed_0(client: Client, voice: Path) -> None:
    (_, first), (_, emptied) = draw(client, voice), draw(client, voice, seed=None)
    np.testing.assert_array_equal(first, emptied)


@pytest.mark.parametrize("name", ["silence.flac", "noise.flac", "text.wav"])
def test_what_cannot_be_heard_is_refused_without_naming_folders(client: Client, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    loudness = {"silence.flac": 1e-5, "noise.flac": 0.1}.get(name)
    noise = np.random.default_rng(0).normal(size=2 * RATE).clip(-3, 3)
    path.write_text("no sound") if loudness is None else write_sound(path, loudness * noise)
    with pytest.raises(AppError) as caught:
        client.predict(handle_file(str(path)), 1, 3, 0, None, AS_HEARD, api_name="/draw")
    assert "the recording" in str(caught.value)
    assert "/" not in str(caught.value)


def test_the_page_says_what_a_face_from_a_voice_is_and_whose_weights_may_be_in_it(client: Client) -> None:
    shown = [part["props"].get("value") for part in client.config["components"] if part["type"] == "markdown"]
    assert STATEMENT in shown[0] and STATEMENT in shown[-1]
    assert "non-commercial research only" in shown[-1]


def test_age_and_gender_are_asked_for_where_the_decoder_knows_them(tiny_pipeline: Path) -> None:
    pipeline = SpeechToFacePipeline.from_pretrained(tiny_pipeline)

    def shown() -> set[str]:
        parts = make_page(pipeline).config["components"]
        labels = {part["props"].get("label"): part["props"].get("visible") for part in parts}
        return {label.split()[0] for label, visible in labels.items() if label and visible is not False}

    assert not shown() & {"Age", "Gender"}
    config = pipeline.models.face_decoder.config.model_copy(update={"attributes": ("age",)})
    pipeline.models = replace(pipeline.models, face_decoder=FaceDecoder(config))
    assert shown() & {"Age", "Gender"} == {"Age"}

"""The page's events, asked over HTTP as its own JavaScript asks them."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from s2f.app.page import AS_HEARD, make_page
from s2f.audio.speech import encode_flac
from s2f.models.face_decoder import FaceDecoder
from s2f.pipeline import STATEMENT, SpeechToFacePipeline

RATE = 16_000


@pytest.fixture(scope="module")
def client(tiny_pipeline: Path, voice: Path) -> Iterator[Client]:
    page = make_page(SpeechToFacePipeline.from_pretrained(tiny_pipeline, device="cpu"), [voice]).queue()
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", share=False)
    yield Client(url, verbose=False)
    page.close()


def draw(client: Client, sound: Path, guidance: float = 1, number: int = 3, kept: Any = ()) -> tuple[str, list, Any]:
    said, gallery, zipped = client.predict(
        handle_file(str(sound)), guidance, number, list(kept), None, AS_HEARD, api_name="/draw"
    )
    faces = [(np.asarray(Image.open(face["image"])).astype(int), face["caption"]) for face in gallery]
    return said, faces, zipped


def test_a_voice_becomes_as_many_faces_as_asked_for_and_a_file_to_keep(client: Client, voice: Path) -> None:
    said, faces, zipped = draw(client, voice)
    assert "3 faces" in said and "identifies nobody" in said and 'role="status"' in said
    assert [face.shape for face, _ in faces] == [(16, 16, 3)] * 3
    assert len({caption for _, caption in faces}) == 3
    with zipfile.ZipFile(zipped["value"] if isinstance(zipped, dict) else zipped) as archive:
        about = json.loads(archive.read("faces.json"))
        assert about["statement"] == STATEMENT and len(about["pictures"]) == 3
        for (face, caption), picture in zip(faces, about["pictures"], strict=True):
            assert caption == f"seed {picture['seed']}, w = 1"
            assert np.array_equal(np.asarray(Image.open(archive.open(picture["file"]))), face)


def test_kept_seeds_draw_the_same_faces_again_and_others_are_new(client: Client, voice: Path) -> None:
    _, first, _ = draw(client, voice)
    seed = first[1][1].split()[1].rstrip(",")
    _, again, _ = draw(client, voice, kept=[seed])
    assert again[0][1] == first[1][1] and np.abs(again[0][0] - first[1][0]).max() <= 1
    assert again[1][1] not in {caption for _, caption in first}
    _, guided, _ = draw(client, voice, guidance=4, number=1, kept=[seed])
    assert guided[0][1] == f"seed {seed}, w = 4"


def test_a_strip_shows_one_seed_at_every_guidance(client: Client, voice: Path) -> None:
    said, strip = client.predict(handle_file(str(voice)), ["77"], None, None, AS_HEARD, api_name="/strip")
    assert "Seed 77 at w = 0 to 4" in said
    assert [face["caption"] for face in strip] == [f"w = {w}" for w in range(5)]


def test_what_was_dropped_is_heard_at_once(client: Client, voice: Path) -> None:
    picture, said = client.predict(handle_file(str(voice)), api_name="/hear")
    assert np.asarray(Image.open(picture)).shape == (257, 598, 3) and "A voice is heard" in said


def bad(path: Path, kind: str) -> Path:
    noise = np.random.default_rng(0).normal(size=2 * RATE).clip(-3, 3)
    if kind == "text":
        path.write_text("no sound")
    else:
        path.write_bytes(encode_flac(noise * {"silence": 1e-5, "noise": 0.1}[kind], RATE))
    return path


@pytest.mark.parametrize("kind", ["silence", "noise", "text"])
def test_what_cannot_be_heard_is_refused_without_naming_folders(client: Client, tmp_path: Path, kind: str) -> None:
    path = bad(tmp_path / f"{kind}.wav", kind)
    with pytest.raises(AppError) as caught:
        draw(client, path)
    assert "the recording" in str(caught.value) and "/" not in str(caught.value)
    picture, said = client.predict(handle_file(str(path)), api_name="/hear")
    assert picture is None and "the recording" in said


def test_a_seed_that_is_none_is_one_sentence(client: Client, voice: Path) -> None:
    with pytest.raises(AppError, match=r"seed '-1'; allowed: whole numbers"):
        draw(client, voice, kept=["-1"])


def test_the_page_says_what_a_face_from_a_voice_is_and_what_becomes_of_a_recording(client: Client) -> None:
    shown = [part["props"].get("value") for part in client.config["components"] if part["type"] == "markdown"]
    assert STATEMENT in shown[0] and STATEMENT in shown[-1] and "non-commercial research only" in shown[-1]
    assert "up to 25 MB and 2 minutes" in shown[1] and "deleted after 15 minutes" in shown[1]
    assert client.config["analytics_enabled"] is False


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

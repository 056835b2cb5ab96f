from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from s2f.app import studio
from s2f.audio.speech import encode_flac
from s2f.pipeline import SpeechToFacePipeline
from s2f.runtime import InputError

RATE = 16_000


@pytest.fixture(scope="module")
def pipeline(tiny_pipeline: Path) -> SpeechToFacePipeline:
    return SpeechToFacePipeline.from_pretrained(tiny_pipeline, device="cpu")


def test_faces_come_coarse_first_and_are_enlarged_one_part_after_the_other(
    pipeline: SpeechToFacePipeline, voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s2f.pipeline.pixels.AT_ONCE", 2 * 16 * 16)
    speech = studio.hear(pipeline, voice)
    drawn = studio.draw(pipeline, speech, [1, 2, 3], [0.0, 1.0, 2.0])
    steps = [[np.asarray(face.image) for face in faces] for faces in drawn]
    assert len(steps) == 3 and {face.shape for faces in steps for face in faces} == {(16, 16, 3)}
    changed = [[not np.array_equal(*pair) for pair in zip(*both, strict=True)] for both in pairwise(steps)]
    assert changed == [[True, True, False], [False, False, True]]


def test_the_guidance_of_each_face_is_its_own(pipeline: SpeechToFacePipeline, voice: Path) -> None:
    speech = studio.hear(pipeline, voice)
    *_, together = studio.draw(pipeline, speech, [5, 5], [0.0, 4.0])
    *_, alone = studio.draw(pipeline, speech, [5], [4.0])
    assert np.abs(np.asarray(together[1].image).astype(int) - np.asarray(alone[0].image)).max() <= 1
    assert [face.caption for face in together] == ["seed 5, w = 0", "seed 5, w = 4"]


def test_one_visitor_may_not_keep_the_others_waiting(
    pipeline: SpeechToFacePipeline, voice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio, "DRAW_SECONDS", 0)
    with pytest.raises(InputError, match="longer than 0 s; ask for fewer faces"):
        list(studio.draw(pipeline, studio.hear(pipeline, voice), [1], [1.0]))


def test_a_recording_that_is_too_long_is_refused(
    pipeline: SpeechToFacePipeline, spoken: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "lecture.flac"
    path.write_bytes(encode_flac(np.resize(spoken, 121 * RATE), RATE))
    with pytest.raises(InputError, match="the recording: longer than 2 minutes"):
        studio.hear(pipeline, path)
    path.write_bytes(encode_flac(np.resize(spoken, 119 * RATE), RATE))
    assert studio.hear(pipeline, path).shape == (1, 6 * RATE)


def test_seeds_are_kept_in_order_and_filled_up() -> None:
    seeds = studio.choose_seeds(["7", "0"], 4)
    assert seeds[:2] == [7, 0] and len(set(seeds)) == 4 and max(seeds) < studio.SEEDS
    assert studio.choose_seeds(["7", "8"], 1) == [7, 8]
    assert studio.choose_seeds([f"{2**63 - 1}"], 1) == [2**63 - 1]  # what `s2f generate` may write beside a face
    for wrong in ("", "x", "1.5", "٣", "9" * 30):
        with pytest.raises(InputError, match="allowed: whole numbers"):
            studio.choose_seeds([wrong], 2)


def test_the_spectrogram_is_a_picture_whatever_is_heard(pipeline: SpeechToFacePipeline) -> None:
    assert studio.spectrogram_picture(pipeline, torch.zeros(1, 6 * RATE)).max() == 0

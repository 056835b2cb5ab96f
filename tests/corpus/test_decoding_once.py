"""No frame is decoded twice, and no clip is read twice: counted by what is started and taken, with the real ffmpeg."""

import re
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from s2f.corpus import clip_rows
from s2f.corpus.clip_rows import ClipRows
from s2f.corpus.cliplist import Clip
from s2f.corpus.plan import Item
from s2f.faces.detect import FaceDetector
from s2f.media.failures import Failure
from s2f.params.face_models import FaceModelsParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams

FPS, SEARCH_S = 5.0, 2.0


@pytest.fixture(scope="module")
def rows(film_folder, embedder, fetching):
    params = SpeechFacesParams(
        source=str(film_folder), clip_list="", url="file:{source}/videos/{youtube_id}.mp4", min_seconds=1.0,
        face_search_seconds=SEARCH_S, face_search_fps=FPS, max_centre_distance=0.2, face_px=64, face_margin=2.0,
        validation_share=0.1, test_share=0.1, shard_clips=10, workers=1, max_height=720,
    )  # fmt: skip
    sound = SpectrogramParams(sample_rate=16000, clip_seconds=6.0, window=400, hop=160, fft=512, compression=0.3)
    models = FaceModelsParams(detector_score=0.5, arcface=str(embedder), age_gender="none.onnx")
    return ClipRows(params, sound, models, fetching(), Path("never fetched"))


@pytest.fixture(scope="module")
def long_film(tmp_path_factory, film, face):
    """A folder with two minutes of one face, of which sections are worth fetching."""
    folder, rng = tmp_path_factory.mktemp("served"), np.random.default_rng(0)
    noisy = [np.clip(face(1) + rng.normal(0, 20, (160, 160, 1)), 0, 255).astype(np.uint8) for _ in range(60)]
    film(folder / "long.mp4", *noisy * 20, seconds=120.0)
    return folder


@pytest.fixture
def work(monkeypatch):
    """Counts by kind: ffmpegs that decode a picture or sound, copy packets or encode speech; frames taken and seen."""
    counted = Counter()

    class Process(subprocess.Popen):
        def __init__(self, command, *arguments, **named):
            if Path(command[0]).name.startswith("ffmpeg"):
                counted[kind_of(command)] += 1
            super().__init__(command, *arguments, **named)

    def frames(section, *arguments):
        for frame_s, frame in read_frames(section, *arguments):
            counted["frames"] += 1
            counted["frames again"] += (section, frame_s) in taken
            taken.add((section, frame_s))
            yield frame_s, frame

    def detect(self, image):
        counted["looks"] += 1
        return look(self, image)

    taken, read_frames, look = set(), clip_rows.read_frames, FaceDetector.detect
    monkeypatch.setattr(subprocess, "Popen", Process)
    monkeypatch.setattr(clip_rows, "read_frames", frames)
    monkeypatch.setattr(FaceDetector, "detect", detect)
    return counted


def kind_of(command):
    """What an ffmpeg of this command does."""
    if "framecrc" in command and "copy" in command:
        return "copies packets"
    streams = re.findall(r"\[0:([aV]):0\]|(?<=-map )0:([aV]):0", " ".join(command))
    assert len(streams) == 1, command
    return {"a": "decodes sound", "V": "decodes pictures"}["".join(streams[0])]


def test_of_a_clip_sound_and_pictures_are_decoded_once_and_no_further_than_the_first_face(rows, work):
    [outcome] = rows.build([Item(Clip("later", 0.0, 2.0))])
    assert outcome.end["frame_s"] == pytest.approx(1.0)
    looked_at = 1 + round(1.0 * FPS)
    once = {"decodes sound": 1, "decodes pictures": 1}
    assert +work == Counter(once | {"frames": looked_at, "looks": looked_at})


def test_where_no_face_comes_every_frame_is_looked_at_once_and_nothing_is_encoded(rows, work):
    [outcome] = rows.build([Item(Clip("room", 0.0, 2.0))])
    assert isinstance(outcome.end, Failure)
    frames = round(SEARCH_S * FPS)
    assert +work == Counter({"decodes sound": 1, "decodes pictures": 1, "frames": frames, "looks": frames})


def test_of_a_clip_without_sound_no_picture_is_decoded(rows, work):
    [outcome] = rows.build([Item(Clip("silent", 0.0, 2.0))])
    assert outcome.end.reason == "no_audio"
    assert +work == Counter({"decodes sound": 1})


def test_clips_that_were_fetched_are_decoded_as_often_as_those_that_lie_there(
    tmp_path, long_film, rows, work, video_server
):
    with video_server(long_film) as server:
        params = rows.params.model_copy(update={"url": f"{server.url}{{youtube_id}}.mp4"})
        served = replace(rows, params=params, media=tmp_path)
        clips = [Item(Clip("long", begin, begin + 3.0)) for begin in (1.0, 50.0)]
        assert all(isinstance(outcome.end, dict) for outcome in served.build(clips))
    assert work["copies packets"] == 2 * len(clips)  # from the server, and from the file: compared, nothing decoded
    del work["copies packets"]
    each = {"decodes sound": 2, "decodes pictures": 2, "frames": 2, "looks": 2}
    assert +work == Counter(each)

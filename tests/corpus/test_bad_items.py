"""Every deliberately bad item of the sample ends under its own reason, through the real builders of rows."""

import numpy as np
import pytest

from s2f.corpus.clip_rows import ClipRows
from s2f.corpus.cliplist import Clip
from s2f.corpus.picture_rows import PictureRows
from s2f.corpus.plan import Item, Picture
from s2f.media.failures import Failure
from s2f.params.face_models import FaceModelsParams
from s2f.params.portraits import PortraitsParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams
from s2f.sample.bad import BAD_CLIPS, BAD_PICTURES, draw_bad_clip
from s2f.sample.draw import Picture as DrawnPicture
from s2f.sample.draw import draw_picture
from s2f.sample.espeak import Espeak

SOUND = SpectrogramParams(sample_rate=16000, clip_seconds=6.0, window=400, hop=160, fft=512, compression=0.3)


@pytest.fixture(scope="module")
def models(embedder):
    return FaceModelsParams(detector_score=0.5, arcface=str(embedder), age_gender="none.onnx")


@pytest.fixture(scope="module")
def espeak():
    return Espeak()


@pytest.mark.parametrize("kind", BAD_CLIPS)
def test_a_bad_clip_ends_under_its_reason(tmp_path, models, espeak, fetching, kind):
    rows = draw_bad_clip(kind, tmp_path / "bad.mp4", np.random.default_rng(11), espeak)
    params = SpeechFacesParams(
        source=str(tmp_path), clip_list="", url="file:{source}/{youtube_id}.mp4", min_seconds=1.0,
        face_search_seconds=2.0, face_search_fps=5.0, max_centre_distance=0.25, face_px=64, face_margin=1.0,
        validation_share=0.1, test_share=0.1, shard_clips=10, workers=1, max_height=720,
    )  # fmt: skip
    items = [Item(Clip("bad", row.start, row.end, row.x, row.y)) for row in rows]
    ends = [outcome.end for outcome in ClipRows(params, SOUND, models, fetching(), tmp_path).build(items)]
    assert [end.reason if isinstance(end, Failure) else "ok" for end in ends] == [BAD_CLIPS[kind]] * len(rows)


@pytest.mark.parametrize("kind", BAD_PICTURES)
def test_a_bad_picture_ends_under_its_reason(tmp_path, models, kind):
    params = PortraitsParams(
        source=str(tmp_path), face_px=64, face_margin=1.0, validation_share=0.1, shard_pictures=9, workers=1
    )
    draw_picture(DrawnPicture("bad.jpg", kind, seed=11), tmp_path)
    [outcome] = PictureRows(params, models).build([Item(Picture("bad.jpg"))])
    assert outcome.end.reason == BAD_PICTURES[kind]

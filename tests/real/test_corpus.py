"""Real clips and pictures in ../shared/data through the builders of rows: skipped where that folder is missing."""

import tarfile
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2f.audio.speech import decode_speech
from s2f.corpus.clip_rows import ClipRows
from s2f.corpus.cliplist import Clip, read_clip_list
from s2f.corpus.labels import UNKNOWN
from s2f.corpus.picture_rows import PictureRows
from s2f.corpus.pictures.opening import open_source
from s2f.corpus.plan import Item, Picture
from s2f.corpus.portraits import Portraits
from s2f.dataset.schemas import PORTRAITS
from s2f.dataset.shards import to_table
from s2f.media.failures import Failure
from s2f.params.face_models import FaceModelsParams
from s2f.params.fetching import FetchingParams
from s2f.params.portraits import PortraitsParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams

DATA = Path(__file__).parents[2].parent / "shared" / "data"
MODELS = FaceModelsParams(
    detector_score=0.5, arcface=str(DATA / "models" / "edgeface_xs_q_dequant_512d.onnx"), age_gender="none.onnx"
)
FETCHING = FetchingParams(
    attempts=1, first_pause_s=0, jitter=0, parallel=1, socket_timeout_s=30, max_seconds=60, max_gb=1,
    cool_down_minutes=1, cool_downs=0,
)  # fmt: skip
SOUND = SpectrogramParams(sample_rate=16000, clip_seconds=6.0, window=400, hop=160, fft=512, compression=0.3)

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"real data is not there: {DATA}")


def build(folder, clips, suffix=".mp4"):
    params = SpeechFacesParams(
        source=str(DATA / folder), clip_list="", url="file:{source}/videos/{youtube_id}" + suffix, min_seconds=1.0,
        face_search_seconds=3.0, face_search_fps=5.0, max_centre_distance=0.25, face_px=128, face_margin=2.0,
        validation_share=0.1, test_share=0.1, shard_clips=10, workers=1, max_height=720,
    )  # fmt: skip
    return ClipRows(params, SOUND, MODELS, FETCHING, Path("never")).build([Item(clip) for clip in clips])


@pytest.mark.parametrize(("name", "rows"), [("cs753_131rows.csv", 130), ("train_500rows.csv", 500)])
def test_lists_found_in_the_wild_are_read_each_clip_once(name, rows):
    clips = list(read_clip_list(DATA / "avspeech_lists" / name))
    assert len(clips) == rows
    assert all(isinstance(clip, Clip) and 2.9 < clip.end_s - clip.start_s < 15.1 for clip in clips)


def test_real_clips_become_rows_of_their_true_length():
    clips = list(read_clip_list(DATA / "avspeech" / "clips.csv"))
    outcomes = build("avspeech", clips[::25])
    for clip, outcome in zip(clips[::25], outcomes, strict=True):
        assert not isinstance(outcome.end, Failure), outcome.end
        seconds = len(decode_speech(outcome.end["speech"]["bytes"], 16_000)) / 16_000
        assert seconds == pytest.approx(min(clip.end_s - clip.start_s, 6.0), abs=0.1)
        assert np.isfinite(outcome.end["spectrogram"].astype(np.float32)).all()


def test_two_clips_of_a_video_hold_the_same_person_and_other_words():
    clips = [clip for clip in read_clip_list(DATA / "avspeech" / "clips.csv") if isinstance(clip, Clip)]
    later = next(clip for clip in clips if clip.start_s > 0)
    pair = [clip for clip in clips if clip.youtube_id == later.youtube_id]
    first, second = (outcome.end for outcome in build("avspeech", pair))
    assert first["embedding"] @ second["embedding"] > 0.5
    assert not np.array_equal(first["spectrogram"], second["spectrogram"])


def test_odd_containers_sizes_and_lengths_end_in_a_row_or_a_reason():
    clips = list(read_clip_list(DATA / "talking_heads" / "clips.csv"))
    odd = [clip for clip in clips if not clip.youtube_id.endswith(".mp4")][::4]
    odd += [clip for clip in clips if clip.youtube_id in ("head047.webm", "head032.mp4", "head062.mov", "head018.webm")]
    ends = {outcome.id.rsplit("_", 1)[0]: outcome.end for outcome in build("talking_heads", odd, suffix="")}
    assert ends["head047.webm"].reason == "too_short"
    assert ends["head018.webm"].reason == "face_off_centre"
    assert all(isinstance(ends[name], dict) for name in ("head032.mp4", "head062.mov"))


def test_real_faces_become_rows():
    source = DATA / "faces" / "ffhq_like_512"
    params = PortraitsParams(
        source=str(source), face_px=128, face_margin=2.0, validation_share=0.1, shard_pictures=9, workers=1
    )
    names = [entry.name for entry in open_source(source).entries()][::20]
    outcomes = PictureRows(params, MODELS).build([Item(Picture(name)) for name in names])
    assert sum(not isinstance(outcome.end, Failure) for outcome in outcomes) >= 0.9 * len(names)


def test_real_faces_make_the_same_rows_from_a_folder_a_zip_a_tar_and_parquet(tmp_path):
    folder = DATA / "faces" / "ffhq_like_512"
    names = [entry.name for entry in open_source(folder).entries()][::40]
    sources = {kind: tmp_path / f"faces.{kind}" for kind in ("folder", "zip", "tar", "parquet")}
    sources["folder"].mkdir()
    for name in names:
        (sources["folder"] / name).write_bytes((folder / name).read_bytes())
    with zipfile.ZipFile(sources["zip"], "w") as archive:
        for name in reversed(names):
            archive.write(folder / name, name)
    with tarfile.open(sources["tar"], "w") as archive:
        archive.add(sources["folder"], ".")
    rows = [{"bytes": (folder / name).read_bytes(), "path": name} for name in names]
    pq.write_table(pa.table({"image": rows}), sources["parquet"], row_group_size=3)
    built = {}
    for kind, source in sources.items():
        params = PortraitsParams(
            source=str(source), face_px=128, face_margin=1.0, validation_share=0.1, shard_pictures=9, workers=1
        )
        items = [item for _, item in Portraits(params, MODELS, seed=7).items()]
        outcomes = list(PictureRows(params, MODELS).build(items))
        kept = [outcome.end for outcome in outcomes if not isinstance(outcome.end, Failure)]
        built[kind] = (
            items,
            [outcome.id for outcome in outcomes],
            to_table([row | asdict(UNKNOWN) for row in kept], PORTRAITS),
        )
        assert len(kept) >= 0.8 * len(names)
    assert all(one == built["folder"] for one in built.values())

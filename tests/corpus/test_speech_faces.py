import errno
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from s2f.corpus.plan import Shard, plan_shards
from s2f.corpus.recipe import build_shard, decided_by
from s2f.corpus.speech_faces import SpeechFaces
from s2f.params.face_models import FaceModelsParams
from s2f.params.fetching import FetchingParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams
from s2f.runtime import InputError, TryAgainLater

SPECTROGRAM = SpectrogramParams(sample_rate=16000, clip_seconds=6.0, window=400, hop=160, fft=512, compression=0.3)

FETCHING = FetchingParams(
    attempts=2, first_pause_s=0, jitter=0, parallel=2, socket_timeout_s=5, max_seconds=60, max_gb=1,
    cool_down_minutes=1, cool_downs=0, extractor_args={"youtube": {"player_client": ("web",)}},
)  # fmt: skip


def recipe(folder, model="none.onnx", pace=FETCHING, **changed):
    params = {
        "source": str(folder), "clip_list": "clips.csv", "url": "file:{source}/videos/{youtube_id}.mp4",
        "min_seconds": 1.0, "face_search_seconds": 2.0, "face_search_fps": 5.0, "max_centre_distance": 0.25,
        "face_px": 64, "face_margin": 2.0, "validation_share": 0.2, "test_share": 0.3, "shard_clips": 3,
        "workers": 2, "max_height": 720,
    }  # fmt: skip
    models = FaceModelsParams(detector_score=0.5, arcface=str(model), age_gender="none.onnx")
    return SpeechFaces(SpeechFacesParams(**params | changed), SPECTROGRAM, models, pace, seed=7)


def write_list(folder, videos, name="clips.csv"):
    lines = [f"{video},{3 * place},{3 * place + 3},0.5,0.5" for place, video in enumerate(videos)]
    (folder / name).write_text("\n".join(lines))


def test_no_video_and_no_person_is_in_two_splits(tmp_path):
    write_list(tmp_path, [f"v{number % 40}" for number in range(120)])
    people = [f"v{number},{3 * number},{number % 10}" for number in range(20)]
    (tmp_path / "labels.csv").write_text("youtube_id,start,person\n" + "\n".join(people))
    found = list(recipe(tmp_path).items())
    groups = {}
    for split, item in found:
        groups.setdefault(item.labels.person or item.batch, set()).add(split)
    assert len(found) == 120
    assert {len(splits) for splits in groups.values()} == {1}
    assert {split for split, _ in found} == {"train", "validation", "test"}


def test_a_longer_list_moves_no_clip(tmp_path):
    write_list(tmp_path, [f"v{number}" for number in range(60)])
    long = {item.what.id: split for split, item in recipe(tmp_path).items()}
    short = {item.what.id: split for split, item in recipe(tmp_path, max_clips=20).items()}
    assert len(short) == 20
    assert short.items() <= long.items()


def test_a_video_of_which_one_clip_is_labelled_is_in_one_split(tmp_path):
    write_list(tmp_path, [f"v{number % 40}" for number in range(120)])
    people = [f"v{number},{3 * number},p{number % 7}" for number in range(30)]  # the first of each video's three clips
    (tmp_path / "labels.csv").write_text("youtube_id,start,person\n" + "\n".join(people))
    found = list(recipe(tmp_path).items())
    videos, persons = {}, {}
    person_of = {line.split(",")[0]: line.split(",")[2] for line in people}
    for split, item in found:
        videos.setdefault(item.batch, set()).add(split)
        persons.setdefault(person_of.get(item.batch, item.batch), set()).add(split)
    assert sum(item.labels.person is None for _, item in found) == 90
    assert {len(splits) for splits in videos.values()} == {len(splits) for splits in persons.values()} == {1}
    assert set.union(*videos.values()) == {"train", "validation", "test"}


def test_nobody_in_the_test_list_is_trained_on(tmp_path, caplog):
    caplog.set_level("INFO")
    write_list(tmp_path, ["a", "a", "b", "c", "d", "e"])  # a's second clip, b and c are not in the test list
    write_list(tmp_path, ["a", "x"], "test.csv")
    (tmp_path / "labels.csv").write_text("youtube_id,start,person\nx,3,ann\nb,6,ann\nb,999,bob\nc,9,bob\nd,12,dan\n")
    found = {item.what.id: split for split, item in recipe(tmp_path, test_list="test.csv").items()}
    assert [clip for clip, split in found.items() if split == "test"] == ["a_00000000", "x_00003000"]
    assert {clip for clip, split in found.items() if split != "test"} == {"d_00012000", "e_00015000"}
    assert "3 clips are not used" in caplog.text


def test_labels_of_clips_that_are_not_listed_are_counted(tmp_path, caplog):
    write_list(tmp_path, ["a", "b", "c"])
    write_list(tmp_path, ["x"], "test.csv")
    (tmp_path / "labels.csv").write_text("youtube_id,start,age\na,0,30\nb,3,30\nb,4,30\nx,0,30\n")
    list(recipe(tmp_path, test_list="test.csv").items())
    list(recipe(tmp_path, test_list="test.csv", max_clips=1).items())
    [message] = [record.getMessage() for record in caplog.records]
    assert "1 of 4 labels name no clip that there is, the first of them b_00004000." in message


def test_a_label_appended_for_a_video_moves_no_clip(tmp_path):
    write_list(tmp_path, [f"v{number}" for number in range(60)])
    people = "youtube_id,start,person\n" + "".join(f"v{n},{3 * n},p{n % 20}\n" for n in range(60))
    (tmp_path / "labels.csv").write_text(people)
    before = {item.what.id: split for split, item in recipe(tmp_path).items()}
    (tmp_path / "labels.csv").write_text(people + "".join(f"v{n},999,another {n}\n" for n in range(60)))
    assert {item.what.id: split for split, item in recipe(tmp_path).items()} == before


def test_a_video_that_changes_under_its_name_changes_its_shard_alone(tmp_path, embedder):
    write_list(tmp_path, [f"v{number}" for number in range(12)])
    (tmp_path / "videos").mkdir()
    for number in range(11):
        (tmp_path / "videos" / f"v{number}.mp4").write_bytes(bytes(100))
    films = recipe(tmp_path, embedder)

    def keys():
        decided = decided_by(films)
        return {shard.index: shard.key(decided) for shard in plan_shards(films.items(), 2)}

    def changed():
        return {index for index, key in keys().items() if key != before[index]}

    plan = {item.batch: shard.index for shard in plan_shards(films.items(), 2) for item in shard.items}
    before = keys()
    assert changed() == set()
    (tmp_path / "videos" / "v3.mp4").write_bytes(bytes(99) + b"1")  # as long as it was
    assert changed() == {plan["v3"]}
    (tmp_path / "videos" / "v11.mp4").write_bytes(b"it was not there before")
    assert changed() == {plan["v3"], plan["v11"]}


def test_pages_have_no_contents_to_hash(tmp_path):
    write_list(tmp_path, ["a", "b"])
    pages = recipe(tmp_path, url="https://example.org/{youtube_id}")
    assert [item.sha256 for _, item in pages.items()] == [None, None]


def test_the_test_list_is_the_test_split(tmp_path):
    write_list(tmp_path, ["a", "b", "c"])
    write_list(tmp_path, ["a", "x"], "test.csv")
    found = [(split, item.batch) for split, item in recipe(tmp_path, test_list="test.csv").items()]
    assert sorted(batch for split, batch in found if split == "test") == ["a", "x"]
    assert sorted(batch for split, batch in found if split != "test") == ["b", "c"]


def test_how_fast_it_is_built_is_not_part_of_what_is_built(tmp_path, embedder):
    base = recipe(tmp_path, embedder).fingerprint()
    assert (
        base
        == recipe(
            tmp_path, embedder, workers=9, shard_clips=100, pace=FETCHING.model_copy(update={"attempts": 9})
        ).fingerprint()
    )
    assert base != recipe(tmp_path, embedder, face_px=128).fingerprint()


def test_weights_that_are_missing_or_others_are_refused_before_any_work(tmp_path, embedder):
    with pytest.raises(InputError, match=r"none\.onnx: no such file"):
        recipe(tmp_path).fingerprint()
    other = recipe(tmp_path, embedder)
    models = other.face_models.model_copy(update={"arcface_sha256": "0" * 64})
    with pytest.raises(InputError, match="params ask for 000"):
        SpeechFaces(other.params, SPECTROGRAM, models, FETCHING, 7).fingerprint()


def test_planning_imports_no_network():
    code = "import sys, s2f.corpus.speech_faces as s, s2f.corpus.portraits; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [name for name in ("torch", "mediapipe", "insightface", "yt_dlp", "prefect") if f"'{name}'" in loaded]


def test_a_url_that_is_none_is_refused_before_any_work(tmp_path):
    with pytest.raises(InputError, match="allowed: file, http, https"):
        recipe(tmp_path, url="rtsp://camera/{youtube_id}").check()


def test_a_spectrogram_of_another_shape_is_refused_before_any_work(tmp_path):
    whole = recipe(tmp_path)
    other = SPECTROGRAM.model_copy(update={"clip_seconds": 3.0})
    with pytest.raises(InputError, match="spectrogram"):
        SpeechFaces(whole.params, other, whole.face_models, FETCHING, 7).check()


def test_where_no_format_of_youtube_could_be_found_nothing_is_built(tmp_path, monkeypatch):
    whole = recipe(tmp_path, url="https://www.youtube.com/watch?v={youtube_id}")
    whole.rows(tmp_path)
    monkeypatch.setattr("s2f.media.youtube.deno_version", lambda: None)
    with pytest.raises(InputError, match="deno"):
        whole.rows(tmp_path)


def test_a_build_watches_the_disk_of_the_videos_it_keeps_too(tmp_path, monkeypatch):
    def disk_usage(path):
        return SimpleNamespace(free=1e9 if Path(path).name == "films" else 1e12)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    out = tmp_path / "out"
    (tmp_path / "films").mkdir()
    assert recipe(tmp_path).folders(out) == (out,)
    pace = FETCHING.model_copy(update={"keep": f"{tmp_path / 'films'}"})
    kept = recipe(tmp_path, pace=pace)
    assert kept.folders(out) == (out, tmp_path / "films")
    with pytest.raises(TryAgainLater, match="films: "):
        build_shard(kept, Shard(0, "train", ()), "", out, tmp_path / "ledger", "", min_free_gb=2.0)


def test_a_disk_that_is_full_at_the_shards_lock_is_no_error_but_a_stop(tmp_path, monkeypatch):
    def full(ledger, shard, builder):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("s2f.corpus.recipe.only_worker", full)
    with pytest.raises(TryAgainLater, match="the disk is full"):
        build_shard(recipe(tmp_path), Shard(0, "train", ()), "", tmp_path / "out", tmp_path / "ledger", "")

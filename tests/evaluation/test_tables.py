import numpy as np
import pyarrow.parquet as pq
import pytest

from s2f.dataset.schemas import ENLARGED, HEARD, MEASURED, SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import write_shard
from s2f.evaluation.pictures import read_pictures
from s2f.evaluation.tables import faces_found, read_heard, read_people, read_portrayed, take
from s2f.runtime import InputError


def test_an_empty_folder_is_one_sentence(tmp_path) -> None:
    with pytest.raises(InputError, match="measure_faces"):
        read_pictures(tmp_path)


def test_pictures_line_up_with_their_voice_whatever_the_order_of_rows(make_study, load) -> None:
    rows = make_study(6, 2, (0.0, 2.5), noise=0.0)
    order = np.random.default_rng(0).permutation(len(rows))
    pictures, voices = load([rows[index] for index in order])
    true = take(pictures["true"].age, voices.true)
    assert sorted(voices.generated) == [0.0, 2.5]
    for places in voices.generated.values():
        assert np.array_equal(take(pictures["generated"].age, places), np.stack([true, true], 1))
        assert np.array_equal(
            take(pictures["generated"].embedding, places)[:, 1], take(pictures["true"].embedding, voices.true)
        )


def test_what_is_missing_is_nan_and_not_somebody_else(make_study, make_row, load) -> None:
    rows = make_study(5, 2, (1.0,), noise=0.0)
    rows = [one for one in rows if not (one["source"] == "generated" and one["id"] == "v0001" and one["sample"] == 1)]
    rows = [one for one in rows if not (one["source"] == "true" and one["id"] == "v0002")]
    rows += [make_row("generated", "v0009", guidance=1.0, sample=0, faces=0)]
    pictures, voices = load(rows)
    age = take(pictures["generated"].age, voices.generated[1.0])
    assert np.isnan(age[1]).tolist() == [False, True]
    assert np.isnan(age[5]).all()
    assert np.isnan(take(pictures["true"].age, voices.true)).tolist() == [False, False, True, False, False, True]
    assert np.isnan(take(pictures["generated"].embedding, voices.generated[1.0])[5, 0]).all()


def test_clips_of_one_video_are_one_person(make_study, load) -> None:
    _, voices = load(make_study(4, 1, (0.0,), noise=0.0), {"v0000": "a", "v0001": "b", "v0002": "a"})
    assert voices.people[0] == voices.people[2]
    assert voices.independent == 3


def test_two_videos_of_one_person_are_one_persons(tmp_path, make_study, load) -> None:
    blank = dict.fromkeys(SPEECH_FACES.names) | {"spectrogram": np.zeros(SPECTROGRAM_SHAPE, np.float16)}
    known = [
        ("v0000", "a", "ann"), ("v0001", "b", "ann"), ("v0002", "b", None),  # one person's, two videos
        ("v0003", "c", None), ("v0004", "c", None), ("v0005", "ann", None),  # two unknown people's videos
    ]  # fmt: skip
    rows = [blank | {"clip_id": clip, "youtube_id": video, "person": person} for clip, video, person in known]
    write_shard(rows[:3], SPEECH_FACES, tmp_path / "speech_faces/test/00000.parquet")
    write_shard(rows[3:], SPEECH_FACES, tmp_path / "speech_faces/train/00000.parquet")
    people = read_people(tmp_path / "speech_faces")
    _, voices = load(make_study(6, 1, (0.0,), noise=0.0), people)
    assert voices.people.tolist() == [voices.people[0]] * 3 + [voices.people[3]] * 2 + [voices.people[5]]
    assert voices.independent == 3


def test_portraits_of_one_person_are_one_persons(tmp_path) -> None:
    blank = dict.fromkeys(ENLARGED.names)
    rows = [blank | {"image_id": f"{index}.png", "person": person} for index, person in enumerate(["ann", None, "ann"])]
    write_shard(rows, ENLARGED, tmp_path / "00000.parquet")
    people = read_portrayed(tmp_path)
    assert people["0.png"] == people["2.png"] != people["1.png"]


def test_an_embedding_with_a_nan_is_no_embedding(make_study, load) -> None:
    rows = make_study(4, 1, (0.0,), noise=0.0)
    rows[0]["embedding"][7] = float("nan")
    rows[2]["embedding"] = None
    pictures, _ = load(rows)
    assert np.isnan(pictures["true"].embedding).all(1).tolist() == [True, True, False, False]


def test_measures_of_either_landmarker_come_back_by_name(make_study, load) -> None:
    rows = make_study(3, 1, (0.0,), noise=0.0)
    assert load(rows)[0]["true"].measures_dlib == {}
    rows[0]["measures_dlib"] = [("jaw_width", 1.25)]
    true = load(rows)[0]["true"]
    assert list(true.measures_dlib) == ["jaw_width"]
    assert np.array_equal(true.measures_dlib["jaw_width"], [1.25, np.nan, np.nan], equal_nan=True)
    assert true.measures["jaw_width"][0] != 1.25


@pytest.mark.parametrize("lacking", ["ssim", "embedding"])
def test_pictures_measured_by_another_version_are_refused_in_one_sentence(tmp_path, make_study, lacking) -> None:
    write_shard(make_study(3, 1, (0.0,), noise=0.0), MEASURED, tmp_path / "00000.parquet")
    pq.write_table(pq.read_table(tmp_path / "00000.parquet").drop_columns(lacking), tmp_path / "00000.parquet")
    with pytest.raises(InputError, match=rf"of another version .*{lacking}.*; run the stage measure_faces again"):
        read_pictures(tmp_path)


def test_of_an_older_version_what_it_did_not_write_is_empty_and_the_rest_is_there(tmp_path, make_study) -> None:
    write_shard(make_study(3, 1, (0.0,), noise=0.0), MEASURED, tmp_path / "00000.parquet")
    new = read_pictures(tmp_path)["true"]
    old = pq.read_table(tmp_path / "00000.parquet").drop_columns(["embedding", "male", "measures"])
    pq.write_table(old, tmp_path / "00001.parquet")
    both = read_pictures(tmp_path, older=True)["true"]
    assert np.array_equal(both.age, np.tile(new.age, 2))
    assert np.array_equal(both.embedding[:3], new.embedding) and np.isnan(both.embedding[3:]).all()
    assert np.isnan(both.male[3:]).all() and np.isnan(both.measures["jaw_width"][3:]).all()
    pq.write_table(old.drop_columns("source"), tmp_path / "00001.parquet")
    with pytest.raises(InputError, match=r"of another version .*source"):
        read_pictures(tmp_path, older=True)


def test_heard_embeddings_come_back_by_clip(tmp_path) -> None:
    rows = [{"clip_id": name, "embedding": [float(index)] * 512} for index, name in enumerate("ab")]
    write_shard(rows, HEARD, tmp_path / "00000.parquet")
    assert read_heard(tmp_path)["b"].tolist() == [1.0] * 512


def test_faces_are_counted_by_hand() -> None:
    faces, face_px = np.array([0, 1, 1, 3, np.nan]), np.array([np.nan, 32, 31.5, 8, np.nan])
    assert faces_found(faces, face_px, 32) == {
        "pictures": 4, "no_face": 1, "one_face": 2, "several_faces": 1, "tiny_face": 2
    }  # fmt: skip

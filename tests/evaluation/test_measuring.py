from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from s2f.dataset.schemas import ENLARGED, GENERATED, MEASURED, SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import iterate_rows, shard_paths, write_shard
from s2f.evaluation.measuring import CHUNK, Picture, count_pictures, measure_pictures, pictures_to_measure
from s2f.faces.images import encode_png
from s2f.faces.measures import MEASURES
from s2f.params.face_models import FaceModelsParams
from s2f.runtime import InputError
from s2f.sample.canvas import Pose
from s2f.sample.law import draw_identity, look_of
from s2f.sample.portrait import draw_portrait
from s2f.sample.scene import draw_scene
from s2f.stages import measure_faces

PACK = Path(__file__).parents[2] / "s2f" / "sample" / "pack"
MODELS = FaceModelsParams(
    detector_score=0.5, arcface=str(PACK / "arcface.onnx"), age_gender=str(PACK / "genderage.onnx")
)
KNOWN = np.eye(1, 512, 7, dtype=np.float32)[0]  # an embedding that no network would give


def draw(seed, unit=0.42):
    rng = np.random.default_rng(seed)
    pose = Pose((64, 60), unit * 128)
    return draw_portrait(look_of(draw_identity(rng)), draw_scene(rng), 128, 128, pose)


def media(image):
    return {"bytes": encode_png(image), "path": None}


def nothing():
    return np.full((128, 128, 3), 90, np.uint8)


@pytest.fixture
def corpus(tmp_path):
    """Two test clips, three generated faces (one of them none), one enlarged portrait; the two folders."""
    clip = {field.name: None for field in SPEECH_FACES} | {"embedding": KNOWN}
    clip["spectrogram"] = np.zeros(SPECTROGRAM_SHAPE, np.float16)
    clips = [
        clip | {"clip_id": "a", "face": media(draw(0)), "age": 33.0, "gender": "f"},
        clip | {"clip_id": "b", "face": media(draw(1))},
    ]
    write_shard(clips, SPEECH_FACES, tmp_path / "speech_faces" / "test" / "00000.parquet")
    generated = [
        {"clip_id": name, "guidance": 1.0, "sample": sample, "seed": 0, "small": media(image), "face": media(image)}
        for name, sample, image in [("a", 0, draw(2)), ("a", 1, nothing()), ("b", 0, draw(3))]
    ]
    write_shard(generated[:2], GENERATED, tmp_path / "generated" / "faces" / "00000.parquet")
    write_shard(generated[2:], GENERATED, tmp_path / "generated" / "faces" / "00001.parquet")
    pictures = {name: media(draw(4)) for name in ("true", "small", "super_resolution", "bicubic")}
    enlarged = {"image_id": "p", "person": None} | pictures
    write_shard([enlarged], ENLARGED, tmp_path / "generated" / "enlarged" / "00000.parquet")
    return tmp_path / "speech_faces", tmp_path / "generated"


def measure_all(corpus, tmp_path):
    speech_faces, generated = corpus
    params = tmp_path / "params.yaml"
    params.write_text("face_models: " + MODELS.model_dump_json())
    measure_faces.main(speech_faces, generated, tmp_path / "measured", params)
    return list(iterate_rows(tmp_path / "measured"))


def test_every_picture_is_measured_once_and_in_order(corpus, tmp_path):
    rows = measure_all(corpus, tmp_path)
    assert count_pictures(*corpus) == len(rows) == 8
    assert [(row["source"], row["id"], row["guidance"], row["sample"]) for row in rows] == [
        ("true", "a", None, None),
        ("true", "b", None, None),
        ("generated", "a", 1.0, 0),
        ("generated", "a", 1.0, 1),
        ("generated", "b", 1.0, 0),
        ("portrait", "p", None, None),
        ("super_resolution", "p", None, None),
        ("bicubic", "p", None, None),
    ]


def test_a_face_has_everything_and_no_face_has_nothing(corpus, tmp_path):
    for row in measure_all(corpus, tmp_path):
        seen = [row[name] for name in ("embedding", "age", "male", "yaw_degrees", "measures")]
        if row["faces"] == 0:
            assert seen == [None] * 5 and row["sample"] == 1
            continue
        assert row["faces"] == 1 and None not in seen
        assert np.linalg.norm(row["embedding"]) == pytest.approx(1, abs=1e-5)
        assert 0 <= row["male"] <= 1 and abs(row["yaw_degrees"]) < 20
        assert [name for name, _ in row["measures"]] == list(MEASURES)


def test_true_faces_keep_the_corpus_embedding_and_labels(corpus, tmp_path):
    rows = measure_all(corpus, tmp_path)
    for row in rows:
        assert np.array_equal(row["embedding"], KNOWN) == (row["source"] == "true")
    assert (rows[0]["label_age"], rows[0]["label_gender"]) == (33.0, "f")
    assert (rows[1]["label_age"], rows[1]["label_gender"]) == (None, None)


def test_enlarged_pictures_and_no_others_are_compared_with_the_true_one(corpus, tmp_path):
    for row in measure_all(corpus, tmp_path):
        compared = (row["psnr_db"], row["ssim"], row["colour_shift"])
        expected = (float("inf"), 1.0, 0.0) if row["source"] in ("super_resolution", "bicubic") else (None,) * 3
        assert compared == expected
    true, tinted = draw(4), np.clip(draw(4) + np.array([20, 0, 0]), 0, 255).astype(np.uint8)
    (row,) = measure_pictures([Picture("bicubic", "p", encode_png(tinted), reference=encode_png(true))], MODELS)
    assert 20 < row["psnr_db"] < 30 and row["colour_shift"] > 3


def test_the_same_pictures_give_the_same_bytes_and_stale_shards_go(corpus, tmp_path):
    measure_all(corpus, tmp_path)
    (shard,) = shard_paths(tmp_path / "measured")
    first = shard.read_bytes()
    shard.with_name("00001.parquet").write_bytes(first)
    measure_all(corpus, tmp_path)
    assert shard_paths(tmp_path / "measured") == [shard] and shard.read_bytes() == first
    assert pq.read_schema(shard).equals(MEASURED)


def test_of_two_faces_the_larger_is_measured():
    small, large = draw(5, unit=0.3), draw(6)
    pictures = [np.hstack([small, large]), large, small]
    both, alone, other = measure_pictures([Picture("generated", "x", encode_png(one)) for one in pictures], MODELS)
    assert (both["faces"], alone["faces"]) == (2, 1)
    near, far = (float(both["embedding"] @ row["embedding"]) for row in (alone, other))
    assert near > 0.8 and near > far
    assert both["age"] == pytest.approx(alone["age"], abs=10)


def test_rows_keep_their_order_and_values_whatever_the_number_of_threads(corpus):
    contents = [encode_png(draw(7)), encode_png(nothing())]
    pictures = [Picture("generated", str(index), contents[index % 3 > 0]) for index in range(3 * CHUNK)]
    alone, shared = (list(measure_pictures(iter(pictures), MODELS, workers)) for workers in (1, 3))
    assert [row["id"] for row in shared] == [picture.id for picture in pictures]
    assert [row["age"] for row in shared] == [row["age"] for row in alone]
    assert [row["measures"] for row in shared] == [row["measures"] for row in alone]


def test_pictures_are_read_as_they_are_needed():
    def endless():
        while True:
            taken.append(1)
            yield Picture("generated", "x", encode_png(nothing()))

    taken: list[int] = []
    rows = measure_pictures(endless(), MODELS)
    assert next(rows)["faces"] == 0
    assert len(taken) <= 6 * CHUNK
    rows.close()


def test_bad_input_is_one_sentence(corpus, tmp_path):
    with pytest.raises(InputError, match="generated face of x: not a readable picture"):
        list(measure_pictures([Picture("generated", "x", b"")], MODELS))
    larger = Picture("bicubic", "x", encode_png(nothing()), reference=encode_png(np.zeros((64, 32, 3), np.uint8)))
    with pytest.raises(InputError, match="bicubic face of x: 128×128 px, but its true picture has 32×64"):
        list(measure_pictures([larger], MODELS))
    with pytest.raises(InputError, match="no faces in"):
        measure_all((tmp_path / "none", tmp_path / "nowhere"), tmp_path)
    assert list(pictures_to_measure(tmp_path / "none", tmp_path / "nowhere")) == []

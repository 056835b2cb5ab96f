import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from s2f.dataset.schemas import ENLARGED, GENERATED, MEASURED, SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import iterate_rows, shard_paths, write_shard
from s2f.evaluation.measuring import (
    CHUNK,
    CROP_MARGIN,
    CROP_PX,
    Picture,
    box_in_crop,
    count_pictures,
    measure_pictures,
    pictures_to_measure,
)
from s2f.faces.align import crop_square
from s2f.faces.anthropometry import MEASURES
from s2f.faces.images import encode_png
from s2f.faces.judges import open_judge
from s2f.faces.process_judge import ProcessJudge
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


def measured(pictures, workers=2):
    with open_judge(MODELS) as judge:
        return list(measure_pictures(iter(pictures), MODELS, judge, workers))


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


def measure_all(corpus, tmp_path, predictor=None):
    speech_faces, generated = corpus
    params = tmp_path / "params.yaml"
    models = MODELS.model_copy(update={"dlib_predictor": predictor and str(predictor)})
    params.write_text("face_models: " + models.model_dump_json())
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
        seen = [row[name] for name in ("face_px", "embedding", "age", "male", "yaw_degrees", "measures")]
        if row["faces"] == 0:
            assert seen == [None] * 6 and row["sample"] == 1
            continue
        assert row["faces"] == 1 and None not in seen
        assert np.linalg.norm(row["embedding"]) == pytest.approx(1, abs=1e-5)
        assert 0 <= row["male"] <= 1 and abs(row["yaw_degrees"]) < 20
        assert [name for name, _ in row["measures"]] == list(MEASURES)
        assert row["measures_dlib"] is None


def test_with_a_predictor_both_landmarkers_measure(corpus, tmp_path, predictor):
    alone, both = measure_all(corpus, tmp_path), measure_all(corpus, tmp_path, predictor)
    for one, other in zip(alone, both, strict=True):
        by_dlib = other.pop("measures_dlib")
        assert one | {"measures_dlib": by_dlib} == other | {"measures_dlib": by_dlib}  # the rest is as it was
        if not other["faces"]:
            assert by_dlib is None
            continue
        assert [name for name, _ in by_dlib] == list(MEASURES)
        by_mesh = dict(other["measures"])
        for name in ("jaw_width", "nose_height", "nose_width"):
            assert dict(by_dlib)[name] == pytest.approx(by_mesh[name], rel=0.15), name


def test_the_box_is_where_the_crop_has_the_face():
    box = np.array([20.0, 40.0, 100.0, 80.0])
    image = np.zeros((200, 200, 3), np.uint8)
    image[40:80, 20:100] = 255
    left, top, right, bottom = box_in_crop(box).round().astype(int)
    crop = crop_square(image, box, CROP_MARGIN, CROP_PX)
    assert crop.shape == (256, 256, 3) and (right - left, bottom - top) == (128, 64)
    assert crop[top + 4 : bottom - 4, left + 4 : right - 4].min() == 255
    assert crop[: top - 4].max() == crop[bottom + 4 :].max() == crop[:, : left - 4].max() == 0


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
    (row,) = measured([Picture("bicubic", "p", encode_png(tinted), reference=encode_png(true))])
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
    both, alone, other = measured([Picture("generated", "x", encode_png(one)) for one in pictures])
    assert (both["faces"], alone["faces"]) == (2, 1)
    near, far = (float(both["embedding"] @ row["embedding"]) for row in (alone, other))
    assert near > 0.8 and near > far
    assert both["age"] == pytest.approx(alone["age"], abs=10)


def test_rows_keep_their_order_and_values_whatever_the_number_of_threads(corpus):
    contents = [encode_png(draw(7)), encode_png(nothing())]
    pictures = [Picture("generated", str(index), contents[index % 3 > 0]) for index in range(3 * CHUNK)]
    alone, shared = (measured(pictures, workers) for workers in (1, 3))
    assert [row["id"] for row in shared] == [picture.id for picture in pictures]
    assert [row["age"] for row in shared] == [row["age"] for row in alone]
    assert [row["measures"] for row in shared] == [row["measures"] for row in alone]


def test_a_faces_size_is_that_of_its_box():
    small, large = (
        row["face_px"] for row in measured([Picture("true", "x", encode_png(draw(5, u))) for u in (0.2, 0.42)])
    )
    assert 16 < small < large < 128
    assert large / small == pytest.approx(0.42 / 0.2, rel=0.2)


def test_a_judge_that_is_another_program_is_asked_by_all_threads_and_answers_by_picture():
    pictures = [draw(seed) for seed in range(6)] + [nothing()]
    chosen = [(place * 5) % 7 for place in range(5 * CHUNK // 2)]
    program = [sys.executable, str(Path(__file__).parents[1] / "faces" / "standing_judge.py"), "answers"]
    with closing(ProcessJudge("standing", program, ("judge",))) as judge:
        asked = (Picture("generated", str(one), encode_png(pictures[one])) for one in chosen)
        rows = list(measure_pictures(asked, MODELS, judge, workers=3))
    assert [row["id"] for row in rows] == [str(one) for one in chosen]
    for one, row in zip(chosen, rows, strict=True):
        red, _, blue = pictures[one].mean((0, 1))
        assert (row["age"], row["male"]) == ((None, None) if one == 6 else pytest.approx((red, blue / 255)))


def test_a_face_that_the_judge_does_not_see_is_no_mans_and_no_womans():
    class Blind:
        def judge(self, faces):
            return [None] * len(faces)

    (row,) = measure_pictures([Picture("generated", "x", encode_png(draw(7)))], MODELS, Blind())
    assert (row["faces"], row["age"], row["male"]) == (1, None, None)
    assert row["embedding"] is not None and row["face_px"] > 32


def test_a_judge_that_dies_ends_the_measuring_in_its_sentence():
    program = [sys.executable, str(Path(__file__).parents[1] / "faces" / "standing_judge.py"), "dies"]
    pictures = [Picture("generated", "x", encode_png(draw(7)))] * (4 * CHUNK)
    with (
        closing(ProcessJudge("standing", program, ("judge",))) as judge,
        pytest.raises(InputError, match="for a tensor"),
    ):
        list(measure_pictures(pictures, MODELS, judge))


def test_pictures_are_read_as_they_are_needed():
    def endless():
        while True:
            taken.append(1)
            yield Picture("generated", "x", encode_png(nothing()))

    taken: list[int] = []
    with open_judge(MODELS) as judge, closing(measure_pictures(endless(), MODELS, judge)) as rows:
        assert next(rows)["faces"] == 0
        assert len(taken) <= 6 * CHUNK


def test_a_picture_that_cannot_be_read_has_no_row_where_somebody_is_told() -> None:
    contents = [encode_png(draw(5)), b"no picture", encode_png(draw(6))]
    told = []
    with open_judge(MODELS) as judge:
        pictures = (Picture("generated", str(index), content) for index, content in enumerate(contents))
        rows = list(measure_pictures(pictures, MODELS, judge, broken=lambda *about: told.append(about)))
    assert [row["id"] for row in rows] == ["0", "2"]
    [(picture, error)] = told
    assert picture.id == "1" and "not a readable picture" in str(error)


def test_bad_input_is_one_sentence(corpus, tmp_path):
    with pytest.raises(InputError, match="generated face of x: not a readable picture"):
        measured([Picture("generated", "x", b"")])
    larger = Picture("bicubic", "x", encode_png(nothing()), reference=encode_png(np.zeros((64, 32, 3), np.uint8)))
    with pytest.raises(InputError, match="bicubic face of x: 128×128 px, but its true picture has 32×64"):
        measured([larger])
    with pytest.raises(InputError, match="no faces in"):
        measure_all((tmp_path / "none", tmp_path / "nowhere"), tmp_path)
    assert list(pictures_to_measure(tmp_path / "none", tmp_path / "nowhere")) == []

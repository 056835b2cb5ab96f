"""inaFaceAnalyzer's worker: its own arithmetic here, and the real package where `make judge` was run.

Its weights come from its release page; where they are not, the least that its own libraries load stand in for them.
"""

import json
import math
import os
import subprocess
import sys
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest

from s2f.evaluation.measuring import Picture, measure_pictures
from s2f.faces.detect import Face, FaceDetector
from s2f.faces.images import encode_png
from s2f.faces.inaface import HOME, ROLES, WORKER, command, installed
from s2f.faces.inaface_worker import FILES, WEIGHTS, judge, overlap
from s2f.faces.judges import open_judge
from s2f.faces.process_judge import ProcessJudge
from s2f.params.face_models import INA, FaceModelsParams
from s2f.runtime import InputError, file_sha256

ROOT = Path(__file__).parents[2]
JUDGE = ROOT / HOME
PACK = ROOT / "s2f" / "sample" / "pack"
BOX = (32, 32, 96, 96)  # where the stand-in for its detector finds the face of a picture of 128 px
Row = namedtuple("Row", "frame bbox age_label sex_decfunc")
needs_package = pytest.mark.skipif(
    not (JUDGE / "installed").is_file(), reason="inaFaceAnalyzer is not installed: make judge"
)
needs_weights = pytest.mark.skipif(not (JUDGE / "ready").is_file(), reason="inaFaceAnalyzer's weights: make judge")


def test_overlap_is_over_the_union_and_over_the_smaller_box():
    assert overlap((0, 0, 4, 4), (2, 2, 4, 4)) == (0.25, 1.0)
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == (pytest.approx(1 / 3), 0.5)
    assert overlap((0, 0, 2, 2), (2, 2, 4, 4)) == overlap((0, 0, 2, 2), (1, 1, 1, 1)) == (0.0, 0.0)


def test_of_its_faces_the_one_in_the_box_is_meant_and_the_order_is_ours():
    rows = [
        Row("two.png", (0, 0, 50, 50), 20.0, -2.0),
        Row("two.png", (60, 0, 100, 40), 70.0, 3.0),
        Row("far.png", (0, 0, 10, 10), 30.0, 1.0),
        Row("one.png", (0, 0, 50, 50), 40.0, 1e6),
        Row("one.png", (0, 0, 90, 90), 50.0, -1.0),
    ]
    faces = [("far.png", [50, 50, 90, 90]), ("one.png", [5, 5, 50, 50]), ("none.png", [0, 0, 9, 9])]
    faces += [("two.png", [62, 2, 98, 38]), ("two.png", [2, 2, 48, 48])]
    asked = []
    answers = judge(lambda files: asked.append(files) or pd.DataFrame(rows), faces)
    assert asked == [["far.png", "one.png", "none.png", "two.png", "two.png"]]
    assert answers == [
        ("far.png", None, None),
        ("one.png", 40.0, 1.0),
        ("none.png", None, None),
        ("two.png", 70.0, pytest.approx(1 / (1 + math.exp(-3)))),
        ("two.png", 20.0, pytest.approx(1 / (1 + math.exp(2)))),
    ]


def test_what_is_missing_is_told_without_starting_anything(tmp_path):
    with pytest.raises(InputError, match=r"no environment here \(no .*/installed\); run `make judge`"):
        installed(tmp_path)
    (tmp_path / "installed").touch()
    for said in (None, "", "{}", "[]", '{"version": "1", "weights": []}', '{"version": "1", "weights": {}}'):
        if said is not None:
            (tmp_path / "ready").write_text(said)
        with pytest.raises(InputError, match="never had its weights; run `make judge` where its release page"):
            installed(tmp_path)
    (tmp_path / "ready").write_text(json.dumps({"version": "1", "weights": {"a": "12", "b": "34"}}))
    assert (installed(tmp_path).version, installed(tmp_path).sha256) == ("1", "12")


def test_the_environments_versions_are_all_pinned():
    lines = (ROOT / "constraints.judge.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert pins["inaFaceAnalyzer"] == "0.6.3"
    assert [int(part) for part in pins["tensorflow-cpu"].split(".")[:2]] < [2, 16]
    assert int(pins["numpy"].split(".")[0]) < 2


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A home with the least weights that the real package loads; its detector sees a face in all but black pictures."""
    home = tmp_path_factory.mktemp("home")
    (home / WEIGHTS).mkdir(parents=True)
    makes = [JUDGE / "bin" / "python", "-I", Path(__file__).with_name("inaface_weights.py"), home / WEIGHTS]
    subprocess.run(makes, check=True, capture_output=True, env=os.environ | {"HOME": str(home)})
    write_detector(home / WEIGHTS / "libfacedetection-yunet.onnx")
    return home


def write_detector(path):
    """Constants in the shape of libfacedetection's outputs for 128 px, where one of 940 anchors shows a face."""
    loc, sure = np.zeros((940, 14), np.float32), np.zeros((940, 2), np.float32)
    anchor = 768 + 128 + 2 * 5  # the first of two, of 64 px, at (48, 48): the second row and column of 32 px
    loc[anchor, :2], sure[anchor, 1] = 2.5, 1.0  # tenths of the anchor's size: to the middle
    tensor, value = onnx.numpy_helper.from_array, onnx.helper.make_tensor_value_info
    constants = [tensor(loc, "loc0"), tensor(sure, "sure"), tensor(np.ones((940, 1), np.float32), "iou0")]
    constants += [tensor(np.float32(bound), f"bound{bound}") for bound in (0, 1)]
    nodes = [
        onnx.helper.make_node("Identity", ["loc0"], ["loc"]),
        onnx.helper.make_node("Identity", ["iou0"], ["iou"]),
        onnx.helper.make_node("ReduceMax", ["input"], ["brightest"], keepdims=0),
        onnx.helper.make_node("Clip", ["brightest", "bound0", "bound1"], ["lit"]),
        onnx.helper.make_node("Mul", ["sure", "lit"], ["conf"]),
    ]
    ends = [value(name, 1, [940, size]) for name, size in (("loc", 14), ("conf", 2), ("iou", 1))]
    graph = onnx.helper.make_graph(nodes, "least", [value("input", 1, [1, 3, 128, 128])], ends, constants)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)


def face(red, blue, box=BOX):
    return np.full((128, 128, 3), (red, 0, blue), np.uint8), Face(np.array(box, np.float32), 0.9, np.zeros((6, 2)))


def started(weights, *more):
    return ProcessJudge(INA, [*command(JUDGE)[:-1], str(weights)], ROLES, *more)


@needs_package
def test_the_real_package_judges_faces_by_the_weights_it_is_given(weights):
    folder = weights / WEIGHTS
    with closing(started(weights)) as asked:
        assert asked.version == f"{INA} 0.6.3"
        assert (asked.name, asked.sha256) == (FILES[0], file_sha256(folder / FILES[0]))
        assert asked.others == {
            role: (name, file_sha256(folder / name)) for role, name in zip(ROLES[1:], FILES[1:], strict=True)
        }
        faces = [face(100, 200), face(0, 0), face(200, 50), face(100, 200, (0, 0, 30, 30))]
        answers = [*asked.judge(faces), *asked.judge(faces[2:3] * 40)]
    assert [answer is None for answer in answers] == [False, True, False, True, *[False] * 40]
    for answer, (red, blue) in ((answers[0], (100, 200)), (answers[2], (200, 50)), (answers[-1], (200, 50))):
        decades = 4 + 0.01 * (red - 123.68)  # on its scale 4 is the middle of the thirties
        age = 35 + 10 * (decades - 4)
        assert answer == (
            pytest.approx(age, abs=0.05),
            pytest.approx(1 / (1 + np.exp(-0.01 * (blue - 103.94))), abs=1e-3),
        )


@needs_package
def test_set_up_as_make_judge_does_it_is_chosen_by_its_name(weights, portrait, tmp_path, monkeypatch):
    (tmp_path / HOME).mkdir()
    for entry in ("bin", "lib", "pyvenv.cfg", "installed"):
        (tmp_path / HOME / entry).symlink_to(JUDGE / entry)
    (tmp_path / HOME / "home").symlink_to(weights)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "0.png").write_bytes(b"of a parent that was killed")
    done = subprocess.run([*command(), "left"], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    assert not (tmp_path / "left").exists()
    (tmp_path / HOME / "ready").write_bytes(done.stdout)
    assert installed().sha256 == file_sha256(weights / WEIGHTS / FILES[0])

    params = FaceModelsParams(detector_score=0.5, arcface=str(PACK / "arcface.onnx"), age_gender=INA)
    pictures = [Picture("generated", str(seed), encode_png(portrait(seed, 128))) for seed in range(3)]
    with open_judge(params) as asked:
        rows = list(measure_pictures(pictures, params, asked))
    assert [row["faces"] for row in rows] == [1, 1, 1]
    assert all(0 < row["age"] < 100 and 0 < row["male"] < 1 for row in rows)
    assert len({row["age"] for row in rows}) == 3


@needs_package
def test_weights_that_cannot_be_had_or_used_are_a_sentence(weights, tmp_path, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody answers
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError) as caught:
        started(tmp_path)
    assert str(caught.value).startswith(
        "inaFaceAnalyzer's weights cannot be had (URL fetch failure on https://github.com/ina"
    )
    assert f"lay {', '.join(FILES)} into {tmp_path / WEIGHTS} and run it then." in str(caught.value)
    for name in FILES:
        (tmp_path / WEIGHTS / name).write_bytes(b"cut off")
    with pytest.raises(InputError, match=rf"cannot use its weights \(.+\); delete {tmp_path / WEIGHTS} and run"):
        started(tmp_path)


@needs_weights
def test_with_its_own_weights_it_answers(portrait, monkeypatch):
    monkeypatch.chdir(ROOT)
    image = portrait(1)
    params = FaceModelsParams(detector_score=0.5, arcface="none.onnx", age_gender=INA)
    with open_judge(params) as asked:
        (answer,) = asked.judge([(image, FaceDetector(0.5).detect(image)[0])])
    assert answer is None or (0 < answer[0] < 100 and 0 <= answer[1] <= 1)


def test_the_worker_imports_nothing_of_ours_and_no_library_before_it_must():
    code = f"import runpy, sys; runpy.run_path({str(WORKER)!r}); print({{'numpy', 's2f'}} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout == "set()\n"

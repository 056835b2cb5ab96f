"""The shipped pack: insightface takes it for its own, and it knows drawn people that it has never seen."""

from pathlib import Path

import numpy as np
import pytest
from insightface import model_zoo
from insightface.model_zoo.arcface_onnx import ArcFaceONNX
from insightface.model_zoo.attribute import Attribute

from s2f.sample import train_pack
from s2f.sample.pack_faces import close_faces, detected_faces, detector_habits, worsen
from s2f.sample.pack_report import judge_pack, verification
from s2f.sample.proportions import EYE_LINE

PACK = Path(train_pack.__file__).parent / "pack"
UNSEEN = list(range(100_000, 100_040))


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in PACK.glob("*.onnx")) <= 3_000_000


def test_insightface_loads_it_as_its_own() -> None:
    arcface = model_zoo.get_model(str(PACK / "arcface.onnx"), providers=["CPUExecutionProvider"])
    assert isinstance(arcface, ArcFaceONNX)
    assert (arcface.input_mean, arcface.input_std, arcface.input_size) == (127.5, 127.5, (112, 112))
    assert arcface.get_feat([np.zeros((112, 112, 3), np.uint8)] * 3).shape == (3, 512)
    judge = model_zoo.get_model(str(PACK / "genderage.onnx"), providers=["CPUExecutionProvider"])
    assert isinstance(judge, Attribute)
    assert (judge.taskname, judge.input_mean, judge.input_std) == ("genderage", 127.5, 128.0)


def test_it_tells_unseen_people_apart_and_sees_age_and_sex() -> None:
    views = [detected_faces(UNSEEN, seed, worse=seed == 2) for seed in range(3)]
    report = judge_pack(PACK, views)
    assert report.people >= 38
    assert report.verification > 0.95
    assert report.verification_worse > 0.9
    assert report.age_r > 0.85
    assert report.gender_accuracy > 0.9


def test_verification_is_half_for_noise_and_one_for_the_truth() -> None:
    male = np.arange(400) % 2 == 0
    assert verification(np.eye(400), male) == 1
    noise = np.random.default_rng(0).standard_normal((400, 400))
    assert verification(noise, male) == pytest.approx(0.5, abs=0.08)


def test_the_detectors_habits_are_where_the_parts_are_drawn() -> None:
    habits = detector_habits(12)
    right_eye, left_eye, nose, mouth = habits.keypoints.mean(0)[:4]
    assert right_eye == pytest.approx([-0.19, EYE_LINE], abs=0.03)
    assert left_eye == pytest.approx([0.19, EYE_LINE], abs=0.03)
    assert nose == pytest.approx([0, 0.13], abs=0.05)
    assert mouth == pytest.approx([0, 0.33], abs=0.05)


def test_training_faces_come_person_by_person_in_both_networks_sizes() -> None:
    aligned, boxed = close_faces(UNSEEN[:2], 3, 0, detector_habits(4))
    assert aligned.shape == (6, 112, 112, 3)
    assert boxed.shape == (6, 96, 96, 3)
    means = aligned.astype(float).mean((1, 2))
    assert len({tuple(mean) for mean in means}) == 6


def test_worse_pictures_keep_their_size() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    worse = [worsen(picture, np.random.default_rng(seed)) for seed in range(12)]
    assert all(w.shape == picture.shape and w.dtype == np.uint8 for w in worse)
    assert any(not np.array_equal(w, picture) for w in worse)


def test_training_runs_at_toy_size(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    train_pack.main(out=tmp_path, people=130, pictures=1, epochs=1, test_people=6)
    assert (tmp_path / "arcface.onnx").exists()
    assert "unseen drawn people" in capsys.readouterr().out

"""What the stage writes beside its rows: who looked. (The rows: tests/evaluation/test_measuring.py.)"""

import json
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from s2f.dataset.schemas import SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import shard_paths, write_shard
from s2f.faces.images import encode_png
from s2f.params.base import read_section
from s2f.params.face_models import FaceModelsParams
from s2f.reporting.sources import read_face_models
from s2f.runtime import InputError, file_sha256
from s2f.stages import measure_faces

PACK = Path(__file__).parents[2] / "s2f" / "sample" / "pack"
PARAMS = f"face_models: {{detector_score: 0.5, arcface: {PACK}/arcface.onnx, age_gender: {PACK}/genderage.onnx}}"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """One test clip whose picture shows nobody; the folder above it."""
    grey = {"bytes": encode_png(np.full((64, 64, 3), 90, np.uint8)), "path": None}
    clip = {field.name: None for field in SPEECH_FACES} | {"clip_id": "a", "face": grey}
    clip |= {"embedding": np.zeros(512, np.float32), "spectrogram": np.zeros(SPECTROGRAM_SHAPE, np.float16)}
    write_shard([clip], SPEECH_FACES, tmp_path / "speech_faces/test/00000.parquet")
    (tmp_path / "params.yaml").write_text(PARAMS)
    return tmp_path


def measure(corpus: Path) -> Path:
    measure_faces.main(corpus / "speech_faces", corpus / "generated", corpus / "measured", corpus / "params.yaml")
    return corpus / "measured"


def test_every_network_that_looked_is_named_with_its_hash(corpus: Path) -> None:
    found = read_face_models([measure(corpus)])
    assert list(found) == ["detector_near", "detector_far", "mesh", "arcface", "age_gender"]
    named = f"insightface {version('insightface')}, genderage.onnx"
    assert found["age_gender"] == (named, file_sha256(PACK / "genderage.onnx"))
    assert found["arcface"] == ("arcface.onnx", file_sha256(PACK / "arcface.onnx"))
    assert len({sha256 for _, sha256 in found.values()}) == 5
    assert "MediaPipe" in found["mesh"][0]


def test_a_predictor_is_named_with_its_hash(corpus: Path, predictor: Path) -> None:
    (corpus / "params.yaml").write_text(PARAMS.replace("}", f", dlib_predictor: {predictor}}}"))
    assert read_face_models([measure(corpus)])["dlib"] == ("dlib 20.0.1, drawn_68.dat", file_sha256(predictor))


def test_a_file_that_is_no_predictor_stops_before_anything_is_measured(corpus: Path) -> None:
    (corpus / "params.yaml").write_text(PARAMS.replace("}", f", dlib_predictor: {PACK}/arcface.onnx}}"))
    with pytest.raises(InputError, match=r"arcface\.onnx: dlib cannot load it as a shape predictor"):
        measure(corpus)
    assert not (corpus / "measured").exists()


def test_the_manifest_is_no_shard_and_the_same_twice(corpus: Path) -> None:
    out = measure(corpus)
    first = (out / "manifest.json").read_bytes()
    assert [path.name for path in shard_paths(out)] == ["00000.parquet"]
    assert (measure(corpus) / "manifest.json").read_bytes() == first
    assert json.loads(first)["dataset"] == "measured"


def test_a_judge_whose_environment_is_not_there_stops_before_anything_is_measured(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (corpus / "params.yaml").write_text(PARAMS.replace(f"{PACK}/genderage.onnx", "inaFaceAnalyzer"))
    monkeypatch.chdir(corpus)
    with pytest.raises(
        InputError, match=r"inaFaceAnalyzer has no environment here \(no .judge/installed\); run `make ju"
    ):
        measure(corpus)
    assert not (corpus / "measured").exists()


def test_everything_that_a_judge_judges_with_is_named(corpus: Path) -> None:
    class Three:
        name, version, sha256 = "resnet.h5", "analyzer 1.0", "12"
        others: ClassVar = {"detector": ("yunet.onnx", "34")}

    models = read_section(corpus / "params.yaml", "face_models", FaceModelsParams)
    found = measure_faces.identities(models, Three())
    assert found["age_gender"] == {"name": "analyzer 1.0, resnet.h5", "sha256": "12"}
    assert found["age_gender_detector"] == {"name": "analyzer 1.0, yunet.onnx", "sha256": "34"}


def test_a_wrong_judge_stops_before_anything_is_measured(corpus: Path) -> None:
    (corpus / "params.yaml").write_text(PARAMS.replace("}", f', age_gender_sha256: "{"0" * 64}"}}'))
    with pytest.raises(InputError, match="sha256"):
        measure(corpus)
    assert not (corpus / "measured").exists()

"""Whose the networks that looked at faces are, and what they are called."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from s2f.params.face_models import SAMPLE_PACK
from s2f.reporting.networks import judge, networks, role_of
from s2f.runtime import file_sha256

ROOT = Path(__file__).parents[2]


def results(**face_models: tuple[str, str]) -> Any:
    params = SimpleNamespace(arcface="buffalo_l", arcface_sha256=None, age_gender="x.onnx", age_gender_sha256="abc")
    return SimpleNamespace(params=SimpleNamespace(face_models=params), face_models=face_models)


def test_the_samples_own_networks_are_known_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    own = {name: file_sha256(SAMPLE_PACK / f"{name}.onnx") for name in ("arcface", "genderage")}
    found = results(
        arcface=("arcface.onnx", own["arcface"]), age_gender=("insightface 2.1, genderage.onnx", own["genderage"])
    )
    assert judge(found) == "the sample's own network, read by insightface 2.1 (genderage.onnx)"
    assert networks(found)[0][:2] == ["face embedding (ArcFace)", "the sample's own network (arcface.onnx)"]
    anothers = results(age_gender=("insightface 2.1, genderage.onnx", "abc"))
    assert judge(anothers) == "insightface 2.1, genderage.onnx"


def test_without_a_manifest_networks_are_as_the_parameters_name_them() -> None:
    assert networks(results()) == [
        ["face embedding (ArcFace)", "buffalo_l", "–"],
        ["age and gender judge", "x.onnx", "abc"],
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [("w600k_r50.onnx", "face embedding (ArcFace)"), ("edgeface_xs.onnx", "face embedding")],
)
def test_an_embedding_is_called_arcfaces_where_its_name_says_so(name: str, words: str) -> None:
    assert role_of("arcface", name) == words

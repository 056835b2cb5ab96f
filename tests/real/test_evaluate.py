"""`s2f evaluate` on photographs no one here made, with networks that know people: skipped where they are missing.

Truth is a person's neutral picture, "generated" the same person's smiling one: what a system that knew everybody would
draw. ../shared/data/README.md has rank 1 in all cases and a cosine of 0.89 for this embedding.
"""

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from s2f.cli.main import main

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
FACES, WEIGHTS = DATA / "faces", DATA / "models"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"real data is not there: {DATA}")


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Path, Path]]:
    """Neutral and smiling picture of everybody who has both."""
    people: dict[str, dict[str, Path]] = {}
    with (FACES / "ffhq_like_512.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            people.setdefault(row["person"], {})[row["set"]] = FACES / "ffhq_like_512" / row["file"]
    both = [(one.get("london_neutral"), one.get("london_smiling")) for person, one in people.items() if person]
    return [(neutral, smiling) for neutral, smiling in both if neutral and smiling]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    """A function: the headlines of pictures (true, generated), in order."""
    networks = {"arcface": "edgeface_xs_q_dequant_512d.onnx", "age_gender": "insightface_genderage_2018.onnx"}
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    for key, name in networks.items():
        text = re.sub(rf"^  {key}: \S+", f"  {key}: {WEIGHTS / name}", text, flags=re.MULTILINE)
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")

    def _judged(pictures: list[tuple[Path, Path]]) -> tuple[dict[str, Any], str]:
        for index, files in enumerate(pictures):
            for folder, file in zip(("true", "drawn"), files, strict=True):
                (tmp_path / folder).mkdir(exist_ok=True)
                (tmp_path / folder / f"{index:03d}{file.suffix}").write_bytes(file.read_bytes())
        words = ["--truth", "true", "--generated", "drawn", "--params", "params.yaml", "--out", "out"]
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["s2f", "evaluate", *words])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code
        printed = capsys.readouterr()
        return json.loads(printed.out.splitlines()[-1]), printed.err

    return _judged


def test_another_picture_of_the_same_person_is_found_among_all(judged: Any, pairs: list[tuple[Path, Path]]) -> None:
    numbers, said = judged(pairs)
    assert len(pairs) > 60 and numbers["cosine"]["n"] == len(pairs)
    assert numbers["recall_at_1"]["value"] > 0.98 and numbers["recall_at_1"]["chance"] < 0.02
    assert 0.87 < numbers["cosine"]["value"] < 0.92 and numbers["cosine"]["chance"] < 0.05
    assert numbers["gender_accuracy"]["value"] > 0.9 and numbers["age_r"]["value"] > 0.8
    assert numbers["one_face"]["value"] == 1 and numbers["measures_beyond_chance"]["value"] == 11
    assert "drawn faces" not in said


def test_pictures_of_other_people_are_at_chance(judged: Any, pairs: list[tuple[Path, Path]]) -> None:
    smiling = [one for _, one in pairs]
    numbers, _ = judged(
        [(neutral, other) for (neutral, _), other in zip(pairs, smiling[1:] + smiling[:1], strict=True)]
    )
    for name in ("gender_accuracy", "age_r", "cosine", "recall_at_1", "recall_at_10", "recall_at_10_same_gender"):
        row = numbers[name]
        assert row["low"] <= row["chance"] <= row["high"], name
        assert row["verdict"] == "not distinguishable from chance", name
    assert numbers["measures_beyond_chance"]["value"] == 0

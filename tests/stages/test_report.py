"""The evaluation and report stages on a small made-up run (conftest.py). In a browser: test_report_page.py."""

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from s2f.dataset.schemas import MEASURED
from s2f.dataset.shards import iterate_rows, write_shard
from s2f.faces.anthropometry import MEASURES
from s2f.stages import report


class Page(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, *names: str) -> Iterator[dict[str, str | None]]:
        return (attributes for tag, attributes in self.tags if tag in names)


@pytest.fixture(scope="module")
def page(reports: Path) -> Page:
    return Page((reports / "index.html").read_text(encoding="utf-8"))


def test_metrics_are_the_headlines_flat_and_few(reports: Path, made_up: SimpleNamespace) -> None:
    metrics = json.loads((reports / "metrics.json").read_text())
    names = ["gender_accuracy", "age_r", "cosine", "recall_at_10_by_face", "recall_at_10_by_voice", "one_face"]
    names.append("enlarging_cosine_gain")
    pairs = [key for name in names for key in (name, f"{name}_margin")]
    assert list(metrics) == [*pairs, "measures_beyond_chance", "voices", "clips_kept", "portraits_kept"]
    found = json.loads((reports.parent / "data/evaluation/headlines.json").read_text())["headlines"]
    for name, key in zip(names[:6], found, strict=True):
        assert metrics[name] == pytest.approx(found[key]["value"], abs=1e-4)
        assert metrics[f"{name}_margin"] == pytest.approx((found[key]["high"] - found[key]["low"]) / 2, abs=1e-4)
    assert metrics["age_r"] > 0.5 and metrics["enlarging_cosine_gain"] > 0
    assert (metrics["voices"], metrics["clips_kept"], metrics["portraits_kept"]) == (made_up.voices, made_up.voices, 20)
    assert metrics["measures_beyond_chance"] >= 5


def test_a_number_that_two_stages_take_has_one_interval(reports: Path) -> None:
    headlines, identity = (
        json.loads((reports.parent / f"data/evaluation/{name}.json").read_text()) for name in ("headlines", "identity")
    )
    card, by_guidance = headlines["headlines"]["cosine"], headlines["by_guidance"]
    for w, row in identity["by_guidance"].items():
        assert row["cosine"]["raw"]["own"] == {key: by_guidance[w]["cosine"][key] for key in card}, w
    assert card == identity["by_guidance"][headlines["guidance"]]["cosine"]["raw"]["own"]


def test_the_page_loads_nothing_and_runs_nothing(page: Page, reports: Path) -> None:
    for attributes in (attributes for _, attributes in page.tags):
        for name in ("src", "href", "srcset", "xlink:href", "data", "poster"):
            assert (attributes.get(name) or "data:,").startswith(("data:", "#"))
        assert not any(name.startswith("on") for name in attributes)
    assert not list(page.all("script", "iframe", "object", "embed"))
    text = (reports / "index.html").read_text(encoding="utf-8")
    assert "@import" not in text and "url(http" not in text
    assert len(text.encode()) < 15_000_000


def test_every_picture_has_words_and_every_table_a_caption(page: Page) -> None:
    assert all("alt" in attributes for attributes in page.all("img"))
    assert all(attributes.get("aria-label") or attributes.get("aria-hidden") for attributes in page.all("svg"))
    assert all(attributes.get("aria-label") for attributes in page.all("audio"))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") > 5
    assert tags.count("h1") == 1
    assert next(page.all("html"))["lang"] == "en"


def test_what_holds_for_two_tables_is_said_once(page: Page, reports: Path) -> None:
    for text in (" ".join(page.text.split()), (reports / "report.md").read_text(encoding="utf-8")):
        assert text.count("the reach of luck, not of error") == 1
        assert "learns from squares of 64 px" in text


def test_ids_are_unique_on_the_page(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_hostile_names_are_text_on_both_pages(page: Page, reports: Path, made_up: SimpleNamespace) -> None:
    assert f"{made_up.hostile}video" in page.text
    assert not any(attributes.get("src") == "x" for attributes in page.all("img"))
    markdown = (reports / "report.md").read_text(encoding="utf-8")
    assert "corrupt\\<img src=x onerror=" in markdown
    assert "<img" not in markdown.replace("\\<img", "")


def test_the_page_says_what_was_run_and_that_faces_are_drawn(page: Page, made_up: SimpleNamespace) -> None:
    text = " ".join(page.text.split())
    assert f"{made_up.voices} voices of {made_up.voices - 2} people" in text
    assert "A face from a voice is a statistical guess, never an identification." in text
    assert "Every face here is drawn" in text
    assert "non-commercial research only" in text
    assert "Not the paper's: The face decoder's prediction starts from the face that a linear map draws" in text


def test_the_first_screen_says_who_judged_at_which_w_and_of_which_run(page: Page, reports: Path) -> None:
    text, markdown = " ".join(page.text.split()), (reports / "report.md").read_text(encoding="utf-8")
    said = "Headlines at w = 1. Age and gender judged by age_gender network."
    assert said in text.partition("How good, how sure")[0]
    assert said.replace("_", "\\_") in markdown
    assert "paper 0.85 (real people)" in text and "paper 0.85 (real people)" in markdown
    assert "Run of" not in text  # neither git nor notes of a run are there


def test_the_run_tells_its_day_on_the_page_and_not_in_markdown(tmp_path: Path, reports: Path) -> None:
    (tmp_path / "data").symlink_to(reports.parent / "data")
    noted = {"seconds": 1.0, "processor_seconds": 2.0, "peak_mib": 3, "ended": "2026-01-02T10:00:00+00:00"}
    (tmp_path / "times").mkdir()
    (tmp_path / "times/measure_faces.json").write_text(json.dumps(noted))
    names = ("evaluation", "models", "speech_faces", "portraits", "ledger", "generated", "measured")
    places = [tmp_path / "data" / name for name in names]
    report.main(*places, tmp_path / "reports", reports.parent / "params.yaml", tmp_path / "times", tmp_path)
    text = " ".join(Page((tmp_path / "reports/index.html").read_text(encoding="utf-8")).text.split())
    assert "Run of 2026-01-02. Headlines" in text and "measure faces" in text
    assert (tmp_path / "reports/report.md").read_bytes() == (reports / "report.md").read_bytes()


def test_distances_and_what_enlarging_did_to_colours_are_on_both_pages(page: Page, reports: Path) -> None:
    for text in (" ".join(page.text.split()), (reports / "report.md").read_text(encoding="utf-8")):
        assert "Distance from true faces" in text
        assert "Super-resolution shifts colours more than bicubic: ΔE 3.00 against 0.50." in text
        assert "loses PSNR" not in text


def test_the_model_card_counts_what_was_trained_on_and_not_all_that_is_usable(reports: Path) -> None:
    card = " ".join((reports / "MODEL_CARD.md").read_text(encoding="utf-8").split())
    assert (
        "trained on portraits alone (7 in training), the speech encoder on pairs of voice and face (7 in training)"
        in card
    )


def test_a_face_that_enlarging_lost_is_on_the_card(page: Page) -> None:
    text = " ".join(page.text.split())
    assert "of 8 portraits with a face 1 have none when enlarged by us, 0 bicubically" in text


def test_the_page_names_who_judged_and_shows_who_was_taken_for_whom(page: Page) -> None:
    text = " ".join(page.text.split())
    assert "age and gender judge age_gender network age_gender123".replace(" ", "") in text.replace(" ", "")
    assert "figure 5" in text and "Age, true face against generated ones" in text and "60–69" in text
    assert "Tied, 3 measures" in text and "Free, 7 measures" in text and "claims neither" in text


def test_the_papers_figures_are_named_on_both_pages(page: Page, reports: Path) -> None:
    for text in (" ".join(page.text.split()), (reports / "report.md").read_text(encoding="utf-8")):
        for words in (
            "The paper's figure 1",
            "The paper's figure 5",
            "No values of the paper's own figure 5 are known here",
        ):
            assert words in text


def test_without_a_predictor_dlib_is_a_sentence_and_definitions_are_there(page: Page, reports: Path) -> None:
    text = " ".join(page.text.split())
    assert "On dlib's 68 points, the paper's landmarks, not available: no picture was measured so; name a" in text
    assert "How each measure is taken" in text and "(62+66–8)/(4–12)" in text
    craniofacial = json.loads((reports.parent / "data/evaluation/craniofacial.json").read_text())
    assert list(craniofacial["dlib"]) == ["reason"]


def test_what_dlib_measured_has_a_table_of_its_own(tmp_path: Path, made_up: SimpleNamespace) -> None:
    made_up.write(tmp_path)
    shard, rng = tmp_path / "data/measured/00000.parquet", np.random.default_rng(0)
    rows = list(iterate_rows(shard.parent))
    for row in rows:
        row["measures_dlib"] = [(name, float(rng.normal())) for name in MEASURES] if row["faces"] else None
    write_shard(rows, MEASURED, shard)
    out = made_up.run(tmp_path)
    content = json.loads((tmp_path / "data/evaluation/craniofacial.json").read_text())
    by_dlib = content.pop("dlib")
    assert set(by_dlib) == set(content) and by_dlib["turned_away"] == content["turned_away"]
    assert content["measures"]["jaw_width"]["r"] > 0.4 > abs(by_dlib["measures"]["jaw_width"]["r"])
    for name in ("index.html", "report.md"):
        text = " ".join((out / name).read_text(encoding="utf-8").split()).replace("&#39;", "'")
        assert "Eleven craniofacial measures, on dlib's 68 points" in text
        assert "lifted to a mean face's depth" in text and "no picture was measured so" not in text


def test_markdown_points_at_figures_that_exist(reports: Path) -> None:
    named = re.findall(r"\]\((figures/[a-z_]+\.png)\)", (reports / "report.md").read_text(encoding="utf-8"))
    assert {"figures/faces.png", "figures/facial.png", "figures/super_resolution.png"} <= set(named)
    for name in named:
        with Image.open(reports / name) as image:
            assert image.format == "PNG"


def test_every_markdown_table_is_rectangular(reports: Path) -> None:
    lines = (reports / "report.md").read_text(encoding="utf-8").splitlines()
    widths = [len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0 for line in lines]
    for above, below in pairwise(widths):
        assert above == below or 0 in (above, below)
    assert max(widths) > 5


def test_the_report_is_the_same_bytes_twice(tmp_path: Path, reports: Path, made_up: SimpleNamespace) -> None:
    again = tmp_path / "again"
    again.mkdir()
    (again / "data").symlink_to(reports.parent / "data")
    second = made_up.run(again)
    files = sorted(path.relative_to(reports) for path in reports.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    for name in files:
        assert (reports / name).read_bytes() == (second / name).read_bytes(), name


def test_a_run_in_which_nothing_is_found_reports_sentences(tmp_path: Path, made_up: SimpleNamespace) -> None:
    made_up.write(tmp_path)
    nothing = {"faces": 0, "embedding": None, "age": None, "male": None, "yaw_degrees": None, "measures": None}
    rows = [
        made_up.measured(source, f"v{index}", np.zeros(11), np.ones(512), **nothing, **place)
        for index in range(5)
        for source, place in (("true", {}), *(("generated", {"guidance": w, "sample": 0}) for w in made_up.weights))
    ]
    write_shard(rows, MEASURED, tmp_path / "data/measured/00000.parquet")
    for name in ("models", "ledger"):
        (tmp_path / "data" / name).rename(tmp_path / name)
    out = made_up.run(tmp_path)
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["age_r"] is None and metrics["age_r_margin"] is None
    assert metrics["one_face"] == 0.0 and metrics["measures_beyond_chance"] == 0
    assert "not available: " in (out / "index.html").read_text(encoding="utf-8")


def constant(rows: list[dict[str, Any]]) -> None:
    """One face for everybody."""
    first = next(row for row in rows if row["source"] == "generated" and row["faces"])
    for row in rows:
        if row["source"] == "generated":
            row.update({key: first[key] for key in ("age", "male", "embedding", "measures")})


def not_numbers(rows: list[dict[str, Any]]) -> None:
    """What a network says of a broken picture."""
    for row in rows:
        if row["source"] == "generated":
            row.update(embedding=[float("nan")] * 512, age=float("nan"), male=float("nan"))
            row.update(measures=[(name, float("nan")) for name in MEASURES])


def one_voice(rows: list[dict[str, Any]]) -> None:
    """All but the first clip is gone."""
    kept = next(row["id"] for row in rows if row["source"] == "true")
    rows[:] = [row for row in rows if row["id"] == kept]


@pytest.mark.parametrize("harm", [constant, not_numbers, one_voice])
def test_degenerate_faces_are_reported_in_sentences_and_never_as_numbers(
    tmp_path: Path, made_up: SimpleNamespace, harm: Callable[[list[dict[str, Any]]], None]
) -> None:
    made_up.write(tmp_path)
    rows = list(iterate_rows(tmp_path / "data/measured"))
    harm(rows)
    write_shard(rows, MEASURED, tmp_path / "data/measured/00000.parquet")
    out = made_up.run(tmp_path)
    metrics = json.loads((out / "metrics.json").read_text())
    for name in ("age_r", "recall_at_10_by_face"):
        assert metrics[name] is None and metrics[f"{name}_margin"] is None
    assert metrics["measures_beyond_chance"] == 0
    text = " ".join(Page((out / "index.html").read_text(encoding="utf-8")).text.split())
    assert text.count("not available: ") > 10 and " nan" not in text.lower()
    assert ("all generated faces look alike" in text) == (harm is constant)

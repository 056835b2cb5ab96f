"""The funnel's arithmetic and the training curves' lines, before anything is drawn."""

from collections import Counter
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from s2f.corpus.queries import funnel as asked
from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import write_shard
from s2f.media.failures import REASONS, status_of
from s2f.reporting.drawing import as_svg
from s2f.reporting.figures import funnel, groups, steps, training
from s2f.reporting.sources import Funnel, Model, read_funnel


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Ten items that were kept, and of the reasons one, two, three …; the first of each was never asked for."""
    ends = [(None, 10), *((reason, count) for count, reason in enumerate(REASONS, 1))]
    rows = [
        {field.name: None for field in LEDGER}
        | {"id": f"{reason}{index}", "status": status_of(reason or "ok"), "reason": reason}
        | {"attempts": min(index, 2) if reason else 1}
        for reason, count in ends
        for index in range(count)
    ]
    write_shard(rows, LEDGER, tmp_path / "00000.parquet")
    return tmp_path


def test_the_funnel_loses_what_corpus_status_says_it_loses(ledger: Path) -> None:
    left = asked(ledger)
    assert [count for _, count, _ in steps(read_funnel(ledger))] == [
        left[name] for name in ("tried", "fetched", "usable_media", "one_face", "kept")
    ]


def test_every_reason_is_lost_once_and_what_is_left_is_kept(ledger: Path) -> None:
    content = read_funnel(ledger)
    rows = steps(content)
    assert sum((Counter(row) for _, _, row in rows), Counter()) == content.by_reason
    assert {reason for _, _, row in rows for reason in row} == set(REASONS)
    assert rows[-1][1] == content.ok == 10


def test_what_is_too_short_by_its_list_was_not_fetched_and_what_is_by_its_file_was() -> None:
    content = Funnel(tried=5, ok=2, by_reason={"too_short": 2, "bad_row": 1}, unasked={"too_short": 1, "bad_row": 1})
    assert steps(content)[1:3] == [("fetched", 3, {"too_short": 1, "bad_row": 1}), ("decoded", 2, {"too_short": 1})]


def test_a_reason_nobody_knows_is_lost_too() -> None:
    assert steps(Funnel(tried=5, ok=3, by_reason={"eaten": 2}))[-1] == ("in its place: kept", 3, {"eaten": 2})


def test_the_funnel_says_what_was_lost_and_how_much_is_left() -> None:
    content = Funnel(tried=8, ok=4, by_reason={"no_face": 2, "removed": 1, "private": 1})
    svg = as_svg(funnel(content), 7, 3, "f", "words")
    for words in ("8 · 100.0%", "6 · 75.0%", "4 · 50.0%", "−2\xa0no\xa0face", "−2: 1\xa0removed, 1\xa0private"):
        assert words in svg, words


def test_training_and_validation_are_two_lines_over_the_same_steps() -> None:
    history = [{"step": 10.0 * k, "loss": 1.0 / k, "loss_q1": None, "validation_loss": 2.0 / k} for k in (1, 2, 3)]
    figure = Figure()
    training([Model("face_decoder", history)])(figure)
    lines = {str(line.get_label()): line.get_xydata().tolist() for line in figure.axes[0].lines}
    assert lines == {
        "training": [[10, 1], [20, 1 / 2], [30, 1 / 3]],
        "validation": [[10, 2], [20, 1], [30, 2 / 3]],
    }


def test_the_groups_figure_tells_its_lines_apart_and_leaves_out_whom_nobody_is_in() -> None:
    row = {"value": 0.8, "low": 0.7, "high": 0.9}
    rows = [{"group": name, "people": people, "headlines": {"age_r": row}} for name, people in (("a", 9), ("b", 0))]
    content = {"groups": rows, "headlines": {"age_r": row}}
    alone = as_svg(groups(content), 7, 3, "g", "words")
    assert "all together" in alone and "chance" not in alone
    assert "a (9)" in alone and "b (0)" not in alone
    assert "chance" in as_svg(groups(content, {"age_r": 0.0}), 7, 3, "g", "words")

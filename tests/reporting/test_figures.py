"""The funnel's arithmetic and the training curves' lines, before anything is drawn."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from s2f.corpus.status import funnel as asked
from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import write_shard
from s2f.media.failures import REASONS, Failure
from s2f.reporting.drawing import as_svg
from s2f.reporting.figures import funnel, steps, training
from s2f.reporting.sources import Funnel, Model, read_funnel


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Ten items that were kept, and of the reasons one, two, three …"""
    ends = [(None, 10), *((reason, count) for count, reason in enumerate(REASONS, 1))]
    rows = [
        {field.name: None for field in LEDGER}
        | {"id": f"{reason}{index}", "status": Failure(reason, "").status if reason else "ok", "reason": reason}
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
    lost = {reason: count for _, _, row in rows for reason, count in row.items()}
    assert lost == content.by_reason
    assert sum(len(row) for _, _, row in rows) == len(REASONS)
    assert rows[-1][1] == content.ok == 10


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

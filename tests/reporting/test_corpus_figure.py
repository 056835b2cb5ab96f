"""The funnel's arithmetic, and what is written beside its bars."""

from collections import Counter
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from s2f.corpus.queries import funnel as asked
from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import write_shard
from s2f.media.failures import REASONS, status_of
from s2f.reporting.corpus_figure import PORTRAITS, funnel, height, in_words, steps
from s2f.reporting.drawing import as_svg
from s2f.reporting.sources import Funnel, read_funnel

CONTENT = Funnel(tried=1000, ok=996, by_reason={"no_face": 2, "removed": 1, "corrupt": 1})


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


def test_the_funnel_writes_what_is_left_and_what_was_lost_to_which_reason() -> None:
    svg = as_svg(funnel(CONTENT), 7, 3, "f", "words")
    for words in (
        "1,000 · 100.0%",
        "999 · 99.9%",
        "998 · 99.8%",
        "996 · 99.6%",
        ">no face<",
        "2 · 0.2%",
        "not decoded",
    ):
        assert words in svg, words
    assert "not in its place" not in svg  # nothing was lost there
    assert "nothing" in as_svg(funnel(Funnel(tried=8, ok=8)), 7, 3, "f", "words")
    assert as_svg(funnel(Funnel()), 7, 3, "f", "words")


def test_losses_have_a_scale_of_their_own() -> None:
    figure = Figure()
    funnel(CONTENT)(figure)
    left, right = figure.axes
    assert left.get_xlim()[1] > 1000 and right.get_xlim()[1] < 10


def test_the_figure_grows_with_the_reasons() -> None:
    assert height(Funnel(by_reason=dict.fromkeys(map(str, range(20)), 1))) > 2 * height(CONTENT)


def test_pictures_are_read_and_not_fetched() -> None:
    assert in_words(CONTENT, PORTRAITS) == (
        "Left after each step: 1,000 tried, 999 read, 998 decoded, 996 exactly one face, 996 kept. "
        "Lost: 2 no face, 1 removed, 1 corrupt."
    )
    assert in_words(Funnel(tried=1, ok=1)).endswith("Lost: none.")

import itertools
from pathlib import Path

import pytest

from s2f.dataset.lanes import Lane, count_lanes, rows_before
from s2f.dataset.row_groups import Group

SIZES = (16, 16, 16, 16, 16, 16, 11)
GROUPS = [Group(Path(f"{index:05d}"), 0, rows) for index, rows in enumerate(SIZES)]
ROWS = sum(SIZES)


def drawn(index, lanes, count, first=0, seed=1):
    """`count` rows of a lane, each as group and number, from row `first` on."""
    rows = []
    for window, skip in Lane(GROUPS, seed, index, lanes, 32).windows(first):
        rows += [(window.parts[part][0].path, row) for part, row in window.order[skip:]]
        if len(rows) >= count:
            return rows[:count]


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_lanes_share_out_every_row_of_every_pass(lanes):
    for number in range(5):
        begins = [rows_before(number, index, lanes, ROWS) for index in range(lanes)]
        ends = [rows_before(number + 1, index, lanes, ROWS) for index in range(lanes)]
        rows = [
            drawn(index, lanes, end - begin, begin) for index, (begin, end) in enumerate(zip(begins, ends, strict=True))
        ]
        met = list(itertools.chain(*rows))
        assert len(met) == len(set(met)) == ROWS


def test_no_lane_is_ever_more_than_a_row_ahead():
    for number in range(200):
        before = [rows_before(number, index, 8, ROWS) for index in range(8)]
        assert max(before) - min(before) <= 1
        assert sum(before) == number * ROWS


@pytest.mark.parametrize("first", [0, 1, 26, 27, 53, 400, 10_001])
def test_a_lane_goes_on_anywhere(first):
    whole = drawn(2, 4, 10_100)
    assert drawn(2, 4, 60, first) == whole[first : first + 60]


def test_passes_differ_and_so_do_seeds():
    assert drawn(0, 1, ROWS) != drawn(0, 1, ROWS, ROWS)
    assert drawn(0, 1, ROWS) != drawn(0, 1, ROWS, seed=2)


def test_windows_hold_no_more_rows_than_asked_and_are_shuffled():
    for window, _ in itertools.islice(Lane(GROUPS, 1, 0, 1, 32).windows(0), 20):
        assert len(window.order) <= 32
        assert len(set(window.order)) == len(window.order) == sum(stop - start for _, start, stop in window.parts)
        assert window.order != tuple(sorted(window.order))


def test_lanes_do_not_end_their_windows_at_one_step():
    many = [Group(Path(str(index)), 0, 16) for index in range(800)]
    first = [len(next(Lane(many, 1, index, 8, 128).windows(0))[0].order) for index in range(8)]
    assert first == [16, 32, 48, 64, 80, 96, 112, 128]


def test_as_many_lanes_as_divide_the_batch_and_have_a_group_each():
    assert [count_lanes(batch, 100) for batch in (128, 12, 6, 5)] == [8, 4, 2, 1]
    assert [count_lanes(128, groups) for groups in (1, 3, 7, 8)] == [1, 2, 4, 8]

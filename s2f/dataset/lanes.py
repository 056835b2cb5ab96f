"""In which order rows are trained on: whose turn it is follows from the seed, a step and how large a batch is.

A pass over the data lays the row groups of all shards end to end in a new order and cuts all their rows into lanes of
equal length (but for a row; which lanes have one more changes from pass to pass). A batch takes as many rows from each
lane. Within a lane rows are shuffled a window of some groups at a time, so windows are all that is ever in memory; and
processes that share a batch share out the lanes: each reads what it trains on and little else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from s2f.dataset.row_groups import Group
from s2f.runtime import derive_seed

MOST_LANES = 8  # as many as a machine usually has GPUs


@dataclass(frozen=True)
class Window:
    """Rows that are shuffled together: of each of a few groups those from `start` to `stop`, and their new order."""

    parts: tuple[tuple[Group, int, int], ...]
    order: tuple[tuple[int, int], ...]  # which part, and which row of its group


def count_lanes(batch: int, groups: int) -> int:
    """So many lanes that each gives a batch as many rows, and none is without a group."""
    return next(lanes for lanes in (MOST_LANES, 4, 2, 1) if batch % lanes == 0 and lanes <= groups)


@dataclass(frozen=True)
class Lane:
    """Number `index` of `lanes`."""

    groups: Sequence[Group]
    seed: int
    index: int
    lanes: int
    window_rows: int

    def windows(self, first: int) -> Iterator[tuple[Window, int]]:
        """Without end from the one that holds row `first` of the lane on; with it, how many of its rows come before."""
        number = first * self.lanes // count(self.groups)
        while self._before(number) > first:
            number -= 1
        while self._before(number + 1) <= first:
            number += 1
        skip = first - self._before(number)
        while True:
            for window in self._pass(number):
                if skip < len(window.order):
                    yield window, skip
                skip = max(0, skip - len(window.order))
            number += 1

    def _before(self, number: int) -> int:
        return rows_before(number, self.index, self.lanes, count(self.groups))

    def _pass(self, number: int) -> Iterator[Window]:
        """The windows of this lane in a pass."""
        rng = np.random.default_rng(derive_seed(self.seed, "groups", number))
        groups = [self.groups[index] for index in rng.permutation(len(self.groups))]
        ends = [rows_before(number + 1, index, self.lanes, count(groups)) for index in range(self.lanes)]
        begins = [rows_before(number, index, self.lanes, count(groups)) for index in range(self.lanes)]
        lengths = [end - begin for end, begin in zip(ends, begins, strict=True)]
        start, stop = sum(lengths[: self.index]), sum(lengths[: self.index + 1])
        rng = np.random.default_rng(derive_seed(self.seed, "rows", number, self.index))
        # The first is shorter, in each lane by another share: they are not all read anew at one step.
        room = max(1, self.window_rows * (self.index + 1) // self.lanes)
        parts: list[tuple[Group, int, int]] = []
        position = held = 0
        for group in groups:
            low, high = max(start - position, 0), min(stop - position, group.rows)
            position += group.rows
            if low >= high:
                continue
            if held and held + high - low > room:
                yield shuffled(parts, rng)
                parts, held, room = [], 0, self.window_rows
            parts.append((group, low, high))
            held += high - low
        if parts:
            yield shuffled(parts, rng)


def count(groups: Sequence[Group]) -> int:
    """Rows of all groups."""
    return sum(group.rows for group in groups)


def rows_before(number: int, index: int, lanes: int, rows: int) -> int:
    """Rows that lane `index` has in the passes before pass `number`; each lane has its share of all, rounded."""
    each, over = divmod(rows, lanes)
    return number * each + (number * over + lanes - 1 - index) // lanes


def shuffled(parts: Sequence[tuple[Group, int, int]], rng: np.random.Generator) -> Window:
    """A window of these rows."""
    rows = [(number, row) for number, (_, start, stop) in enumerate(parts) for row in range(start, stop)]
    return Window(tuple(parts), tuple(rows[index] for index in rng.permutation(len(rows))))

"""Batches straight from Parquet: shuffled across shards by a seed, resumable at any step, in bounded memory.

Which rows make up batch number k follows from the seed and k alone (`lanes.py`): a step number is all the state there
is, and it means the same for one process and for several that share each batch.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch

from s2f.dataset.lanes import Lane, Window, count, count_lanes
from s2f.dataset.row_groups import Columns, list_groups, read_group
from s2f.faces.images import decode_image
from s2f.params.labels import GENDERS
from s2f.runtime import InputError

Batch = dict[str, torch.Tensor]
Row = dict[str, Any]

WINDOW_ROWS = 512  # in memory: 315 MB of six-second spectrograms, 10 MB of 128-pixel faces
AHEAD = 2  # batches that are read while another is trained on
DECODERS = min(8, os.cpu_count() or 1)  # threads; of a picture's time nearly all is spent outside Python


class Batches:
    """The batches of one split."""

    def __init__(
        self, folder: Path | str, columns: Sequence[str], batch: int, seed: int, window_rows: int = WINDOW_ROWS
    ) -> None:
        """`columns` of the split's shards: media become uint8 pictures, genders numbers, everything else what it is.

        Raises:
            InputError: no rows, or fewer than one batch.
        """
        self.groups = list_groups(folder)
        self.rows = count(self.groups)
        if not self.rows:
            raise InputError(f"{folder}: no rows; allowed: a split with shards that a flow has built.")
        if self.rows < batch:
            raise InputError(f"{folder}: {self.rows} rows are fewer than one batch; allowed: batch ≤ {self.rows}.")
        self.folder, self.columns, self.batch, self.seed, self.window_rows = folder, columns, batch, seed, window_rows

    @property
    def steps_per_epoch(self) -> float:
        """Batches in one pass over the rows."""
        return self.rows / self.batch

    def iterate(self, step: int = 0, part: int = 0, parts: int = 1) -> Iterator[Batch]:
        """Batches number `step`, `step` + 1, … without end, or one process's part of each.

        `parts` divides the batch. The next ones are read meanwhile, by a thread.
        """
        with ThreadPoolExecutor(DECODERS) as decoders, ThreadPoolExecutor(1) as reader:
            batches = (collate(rows, decoders) for rows in self._rows(self.columns, step, part, parts))
            waiting = deque(reader.submit(next, batches) for _ in range(AHEAD))
            try:
                while True:
                    read = waiting.popleft().result()
                    waiting.append(reader.submit(next, batches))
                    yield read
            finally:
                reader.shutdown(cancel_futures=True)

    def ids(self, step: int) -> list[str]:
        """The rows of batch number `step`, by their first column."""
        column = pq.read_schema(self.groups[0].path).names[0]
        return [row[column] for row in next(self._rows((column,), step, 0, 1))]

    def _rows(self, columns: Sequence[str], step: int, part: int, parts: int) -> Iterator[list[Row]]:
        lanes = count_lanes(self.batch, len(self.groups))
        each, own = self.batch // lanes, self.batch // parts
        mine = range(part * own, (part + 1) * own)
        takers = []
        for index in range(lanes):
            wanted = {place - index * each for place in mine if place // each == index}
            if wanted:
                lane = Lane(self.groups, self.seed, index, lanes, max(1, self.window_rows // lanes))
                takers.append(take(lane, columns, step * each, each, wanted))
        while True:
            yield [row for taker in takers for row in next(taker)]


def take(lane: Lane, columns: Sequence[str], first: int, each: int, wanted: Set[int]) -> Iterator[list[Row]]:
    """From a lane's row number `first` on, the `wanted` ones of every `each` rows."""
    place, found = 0, []
    for window, skip in lane.windows(first):
        read = read_window(window, columns)
        for part, row in window.order[skip:]:
            if place in wanted:
                found.append({name: values[row] for name, values in read[part].items()})
            place += 1
            if place == each:
                yield found
                place, found = 0, []


def read_window(window: Window, columns: Sequence[str]) -> list[Columns]:
    """Its groups, one after the other."""
    return [read_group(group, columns) for group, _, _ in window.parts]


def collate(rows: Sequence[Row], decoders: ThreadPoolExecutor) -> Batch:
    """Rows as tensors (b, …), their pictures decoded; in memory that a GPU reads by itself, where there is one."""
    batch = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        if isinstance(values[0], bytes):
            values = list(decoders.map(decode_image, values))
        elif name == "gender":
            values = [np.float32(GENDERS.get(value, np.nan)) for value in values]
        tensor = torch.from_numpy(np.stack(values))
        batch[name] = tensor.pin_memory() if torch.cuda.is_available() else tensor
    return batch

"""Batches straight from Parquet: shuffled across shards by a seed, resumable at any step, in bounded memory.

Every pass over the data shuffles the row groups of all shards, cuts them into windows of a few row groups, and
shuffles the rows of each window, so one window is all that is ever in memory. Which rows make up batch number k follows
from the seed and k alone: a step number is all the state there is. Each row comes once per pass, and a batch may reach
over a pass's end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from s2f.dataset.shards import shard_paths
from s2f.faces.images import decode_image
from s2f.runtime import InputError, derive_seed

Batch = dict[str, torch.Tensor]

WINDOW_ROWS = 512  # shuffled together: 315 MB of six-second spectrograms, 10 MB of 128-pixel faces


@dataclass(frozen=True)
class Group:
    """One row group of one shard."""

    path: Path
    index: int
    rows: int


class Batches:
    """The batches of one split."""

    def __init__(
        self, folder: Path | str, columns: Sequence[str], batch: int, seed: int, window_rows: int = WINDOW_ROWS
    ) -> None:
        """`columns` of the split's shards: media become uint8 pictures, everything else what it is.

        Raises:
            InputError: no rows, or fewer than one batch.
        """
        self.groups = list_groups(folder)
        self.rows = sum(group.rows for group in self.groups)
        if not self.rows:
            raise InputError(f"{folder}: no rows; allowed: a split with shards that a flow has built.")
        if self.rows < batch:
            raise InputError(f"{folder}: {self.rows} rows are fewer than one batch; allowed: batch ≤ {self.rows}.")
        self.columns, self.batch, self.seed, self.window_rows = tuple(columns), batch, seed, window_rows

    @property
    def steps_per_epoch(self) -> float:
        """Batches in one pass over the rows."""
        return self.rows / self.batch

    def iterate(self, step: int = 0) -> Iterator[Batch]:
        """Batches number `step`, `step` + 1, … without end."""
        epoch, skip = divmod(step * self.batch, self.rows)
        rows: list[dict[str, Any]] = []
        for row in self._rows(epoch, skip):
            rows.append(row)
            if len(rows) == self.batch:
                yield collate(rows)
                rows = []

    def _rows(self, epoch: int, skip: int) -> Iterator[dict[str, Any]]:
        """Rows from number `skip` of pass `epoch` on; windows that are skipped whole are not read."""
        while True:
            rng = np.random.default_rng(derive_seed(self.seed, "rows", epoch))
            for groups in self._windows(rng):
                order = rng.permutation(sum(group.rows for group in groups))
                if skip >= len(order):
                    skip -= len(order)
                    continue
                window = read_window(groups, self.columns)
                for index in order[skip:]:
                    yield take_row(window, index)
                skip = 0
            epoch += 1

    def _windows(self, rng: np.random.Generator) -> Iterator[list[Group]]:
        """All row groups in a new order, as many at a time as fit a window."""
        window: list[Group] = []
        for index in rng.permutation(len(self.groups)):
            group = self.groups[index]
            if window and sum(one.rows for one in window) + group.rows > self.window_rows:
                yield window
                window = []
            window.append(group)
        yield window


def list_groups(folder: Path | str) -> list[Group]:
    """Every row group of a split that has rows, from the shards' footers alone."""
    groups = []
    for path in shard_paths(folder):
        metadata = pq.read_metadata(path)
        groups += [Group(path, index, metadata.row_group(index).num_rows) for index in range(metadata.num_row_groups)]
    return [group for group in groups if group.rows]


def count_rows(folder: Path | str) -> int:
    """Rows of a split, from the footers."""
    return sum(group.rows for group in list_groups(folder))


def read_window(groups: Sequence[Group], columns: Sequence[str]) -> dict[str, Sequence[Any]]:
    """The groups' rows by column: media as their bytes, everything else as one array (rows, …)."""
    tables = []
    for group in groups:
        with pq.ParquetFile(group.path) as file:
            tables.append(file.read_row_group(group.index, columns=list(columns)))
    parts = {name: [as_sequence(table[name].combine_chunks()) for table in tables] for name in columns}
    return {name: Joined(sequences) for name, sequences in parts.items()}


class Joined(Sequence[Any]):
    """Several sequences as one, without a copy."""

    def __init__(self, parts: Sequence[Sequence[Any] | NDArray[Any]]) -> None:
        self.parts = parts
        self.starts = np.cumsum([0] + [len(part) for part in parts])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __getitem__(self, index: Any) -> Any:
        part = int(np.searchsorted(self.starts, index, side="right")) - 1
        return self.parts[part][index - self.starts[part]]


def as_sequence(column: pa.Array) -> Sequence[Any] | NDArray[Any]:
    """A column without a copy where Arrow allows it."""
    if isinstance(column, pa.FixedShapeTensorArray):
        return column.to_numpy_ndarray()
    if pa.types.is_fixed_size_list(column.type):
        return column.flatten().to_numpy().reshape(len(column), column.type.list_size)
    if pa.types.is_struct(column.type):
        return column.field("bytes")
    return column.to_numpy(zero_copy_only=False)


def take_row(window: dict[str, Sequence[Any]], index: int) -> dict[str, Any]:
    """Row `index` of a window, its picture decoded."""
    row = {name: column[index] for name, column in window.items()}
    return {name: decode_image(value.as_py()) if isinstance(value, pa.Scalar) else value for name, value in row.items()}


def collate(rows: Sequence[dict[str, Any]]) -> Batch:
    """Rows as tensors (b, …)."""
    return {name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in rows[0]}

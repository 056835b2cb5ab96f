"""Row groups of Parquet shards: what there is, from the footers alone, and their columns as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from s2f.dataset.shards import shard_paths

Columns = dict[str, Sequence[Any] | NDArray[Any]]


@dataclass(frozen=True)
class Group:
    """One row group of one shard."""

    path: Path
    index: int
    rows: int


def list_groups(folder: Path | str) -> list[Group]:
    """Every row group of a split that has rows, in the shards' order."""
    groups = []
    for path in shard_paths(folder):
        metadata = pq.read_metadata(path)
        groups += [Group(path, index, metadata.row_group(index).num_rows) for index in range(metadata.num_row_groups)]
    return [group for group in groups if group.rows]


def count_rows(folder: Path | str) -> int:
    """Rows of a split."""
    return sum(group.rows for group in list_groups(folder))


def count_known(folder: Path | str, column: str) -> int:
    """Rows of a split in which a label is known, by the footers."""
    known = 0
    for path in shard_paths(folder):
        metadata = pq.read_metadata(path)
        index = metadata.schema.names.index(column)
        for group in range(metadata.num_row_groups):
            chunk = metadata.row_group(group).column(index)
            known += chunk.num_values - chunk.statistics.null_count
    return known


def read_group(group: Group, names: Sequence[str]) -> Columns:
    """The group's rows by column: media as their bytes, everything else as an array (rows, …) or a list."""
    with pq.ParquetFile(group.path) as file:
        table = file.read_row_group(group.index, columns=list(names))
    return {name: as_sequence(table[name].combine_chunks()) for name in names}


def as_sequence(column: pa.Array | pa.ChunkedArray) -> Sequence[Any] | NDArray[Any]:
    """A column without a copy where Arrow allows it."""
    if isinstance(column, pa.FixedShapeTensorArray):
        return column.to_numpy_ndarray()
    if pa.types.is_fixed_size_list(column.type):
        return column.flatten().to_numpy().reshape(len(column), column.type.list_size)
    if pa.types.is_struct(column.type):
        return column.field("bytes").to_pylist()
    return column.to_numpy(zero_copy_only=False)

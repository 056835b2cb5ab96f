"""Parquet shards: written whole or not at all, a row group in memory at a time, the same rows always the same bytes."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from s2f.runtime import new_beside, put_in_place, replace_file

ROWS_PER_GROUP = 16  # half a training batch or so: what a random read costs, and what a writer holds


def shard_name(index: int) -> str:
    """File name of shard `index`: 00007.parquet."""
    return f"{index:05d}.parquet"


def shard_paths(folder: Path | str) -> list[Path]:
    """The shards of a split, in order."""
    return sorted(Path(folder).glob("[0-9]*.parquet"))


class ShardWriter:
    """Takes rows one by one; the shard appears when it is closed, and not at all if it never had a row."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.schema = path, schema
        self.rows = 0
        self._group: list[dict[str, Any]] = []
        self._temporary: Path | None = None
        self._writer: pq.ParquetWriter | None = None

    def add(self, row: dict[str, Any]) -> None:
        """One more row (by column name); columns that the schema does not have are left out."""
        self.rows += 1
        self._group.append(row)
        if len(self._group) == ROWS_PER_GROUP:
            self._write_group()

    def close(self) -> Path | None:
        """The finished file, or None where there was no row."""
        if self._group:
            self._write_group()
        if self._writer is None or self._temporary is None:
            return None
        self._writer.close()
        self._writer = None
        put_in_place(self._temporary, self.path)
        return self.path

    def abandon(self) -> None:
        """Leave nothing of a shard that was not closed; after `close`, do nothing."""
        if self._writer is not None:
            self._writer.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)

    def _write_group(self) -> None:
        if self._writer is None:
            self._temporary = new_beside(self.path)
            self._writer = pq.ParquetWriter(self._temporary, self.schema, **encoding(self.schema))
        self._writer.write_table(to_table(self._group, self.schema), row_group_size=ROWS_PER_GROUP)
        self._group = []


def write_shard(rows: Iterable[dict[str, Any]], schema: pa.Schema, path: Path | str) -> None:
    """Write rows (dicts by column name) as one shard, atomically and reproducibly; none make an empty one."""
    writer = ShardWriter(Path(path), schema)
    try:
        for row in rows:
            writer.add(row)
        if writer.close() is None:
            sink = pa.BufferOutputStream()
            pq.write_table(schema.empty_table(), sink, **encoding(schema))
            replace_file(Path(path), sink.getvalue().to_pybytes())
    finally:
        writer.abandon()


def encoding(schema: pa.Schema) -> dict[str, Any]:
    """How pyarrow writes shards of this schema: a tensor's numbers as they are, with neither dictionary nor range.

    Both are in vain for measured values, and were two thirds of the time of writing a spectrogram, and of reading one.
    Splitting float16 into streams of bytes would save a tenth of the file, and DuckDB could not read it.
    """
    plain = [field.name for field in schema if not _holds_many(field.type)]
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": plain,
        "write_statistics": plain,
        "write_page_checksum": True,
        "store_schema": True,
    }


def _holds_many(kind: pa.DataType) -> bool:
    return isinstance(kind, pa.BaseExtensionType) or pa.types.is_nested(kind)


def to_table(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as an Arrow table of exactly `schema`; tensors are given as NumPy arrays of the tensor's shape."""
    columns = []
    for field in schema:
        values = [row[field.name] for row in rows]
        if isinstance(field.type, pa.FixedShapeTensorType):
            flat = [None if value is None else value.reshape(-1) for value in values]
            storage = pa.array(flat, type=field.type.storage_type)
            columns.append(pa.ExtensionArray.from_storage(field.type, storage))
        else:
            columns.append(pa.array(values, type=field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def from_table(table: pa.Table) -> list[dict[str, Any]]:
    """Rows of a table as `to_table` takes them: tensors as NumPy arrays, all else as Python values."""
    columns = {}
    for field in table.schema:
        column = table[field.name].combine_chunks()
        if isinstance(field.type, pa.FixedShapeTensorType):
            columns[field.name] = list(column.to_numpy_ndarray())
        else:
            columns[field.name] = column.to_pylist()
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def is_shard(path: Path | str, schema: pa.Schema) -> bool:
    """Whether a complete shard with this schema lies at `path`."""
    try:
        return pq.read_schema(path).equals(schema)
    except (OSError, pa.ArrowInvalid):
        return False


def iterate_rows(folder: Path | str, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Rows of a split in order, a row group in memory at a time; nested columns as Python values."""
    for path in shard_paths(folder):
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                yield from file.read_row_group(group, columns=columns).to_pylist()

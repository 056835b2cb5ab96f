"""Parquet shards: written whole or not at all, the same rows always the same bytes."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_GROUP = 32  # one training batch or so: what a random read costs


def shard_name(index: int) -> str:
    """File name of shard `index`: 00007.parquet."""
    return f"{index:05d}.parquet"


def shard_paths(folder: Path | str) -> list[Path]:
    """The shards of a split, in order."""
    return sorted(Path(folder).glob("[0-9]*.parquet"))


def replace_file(path: Path, content: bytes) -> None:
    """Write beside `path`, then rename: a reader sees the old file or the new one, whatever is killed when."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_shard(rows: Sequence[dict[str, Any]], schema: pa.Schema, path: Path | str) -> None:
    """Write rows (dicts by column name) as one shard, atomically and reproducibly."""
    replace_file(Path(path), shard_bytes(rows, schema))


def shard_bytes(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> bytes:
    """Rows (dicts by column name) as a Parquet file's content; the schema's metadata go into its footer."""
    sink = pa.BufferOutputStream()
    pq.write_table(to_table(rows, schema), sink, row_group_size=ROWS_PER_GROUP, compression="zstd", store_schema=True)
    return sink.getvalue().to_pybytes()


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

"""A Parquet file of pictures: which column they are in, what they are called, and its values one by one."""

from collections.abc import Iterator
from itertools import accumulate, chain, islice, repeat
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from s2f.corpus.pictures.names import LONGEST
from s2f.runtime import InputError, sentence

NAMES = ("image", "img", "picture", "face", "photo", "jpg", "jpeg", "png", "webp", "bytes", "content")
MOST_GROUP_BYTES = 2**31  # of a row group; writers for pictures put a hundred rows into one
BROKEN = (pa.ArrowException, OSError, ValueError, MemoryError)  # a page that is none is an OSError to the library


class Table(NamedTuple):
    """One file: its column of pictures, and how many rows are before each of its row groups, and in all."""

    path: Path
    column: str  # dotted, to the bytes
    paths: str | None  # likewise, to the pictures' own names
    starts: tuple[int, ...]


def values(path: Path, column: str, groups: list[int] | None = None) -> Iterator[Any]:
    """Arrow scalars of a column, of some row groups or all; a row at a time, since a value may stand in many rows."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(1, row_groups=groups, columns=[column], use_threads=False):
            cells = batch.column(0)
            yield (cells.flatten()[0] if pa.types.is_struct(cells.type) else cells)[0]


def read_table(path: Path) -> Table:
    """
    Raises:
        InputError: no Parquet, no column of pictures or several, or row groups too large to be unpacked.
    """
    try:
        with pq.ParquetFile(path) as file:
            column, paths = _columns(file.schema_arrow, path)
            groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
            rows = [group.num_rows for group in groups]
            sizes = [group.total_byte_size for group in groups]  # not group.column(…): damage there ends the process
    except BROKEN as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"portraits.source: {path} is no Parquet that can be read ({sentence(error)}).") from None
    if min(rows, default=0) < 0:
        raise InputError(f"portraits.source: {path} is damaged: it has {min(rows)} rows.")
    if (largest := max(sizes, default=0)) > MOST_GROUP_BYTES:
        raise InputError(
            f"portraits.source: {path} has {largest:,} bytes in one row group, which is unpacked as a whole; "
            f"allowed: {MOST_GROUP_BYTES:,}; write it with a hundred rows to a group (row_group_size)."
        )
    return Table(path, column, paths, tuple(accumulate(rows, initial=0)))


def _columns(schema: pa.Schema, path: Path) -> tuple[str, str | None]:
    """The column of pictures and that of their names, dotted.

    Raises:
        InputError: there is none, or one cannot be told from others by its name.
    """
    found: dict[str, tuple[str, str | None]] = {}
    for field in schema:
        if _is_binary(field.type):
            found[field.name] = field.name, None
        elif pa.types.is_struct(field.type) and (inner := _children(field.type)):
            found[field.name] = f"{field.name}.bytes", f"{field.name}.path" if "path" in inner else None
    if len(found) == 1:
        return next(iter(found.values()))
    named = {column.lower(): place for column, place in found.items()}
    for name in NAMES:
        if name in named:
            return named[name]
    columns = ", ".join(f"{field.name} ({field.type})" for field in schema)
    which = "several columns that may hold pictures" if found else "no column of pictures"
    raise InputError(
        f"portraits.source: {path} has {which}; expected bytes, or a struct of bytes and path, named "
        f"{', '.join(NAMES[:6])} or the like; found: {columns[:500]}."
    )


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _children(struct: pa.DataType) -> set[str]:
    """Which of bytes and path a struct has; none of them without bytes."""
    kinds = {struct.field(index).name: struct.field(index).type for index in range(struct.num_fields)}
    if "bytes" not in kinds or not _is_binary(kinds["bytes"]):
        return set()
    is_text = "path" in kinds and (pa.types.is_string(kinds["path"]) or pa.types.is_large_string(kinds["path"]))
    return {"bytes", "path"} if is_text else {"bytes"}


def own_names(table: Table) -> Iterator[str | None]:
    """What the file calls its pictures, None where it does not; names that are far too long are cut.

    Raises:
        InputError: the column of names cannot be read.
    """
    named = values(table.path, table.paths) if table.paths else ()
    try:
        for value in islice(chain(named, repeat(None)), table.starts[-1]):
            name = b"" if value is None or not value.is_valid else value.as_buffer()
            yield memoryview(name)[: 5 * LONGEST].tobytes().decode("utf-8", "surrogateescape") or None
    except BROKEN as error:
        raise InputError(f"portraits.source: {table.path}: its column {table.paths}: {sentence(error)}.") from None

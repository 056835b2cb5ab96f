"""Pictures in a column of Parquet: a file, or a folder of shards, as Hugging Face stores them.

The column holds bytes, or a struct of `bytes` and `path`. Rows keep their order, since a row group is unpacked as a
whole: a thread that asks for neighbours unpacks it once. It takes up to twice the group's size in memory.
"""

import bisect
import threading
from collections.abc import Iterator
from itertools import accumulate, chain, islice, repeat
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from s2f.corpus.labels import LabelFile, label_file
from s2f.corpus.pictures.names import LONGEST, Unique, problem_of, shown
from s2f.corpus.pictures.source import Entry, check_count, check_size, stamp_of
from s2f.media.failures import Failure, tidy
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


class Row(NamedTuple):
    """Where a picture is."""

    table: int
    number: int


class ParquetSource:
    """Parquet files, by name; within them, by row."""

    readers = 1  # several would each unpack every row group

    def __init__(self, root: Path, files: list[Path]) -> None:
        self._root = root
        self._tables = [_table(path) for path in files]
        self._entries: list[Entry] = []
        self._rows: dict[str, Row] = {}
        self._of_thread = threading.local()
        self._list()

    def entries(self) -> Iterator[Entry]:
        """Pictures by their own names, where they have one, else by file and row."""
        return iter(self._entries)

    def read(self, name: str) -> bytes:
        """A row's content. Cheap for the row after the last one that this thread asked for."""
        row = self._rows.get(name)
        if row is None:
            raise Failure("removed", f"{name} is not in {self._root.name}")
        value = self._cursor(row.table).value(row.number, name)
        if not value.is_valid:
            raise Failure("bad_row", f"{name}: its row holds no bytes")
        content = value.as_buffer()
        check_size(name, content.size)
        return content.to_pybytes()

    def labels(self) -> LabelFile | None:
        """`labels.csv` in the folder, or beside the file."""
        return label_file(self._root if self._root.is_dir() else self._root.parent)

    def _list(self) -> None:
        unique = Unique()
        for place, table in enumerate(self._tables):
            stamp = stamp_of(table.path)
            check_count(len(self._entries) + table.starts[-1], self._root)
            for number, own in enumerate(_own_names(table)):
                name = f"{table.path.name}#{number}" if own is None else own
                problem = problem_of(name)
                entry = Entry(unique(shown(name) if problem else name), stamp, problem)
                self._entries.append(entry)
                if problem is None:
                    self._rows[entry.name] = Row(place, number)

    def _cursor(self, table: int) -> "_Cursor":
        cursors: dict[int, _Cursor] = self._of_thread.__dict__.setdefault("cursors", {})
        if table not in cursors:
            cursors.clear()  # the last file's row group goes
            cursors[table] = _Cursor(self._tables[table])
        return cursors[table]


class _Cursor:
    """Walks through the rows of a file, one in memory besides what the library has unpacked."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._group = self._next = -1
        self._values: Iterator[Any] = iter(())
        self._broken: str | None = None

    def value(self, number: int, name: str) -> Any:
        """Row `number` of the file as an Arrow scalar."""
        group = bisect.bisect_right(self._table.starts, number) - 1
        if group != self._group or number < self._next:
            self._group, self._next, self._broken = group, self._table.starts[group], None
            self._values = _values(self._table.path, self._table.column, [group])
        value = None
        try:
            while self._broken is None and self._next <= number:
                value = next(self._values)
                self._next += 1
        except StopIteration:
            self._broken = "its row group ends before it"
        except BROKEN as error:
            if isinstance(error, OSError) and error.errno:  # the disk's, not the library's
                self._group = -1
                raise
            self._broken = sentence(error)
        if self._broken is not None or value is None:
            raise Failure("corrupt", tidy(f"{name}: {self._broken}"))
        return value


def _values(path: Path, column: str, groups: list[int] | None = None) -> Iterator[Any]:
    """Arrow scalars of a column, of some row groups or all; a row at a time, since a value may stand in many rows."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(1, row_groups=groups, columns=[column], use_threads=False):
            values = batch.column(0)
            yield (values.flatten()[0] if pa.types.is_struct(values.type) else values)[0]


def _table(path: Path) -> Table:
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


def _own_names(table: Table) -> Iterator[str | None]:
    """What the file calls its pictures, None where it does not; names that are far too long are cut.

    Raises:
        InputError: the column of names cannot be read.
    """
    values = _values(table.path, table.paths) if table.paths else ()
    try:
        for value in islice(chain(values, repeat(None)), table.starts[-1]):
            name = b"" if value is None or not value.is_valid else value.as_buffer()
            yield memoryview(name)[: 5 * LONGEST].tobytes().decode("utf-8", "surrogateescape") or None
    except BROKEN as error:
        raise InputError(f"portraits.source: {table.path}: its column {table.paths}: {sentence(error)}.") from None

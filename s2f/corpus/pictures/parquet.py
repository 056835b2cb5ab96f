"""Pictures in a column of Parquet: a file, or a folder of shards, as Hugging Face stores them.

The column holds bytes, or a struct of `bytes` and `path`. Rows keep their order, since a row group is unpacked as a
whole: a thread that asks for neighbours unpacks it once. It takes up to twice the group's size in memory.
"""

import bisect
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from s2f.corpus.labels import LabelFile, label_file
from s2f.corpus.pictures.folder import FolderSource
from s2f.corpus.pictures.names import Unique, problem_of, shown
from s2f.corpus.pictures.parquet_file import BROKEN, Table, own_names, read_table, values
from s2f.corpus.pictures.source import Entry, check_count, check_size, stamp_of
from s2f.media.failures import Failure, tidy
from s2f.runtime import sentence


class Row(NamedTuple):
    """Where a picture is."""

    table: int
    number: int


class ParquetSource:
    """Parquet files, by name; within them, by row."""

    readers = 1  # several would each unpack every row group

    def __init__(self, root: Path, files: list[Path]) -> None:
        self._root = root
        self._tables = [read_table(path) for path in files]
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
        return FolderSource(self._root).labels() if self._root.is_dir() else label_file(self._root.parent)

    def _list(self) -> None:
        unique = Unique()
        for place, table in enumerate(self._tables):
            stamp = stamp_of(table.path)
            check_count(len(self._entries) + table.starts[-1], self._root)
            for number, own in enumerate(own_names(table)):
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
            self._values = values(self._table.path, self._table.column, [group])
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

"""What was built before and may be used again, item by item, when its shard is not what is planned any more.

A list that grew or shrank moves items from shard to shard; a retry opens a shard for some of its items. The old shard
is then set aside, in a folder `.kept` that no reader of the dataset looks into, and the new ones take from it what has
the same item key: it is not fetched, decoded or looked at again. When all is built, what was set aside goes.

A shard is set aside by two renames, its data first, so that a kill between them loses nothing.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from s2f.corpus.ledger import Outcome, Proof, holds, read_ledger, read_proof
from s2f.corpus.plan import Shard
from s2f.corpus.splits import SPLITS
from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import from_table, shard_paths, write_shard
from s2f.media.failures import OK, REASONS, Failure

FOLDER = ".kept"
Row = dict[str, Any]


def set_aside(out: Path, ledger: Path, name: str, drop: Callable[[Row], bool] | None = None) -> bool:
    """Move the shard of this file name out of the dataset; items that `drop` says yes to will be tried again.

    What cannot be used again (a ledger of another version, other data than it proves) is deleted: False.
    """
    proof = read_proof(ledger / name)
    data = [path for split in SPLITS if (path := out / split / name).is_file()]
    if proof is None or not _move_data(out, proof, data, name):
        for path in data:
            path.unlink()
        (ledger / name).unlink(missing_ok=True)
        return False
    kept = ledger / FOLDER / _kept_name(name, proof)
    if drop is not None:
        entries = pq.read_table(ledger / name, schema=LEDGER).to_pylist()
        write_shard([entry for entry in entries if not drop(entry)], LEDGER, kept)  # its proof is of others
        (ledger / name).unlink()
    else:
        kept.parent.mkdir(exist_ok=True)
        (ledger / name).replace(kept)
    return True


def strip(out: Path, ledger: Path, name: str, drop: Callable[[Row], bool]) -> None:
    """Write a shard that was set aside anew, without the items that `drop` says yes to and their rows."""
    entries = list(_entries(ledger, name))
    left = [(entry, row) for entry, row in entries if not drop(entry)]
    if len(left) == len(entries):
        return
    if all(entry["status"] != OK for entry, _ in entries if drop(entry)):  # no row goes: data stay, which may be 76 GB
        write_shard([entry for entry, _ in left], LEDGER, ledger / FOLDER / name)
        return
    held = Kept(out, ledger, [name])
    stripped = f"{Path(name).stem}-{len(left)}.parquet"
    rows = (held.row(name, row) for entry, row in left if entry["status"] == OK)
    schema = pq.read_schema(out / FOLDER / name) if (out / FOLDER / name).is_file() else None
    if schema is not None:
        write_shard(rows, schema, out / FOLDER / stripped)
    write_shard([entry for entry, _ in left], LEDGER, ledger / FOLDER / stripped)
    (ledger / FOLDER / name).unlink()
    (out / FOLDER / name).unlink(missing_ok=True)


def where_kept(out: Path, ledger: Path) -> dict[str, str]:
    """Item key → file name in `.kept` of the shard that holds its end."""
    failed: dict[str, str] = {}
    kept: dict[str, str] = {}
    for name, table in usable(out, ledger):
        for item, status in zip(table["item"].to_pylist(), table["status"].to_pylist(), strict=True):
            (kept if status == OK else failed)[item] = name
    return failed | kept  # of one that was tried again, its success


def usable(out: Path, ledger: Path) -> Iterator[tuple[str, pa.Table]]:
    """File names of shards that were set aside, with their ledgers; those that cannot be used again are deleted."""
    for path in shard_paths(ledger / FOLDER):
        table = read_ledger(path)
        if table is None or (OK in table["status"].to_pylist() and not (out / FOLDER / path.name).is_file()):
            path.unlink()  # cut by a machine that went down; or its data were deleted by hand
        else:
            yield path.name, table


def drop_orphans(out: Path, ledger: Path) -> None:
    """Delete data that were set aside without a ledger: nobody can use them."""
    for path in shard_paths(out / FOLDER):
        if not (ledger / FOLDER / path.name).is_file():
            path.unlink()


def kept_of(shard: Shard, decided: str, where: dict[str, str]) -> tuple[str, ...]:
    """Names of the shards that hold ends of this one's items, by the answer of `where_kept`."""
    return tuple(sorted({where[key] for item in shard.items if (key := item.key(decided)) in where})) if where else ()


def forget(out: Path, ledger: Path) -> None:
    """Delete what was set aside: all that could be used again was."""
    for folder in (ledger / FOLDER, out / FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


class Kept:
    """Ends of items, read from some of the shards that were set aside; a row group is in memory at a time."""

    def __init__(self, out: Path, ledger: Path, names: Sequence[str]) -> None:
        self._out = out
        places = [(entry, name, row) for name in names for entry, row in _entries(ledger, name)]
        places.sort(key=lambda place: place[0]["status"] == OK)  # of one that was tried again, its success
        self._places = {place[0]["item"]: place for place in places}
        self._group: tuple[str, int, list[Row]] = ("", 0, [])  # file, number of its first row, rows

    def has(self, item: str) -> bool:
        """Whether the end of the item of this key is known."""
        return item in self._places

    def outcome(self, item: str) -> Outcome:
        """How the item of this key ended."""
        entry, name, number = self._places[item]
        if entry["status"] == OK:
            end: Row | Failure = self.row(name, number)
        else:
            end = Failure(entry["reason"], entry["message"] or "", entry["attempts"])
        return Outcome(entry["id"], end, entry["attempts"], entry["tools"])

    def row(self, name: str, number: int) -> Row:
        """A data row of a shard that was set aside."""
        held, first, rows = self._group
        if held != name or not first <= number < first + len(rows):
            first, rows = _group_of(self._out / FOLDER / name, number)
            self._group = (name, first, rows)
        return rows[number - first]


def _group_of(path: Path, number: int) -> tuple[int, list[Row]]:
    """The row group with row `number` of a shard, and the number of its first row."""
    first = 0
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if number < first + rows:
                return first, from_table(file.read_row_group(group))
            first += rows
    raise IndexError(f"{path}: holds {first} rows, not row {number}")


def _entries(ledger: Path, name: str) -> Iterator[tuple[Row, int]]:
    """A ledger's entries, each with the number of data rows before it; not those of a version with other reasons."""
    rows = 0
    for entry in pq.read_table(ledger / FOLDER / name).to_pylist():
        if entry["status"] == OK or entry["reason"] in REASONS:
            yield entry, rows
        rows += entry["status"] == OK


def _kept_name(name: str, proof: Proof) -> str:
    # Both of them: a shard that was opened twice has one key and two contents.
    return f"{Path(name).stem}-{proof.key[:16]}-{(proof.sha256 or '')[:16]}.parquet"


def _move_data(out: Path, proof: Proof, data: Sequence[Path], name: str) -> bool:
    """Move what is proved into `.kept`, or find it there; False where it is nowhere."""
    if proof.sha256 is None:
        return True
    kept = out / FOLDER / _kept_name(name, proof)
    for path in data:
        if holds(proof, path):
            kept.parent.mkdir(exist_ok=True)
            path.replace(kept)
            return True
    return holds(proof, kept)

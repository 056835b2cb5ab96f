"""Takedowns: who asks for it is no longer in the corpus, and does not come back with the next build.

The list of them, `removed.txt`, lies with the source (in its folder, or beside a source that is a file), one id a line:
a clip, a video (all its clips) or a picture, and behind it the hash of what was there, so that a copy of it or another
name for it is left out, too. It goes where the source goes, and planning never tries what is on it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from s2f.corpus import kept
from s2f.corpus.cliplist import video_of
from s2f.corpus.manifest import FILE as MANIFEST
from s2f.corpus.manifest import drop_halves
from s2f.dataset.shards import shard_paths
from s2f.media.failures import storable
from s2f.runtime import InputError, replace_file

FILE = "removed.txt"
HEAD = "# Taken down on request: ids of clips, videos or pictures, one a line. Builds leave them out.\n"
SHA256 = " sha256:"  # behind an id: what was there under that name
LONGEST = 1_000_000_000  # bytes: more than any list of ids has


def removed_file(source: Path) -> Path:
    """Where the takedowns of a source are listed."""
    return (source if source.is_dir() else source.parent) / FILE


def read_ids(path: Path) -> list[str]:
    """Ids of a file, one a line, in order; empty lines and those with # in front are left out.

    Raises:
        InputError: no such file, or none of text.
    """
    try:
        if path.stat().st_size > LONGEST:
            raise InputError(f"{path}: more than {LONGEST:,} bytes; a list of ids, one a line, is expected.")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; a list of ids, one a line, is expected.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: no text; a list of ids, one a line, is expected.") from None
    ids = [line.strip() for line in lines if not line.startswith("#")]
    return [storable(one) for one in ids if one]


@dataclass(frozen=True)
class Takedowns:
    """Who is to be left out, by name and by the content that was there under that name."""

    ids: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset()  # sha256 of files: a copy, or a file renamed, shows the same person

    def name(self, item: str, sha256: str | None) -> bool:
        """Whether an item is one of them."""
        return is_named(item, self.ids) or sha256 in self.contents


def takedowns(source: Path) -> Takedowns:
    """All takedowns of a source."""
    path = removed_file(source)
    lines = [line.split(SHA256) for line in read_ids(path)] if path.is_file() else []
    return Takedowns(
        frozenset(words[0].strip() for words in lines),
        frozenset(words[1].strip() for words in lines if len(words) == 2),
    )


def remember(ids: Collection[str], source: Path, contents: Collection[tuple[str, str]] = ()) -> int:
    """Put ids on the source's list, and pairs of an id and its content's sha256; how many lines are new."""
    path = removed_file(source)
    before = read_ids(path) if path.is_file() else []
    known = {*before, *(line.split(SHA256)[0].strip() for line in before)}
    lines = dict.fromkeys([*ids, *(f"{name}{SHA256}{sha256}" for name, sha256 in contents)])
    new = [line for line in lines if line not in known]
    if new:
        text = path.read_text(encoding="utf-8-sig") if path.is_file() else HEAD
        replace_file(path, (text.rstrip("\n") + "\n" + "".join(f"{line}\n" for line in new)).encode())
    return len(new)


def erase(out: Path, ledger: Path, ids: Collection[str]) -> set[str]:
    """Delete every row of these ids from what was built and from what was set aside; the items that were there.

    Their shards are set aside without them, so that the next build has nothing to try, and writes them anew.
    """

    def named(entry: dict[str, Any]) -> bool:
        return is_named(str(entry["id"]), ids) and entry["reason"] != "removed_on_request"

    found: set[str] = set()
    for path in shard_paths(ledger):
        hits = {entry["id"] for entry in _entries(path) if named(entry)}
        if hits:
            (out / MANIFEST).unlink(missing_ok=True)
            kept.set_aside(out, ledger, path.name)
        found |= hits
    for path in shard_paths(ledger / kept.FOLDER):
        found |= {entry["id"] for entry in _entries(path) if named(entry)}
        kept.strip(out, ledger, path.name, named)
    kept.drop_orphans(out, ledger)  # of a removal that was killed
    drop_halves(out, ledger)  # of a build that was: they may hold rows, too
    return found


def _entries(path: Path) -> list[dict[str, Any]]:
    """Ids and reasons of a ledger shard; of a broken one none, for the next build deletes it with its data."""
    try:
        entries: list[dict[str, Any]] = pq.read_table(path, columns=["id", "reason"]).to_pylist()
    except (OSError, pa.ArrowInvalid):
        return []
    return entries


def is_named(item: str, ids: Collection[str]) -> bool:
    """Whether an item is meant by one of these ids: its own, or its video's."""
    return item in ids or video_of(item) in ids

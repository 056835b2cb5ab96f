"""Takedowns: who asks for it is no longer in the corpus, and does not come back with the next build.

The list of them, `removed.txt`, lies with the source (in its folder, or beside a source that is a file), one id a line:
a clip, a video (all its clips) or a picture, and behind it the hash of what was there, so that a copy of it or another
name for it is left out, too. It goes where the source goes, and planning never tries what is on it. A name that would
not survive as a line (it begins with "# " or a space, holds a line's end, …) stands there in double quotes, as in JSON.
"""

import json
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from s2f.corpus import kept
from s2f.corpus.cliplist import video_of
from s2f.corpus.ledger import read_ledger
from s2f.corpus.manifest import drop_halves, drop_unproved, reopen
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
    """Ids of a file, one a line, in order; empty lines and those that begin with "# " are left out.

    Raises:
        InputError: no such file, or none of text.
    """
    return [name for name, _ in _read(path)]


def _read(path: Path) -> list[tuple[str, str | None]]:
    """Its ids, each with the sha256 of what was there if that stands behind it."""
    try:
        if path.stat().st_size > LONGEST:
            raise InputError(f"{path}: more than {LONGEST:,} bytes; a list of ids, one a line, is expected.")
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; a list of ids, one a line, is expected.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: no text; a list of ids, one a line, is expected.") from None
    return [parsed for line in lines if (parsed := _parsed(line.strip())) is not None]


def _parsed(line: str) -> tuple[str, str | None] | None:
    """The id of a line, and the sha256 behind it; None of an empty line or a comment."""
    if line in ("", "#") or line.startswith("# "):
        return None
    if line.startswith('"'):
        with suppress(ValueError):  # else a name that begins so
            name, end = json.JSONDecoder().raw_decode(line)
            if line[end:] == "" or line[end:].startswith(SHA256):
                return storable(name), line[end + len(SHA256) :] or None
    name, _, sha256 = line.partition(SHA256)
    return storable(name.strip()), sha256.strip() or None


def _line(name: str, sha256: str | None) -> str:
    survives = _parsed(name.strip()) == (name, None) and not {"\n", "\r"} & {*name}
    return (name if survives else json.dumps(name)) + (f"{SHA256}{sha256}" if sha256 else "")


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
    known = _read(path) if path.is_file() else []
    return Takedowns(frozenset(name for name, _ in known), frozenset(sha256 for _, sha256 in known if sha256))


def remember(ids: Collection[str], source: Path, contents: Collection[tuple[str, str]] = ()) -> int:
    """Put ids on the source's list, and pairs of an id and its content's sha256; how many lines are new."""
    path = removed_file(source)
    before = _read(path) if path.is_file() else []
    known = {*before, *((name, None) for name, _ in before)}
    wanted = dict.fromkeys([*((name, None) for name in ids), *contents])
    new = [_line(name, sha256) for name, sha256 in wanted if (name, sha256) not in known]
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
    drop_halves(out, ledger)  # of a build that was killed: they may hold rows, too
    drop_unproved(out, ledger)
    for path in shard_paths(ledger):
        hits = _ids(read_ledger(path), named)
        if hits:
            reopen(out, ledger)
            kept.set_aside(out, ledger, path.name)
        found |= hits
    for name, table in kept.usable(out, ledger):
        found |= _ids(table, named)
        kept.strip(out, ledger, name, named)
    kept.drop_orphans(out, ledger)  # of a removal that was killed
    return found


def _ids(table: pa.Table | None, named: Callable[[dict[str, Any]], bool]) -> set[str]:
    entries = [] if table is None else table.select(["id", "reason"]).to_pylist()
    return {entry["id"] for entry in entries if named(entry)}


def is_named(item: str, ids: Collection[str]) -> bool:
    """Whether an item is meant by one of these ids: its own, or its video's."""
    return item in ids or video_of(item) in ids

"""Takedowns: who asks for it is no longer in the corpus, and does not come back with the next build.

The list of them, `removed.txt`, lies with the source (in its folder, or beside a source that is a file), one id a line:
a clip, a video (all its clips) or a picture. It goes where the source goes, and planning never tries what is on it.
"""

from collections.abc import Collection
from pathlib import Path

import pyarrow.parquet as pq

from s2f.corpus import kept
from s2f.corpus.cliplist import video_of
from s2f.corpus.manifest import FILE as MANIFEST
from s2f.dataset.shards import shard_paths
from s2f.media.failures import storable
from s2f.runtime import InputError, replace_file

FILE = "removed.txt"
HEAD = "# Taken down on request: ids of clips, videos or pictures, one a line. Builds leave them out.\n"
LONGEST = 10_000_000  # bytes


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


def removed_ids(source: Path) -> frozenset[str]:
    """All takedowns of a source."""
    path = removed_file(source)
    return frozenset(read_ids(path)) if path.is_file() else frozenset()


def remember(ids: Collection[str], source: Path) -> int:
    """Put ids on the source's list; how many of them were not there."""
    new = [one for one in dict.fromkeys(ids) if one not in removed_ids(source)]
    if new:
        path = removed_file(source)
        before = path.read_text(encoding="utf-8-sig") if path.is_file() else HEAD
        replace_file(path, (before.rstrip("\n") + "\n" + "".join(f"{one}\n" for one in new)).encode())
    return len(new)


def erase(out: Path, ledger: Path, ids: Collection[str]) -> int:
    """Delete every row of these ids from what was built and from what was set aside; how many items they were.

    Their shards are set aside without them, so that the next build has nothing to try, and writes them anew.
    """

    def named(entry: dict[str, object]) -> bool:
        return is_named(str(entry["id"]), ids)

    found = 0
    for path in shard_paths(ledger):
        entries = pq.read_table(path, columns=["id", "reason"]).to_pylist()
        hits = sum(named(entry) and entry["reason"] != "removed_on_request" for entry in entries)
        if hits:
            (out / MANIFEST).unlink(missing_ok=True)
            kept.set_aside(out, ledger, path.name)
        found += hits
    for path in shard_paths(ledger / kept.FOLDER):
        kept.strip(out, ledger, path.name, named)
    return found


def is_named(item: str, ids: Collection[str]) -> bool:
    """Whether an item is meant by one of these ids: its own, or its video's."""
    return item in ids or video_of(item) in ids

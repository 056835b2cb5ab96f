"""Try again what failed, and only that: shards are opened for the items meant, and the next build fills them.

A shard that is opened is set aside; all its other items are used again as they are. What was fetched for those meant is
forgotten before: it would answer in the host's place.
"""

from collections.abc import Callable, Collection
from itertools import groupby
from pathlib import Path

from s2f.corpus import kept
from s2f.corpus.manifest import FILE
from s2f.corpus.queries import RETRY, query
from s2f.dataset.shards import shard_paths
from s2f.media.failures import REASONS, Kind
from s2f.runtime import InputError


def open_again(
    out: Path,
    ledger: Path,
    classes: Collection[str],
    reasons: Collection[str],
    forget: Callable[[Collection[str]], None],
) -> dict[str, int]:
    """Open the shards of items that ended in any of these classes or reasons; items to be tried again, by reason.

    `forget` is given their ids first: a kill in between costs some videos, and no answer.

    Raises:
        InputError: a class or reason that there is not.
    """
    check_names(classes, reasons)
    found = []
    if shard_paths(ledger):  # else all of them are open
        found = query(RETRY, ledger, classes=list(classes), reasons=list(reasons))
    if found:
        forget({row["id"] for row in found})
        (out / FILE).unlink(missing_ok=True)
    for name, rows in groupby(found, lambda row: row["file"]):
        again = {row["id"] for row in rows}
        kept.set_aside(out, ledger, f"{name}", lambda entry, again=again: entry["id"] in again)  # type: ignore[misc]
    counts: dict[str, int] = {}
    for row in found:
        counts[row["reason"]] = counts.get(row["reason"], 0) + 1
    return counts


def check_names(classes: Collection[str], reasons: Collection[str]) -> None:
    """Refuse a class or reason that there is not.

    Raises:
        InputError: with those that there are.
    """
    _check("class", classes, list(Kind))
    _check("reason", reasons, list(REASONS))


def _check(what: str, given: Collection[str], allowed: Collection[str]) -> None:
    for name in given:
        if name not in allowed:
            raise InputError(f"--{what} {name}: there is none such; allowed: {', '.join(sorted(allowed))}.")

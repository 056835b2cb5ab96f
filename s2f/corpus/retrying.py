"""Try again what failed, and only that: shards are opened for the items meant, and the next build fills them.

A shard that is opened is set aside; all its other items are used again as they are, and those meant go from what was
set aside before, too. What was fetched for them is forgotten first: it would answer in the host's place.
"""

from collections import Counter
from collections.abc import Callable, Collection, Set
from itertools import groupby
from pathlib import Path

from s2f.corpus import kept
from s2f.corpus.manifest import reopen
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
    planned: Callable[[], Set[str]],
) -> dict[str, int]:
    """Open the shards of items that ended in any of these classes or reasons; items to be tried again, by reason.

    `forget` is given their ids first: a kill in between costs some videos, and no answer. `planned` gives the ids that
    are in the list now, and is asked only where a shard that was set aside may be of a longer one.

    Raises:
        InputError: a class or reason that there is not.
    """
    check_names(classes, reasons)

    def meant(entry: kept.Row) -> bool:
        return entry["status"] in classes or entry["reason"] in reasons

    found = []
    if shard_paths(ledger):  # else all of them are open
        found = query(RETRY, ledger, classes=list(classes), reasons=list(reasons))
    aside = {name: list(filter(meant, table.to_pylist())) for name, table in kept.usable(out, ledger)}
    again = {row["id"]: row["reason"] for rows in (found, *aside.values()) for row in rows}
    listed: Set[str] = {row["id"] for row in found}
    if again.keys() - listed:
        listed |= planned()
    if again:
        forget(again)
        reopen(out, ledger, len(again))
    for name in (name for name, rows in aside.items() if rows):
        kept.strip(out, ledger, name, meant)
    for name, _ in groupby(found, lambda row: row["file"]):
        kept.set_aside(out, ledger, f"{name}", meant)
    return dict(Counter(reason for one, reason in again.items() if one in listed))


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

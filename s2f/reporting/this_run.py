"""The page's account of the run itself: when and of what revision it is, what changed, and what each stage took.

It is the one part of a report that the same inputs do not make the same again, so report.md goes without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from s2f.reporting.previous import Previous
from s2f.reporting.tables import NONE, Table, number

DIGITS = 3


@dataclass(frozen=True)
class ThisRun:
    """What the page says of the run: when and what it was, in half a sentence or none, and all the rest."""

    facts: str
    sentences: list[str]
    tables: list[Table]


def facts(ended: str | None, revision: str | None) -> str:
    """'2026-01-02, revision abc1234 with changes', as far as it is known."""
    known = [ended, revision and f"revision {revision}"]
    return ", ".join(one for one in known if one)


def changes(
    previous: Previous | None, metrics: dict[str, Any], params: dict[str, Any]
) -> tuple[list[str], list[Table]]:
    """Headlines and parameters that differ from the last revision's, as tables; that none does, as a sentence."""
    if previous is None:
        return ["There is no earlier run to compare with."], []
    since = f"since revision {previous.revision} of {previous.date}"
    tables = {"headline": _numbers(previous.metrics, metrics, since)}
    tables["parameter"] = _parameters(previous.params, params, since)
    same = [f"no {what} changed" for what, table in tables.items() if not table.rows]
    said = [f"{' and '.join(same).capitalize()} {since}."] if same else []
    return said, [table for table in tables.values() if table.rows]


def _numbers(before: dict[str, Any], now: dict[str, Any], since: str) -> Table:
    rows = []
    for name, value in now.items():
        earlier = before.get(name)
        if name.endswith("_margin") or value == earlier:
            continue
        margin = now.get(f"{name}_margin")
        known = isinstance(value, int | float) and isinstance(earlier, int | float)
        change = number(value - earlier, DIGITS) if known else NONE
        rows.append([name.replace("_", " "), _shown(earlier), _shown(value), change, _shown(margin)])
    notes = [
        "A change smaller than the margin, half the width of the interval, may be noise; s2f compare HEAD tests it "
        "voice by voice."
    ]
    return Table(f"Headlines {since}", ["number", "before", "now", "change", "margin"], rows, notes)


def _shown(value: Any) -> str:
    return number(value, DIGITS) if isinstance(value, float) else NONE if value is None else str(value)


def _parameters(before: dict[str, Any], now: dict[str, Any], since: str) -> Table:
    return Table(f"Parameters {since}", ["parameter", "before", "now"], differing(before, now))


def differing(before: dict[str, Any], now: dict[str, Any]) -> list[list[str]]:
    """Name, earlier and present value of each parameter whose values differ, as text."""
    old, new = dict(_flat(before)), dict(_flat(now))
    names = [name for name in dict.fromkeys([*new, *old]) if old.get(name) != new.get(name)]
    return [[name, str(old.get(name, NONE)), str(new.get(name, NONE))] for name in names]


def _flat(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value

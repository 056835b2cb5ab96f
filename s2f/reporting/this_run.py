"""The page's account of the run itself: what changed since the last revision, and what each stage took.

It is the one part of a report that the same inputs do not make the same again, so report.md goes without it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from s2f.reporting.previous import Previous
from s2f.reporting.tables import NONE, Table, number

DIGITS = 3


def changes(previous: Previous | None, metrics: dict[str, Any], params: dict[str, Any]) -> list[Table]:
    """Headlines and parameters that differ from the last revision's; a table without rows says that none does."""
    if previous is None:
        return [Table("What changed", ["number", "before", "now"], [], ["There is no earlier run to compare with."])]
    since = f"since revision {previous.revision} of {previous.date}"
    return [_numbers(previous.metrics, metrics, since), _parameters(previous.params, params, since)]


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
    notes = ["Nothing changed."] if not rows else [
        "A change smaller than the margin, half the width of the interval, may be noise; `s2f compare HEAD` tests it "
        "voice by voice."
    ]  # fmt: skip
    return Table(f"Headlines {since}", ["number", "before", "now", "change", "margin"], rows, notes)


def _shown(value: Any) -> str:
    return number(value, DIGITS) if isinstance(value, float) else NONE if value is None else str(value)


def _parameters(before: dict[str, Any], now: dict[str, Any], since: str) -> Table:
    rows = differing(before, now)
    return Table(f"Parameters {since}", ["parameter", "before", "now"], rows, [] if rows else ["Nothing changed."])


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


def times(folder: Path) -> Table:
    """What each stage took when it last ran, in that order; a file that cannot be read is left out."""
    taken = sorted(_read(folder), key=lambda one: str(one[1]["ended"]))
    rows = [
        [
            name.replace("_", " "),
            duration(one["seconds"]),
            duration(one["processor_seconds"]),
            f"{one['peak_mib']:,} MiB",
            str(one["ended"])[:16].replace("T", " "),
        ]
        for name, one in taken
    ]
    notes = ["Nothing was noted: stages note it when `dvc repro` runs them."]
    if rows:
        whole, worked = (sum(one[key] for _, one in taken) for key in ("seconds", "processor_seconds"))
        rows.append(["all", duration(whole), duration(worked), "", ""])
        notes = [
            "Of each stage's last run here; what was interrupted counts from where it went on; of many processes the "
            "first alone. The report itself is still being written."
        ]
    head = ["stage", "took", "processor time", "memory at its peak", "ended (UTC)"]
    return Table("Time and cost of each stage", head, rows, notes)


def _read(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.glob("*.json")):
        try:
            one = json.loads(path.read_text(encoding="utf-8"))
            yield path.stem, {key: one[key] for key in ("seconds", "processor_seconds", "peak_mib", "ended")}
        except (OSError, ValueError, KeyError, TypeError):
            continue


def duration(seconds: float) -> str:
    """'8 s', '3 min 20 s', '5 h 2 min'."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"

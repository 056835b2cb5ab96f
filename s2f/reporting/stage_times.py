"""What each stage of the pipeline took when it last ran, and where: as s2f/timing.py noted it."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError

from s2f.reporting.tables import NONE, Table

OWN = "report"  # the stage that writes this: what was noted of it is of the run before
NUMBERS = ("seconds", "processor_seconds", "peak_mib")
HEAD = ["stage", "took", "processor time", "memory at its peak", "where", "ended (UTC)"]


def stages_of(pipelines: Iterable[Path]) -> list[str]:
    """The stages that these dvc.yaml files name, in their order; a file that cannot be read names none."""
    found: list[str] = []
    for path in pipelines:
        try:
            content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
            found += [name for name in content["stages"] if name != OWN]
        except (OSError, YAMLError, KeyError, TypeError):
            continue
    return found


def read_times(folder: Path) -> dict[str, dict[str, Any]]:
    """What was noted, by stage; a file that cannot be read is left out."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            one = json.loads(path.read_text(encoding="utf-8"))
            if path.stem != OWN and all(isinstance(one[key], int | float) for key in NUMBERS):
                found[path.stem] = one | {"ended": str(one["ended"])}
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def ended_on(noted: dict[str, dict[str, Any]]) -> str | None:
    """The day (UTC) on which the last stage ended."""
    return max((one["ended"][:10] for one in noted.values()), default=None)


def times(noted: dict[str, dict[str, Any]], stages: Sequence[str]) -> Table:
    """A row for each of the pipeline's stages, in its order; without a pipeline, in the order in which they ended."""
    caption = "Time and cost of each stage"
    if not noted:
        return Table(caption, HEAD, [], ["Nothing was noted: stages note it when dvc repro runs them."])
    names = stages or sorted(noted, key=lambda name: str(noted[name]["ended"]))
    last = _machine(max(noted.values(), key=lambda one: str(one["ended"])))
    known = {name: noted[name] for name in names if name in noted}
    rows = [_row(name, known.get(name), last) for name in names]
    notes = [
        "Of each stage's last run here; of a stage that went on from a checkpoint or finished shards, what was left to "
        "do; of many processes the first alone. This report itself is still being written."
    ]
    why_not = [
        why
        for why, so in (
            ("a stage was not noted", len(known) < len(names)),
            ("a training had finished before, and was only read", any(map(_was_read, known.values()))),
            ("not all ran on one machine with as many cores", any(_elsewhere(one, last) for one in known.values())),
        )
        if so
    ]
    if why_not:
        return Table(caption, HEAD, rows, [*notes, f"There is no sum, for {' and '.join(why_not)}."])
    whole, worked = (sum(one[key] for one in known.values()) for key in NUMBERS[:2])
    return Table(caption, HEAD, [*rows, ["all", duration(whole), duration(worked), "", "", ""]], notes)


def _row(name: str, one: dict[str, Any] | None, last: tuple[str, int] | None) -> list[str]:
    title = name.replace("_", " ")
    if one is None:
        return [title, "not noted", NONE, NONE, NONE, NONE]
    read = ", read: it had finished before" if _was_read(one) else ""
    where = f"{'elsewhere: ' if _elsewhere(one, last) else ''}{_where(one)}"
    used = [duration(one["seconds"]) + read, duration(one["processor_seconds"]), f"{one['peak_mib']:,} MiB"]
    return [title, *used, where, one["ended"][:16].replace("T", " ")]


def _was_read(one: dict[str, Any]) -> bool:
    return bool(one.get("found_finished"))


def _machine(one: dict[str, Any]) -> tuple[str, int] | None:
    """The processor's name and the usable cores; None in notes that were written before both were."""
    return (str(one["processor"]), one.get("cores", 0)) if one.get("processor") else None


def _elsewhere(one: dict[str, Any], last: tuple[str, int] | None) -> bool:
    own = _machine(one)
    return own is not None and last is not None and own != last


def _where(one: dict[str, Any]) -> str:
    """'AMD EPYC 7B12, 2 cores'."""
    name = str(one.get("processor") or one.get("machine") or "")
    for mark in ("(R)", "(TM)", "(r)", "(tm)"):
        name = name.replace(mark, "")
    cores = one.get("cores")
    counted = f"{cores} core{'s' if cores != 1 else ''}" if cores else ""
    return ", ".join(part for part in (" ".join(name.split()), counted) if part) or NONE


def duration(seconds: float) -> str:
    """'8 s', '3 min 20 s', '5 h 2 min'."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"

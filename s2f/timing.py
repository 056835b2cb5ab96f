"""What each stage of dvc.yaml took, noted beside the data: data/times/STAGE.json, of the last run that ended well.

No stage depends on these files, and no result is made of them: only the page's own account of the run.
"""

import json
import os
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

TIMES = Path("data/times")  # in the project folder


_said: dict[str, bool] = {}  # what the running stage says of itself


def found_finished() -> None:
    """Say that an earlier run had finished the work, and that this one only reads it: its time is not the work's."""
    _said["found_finished"] = True


@contextmanager
def timed() -> Iterator[None]:
    """Note what happens inside, if DVC runs it as a stage; of several processes the first one notes its own."""
    _said.clear()
    root, stage = os.environ.get("DVC_ROOT"), os.environ.get("DVC_STAGE")
    started = time.monotonic()
    yield
    if root and stage and os.environ.get("RANK", "0") == "0":
        path = Path(root) / TIMES / f"{stage.rpartition(':')[2]}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_taken(time.monotonic() - started) | _said) + "\n", encoding="utf-8")


def _taken(seconds: float) -> dict[str, float | int | str | None]:
    """Wall and processor time in seconds, and memory at its peak in MiB, with those of finished child processes."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "seconds": round(seconds, 2),
        "processor_seconds": round(sum(one.ru_utime + one.ru_stime for one in used), 2),
        "peak_mib": round(max(one.ru_maxrss for one in used) / 1024),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": usable_cores(),
        "machine": platform.machine(),
        "processor": processor(),
    }


def usable_cores() -> int | None:
    """The cores that this process may use, which may be fewer than the machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def processor(about: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name, as Linux tells it; elsewhere the platform's."""
    try:
        lines = about.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()

"""How long the evaluation of a run takes, stage by stage, and the memory it needs, with the sample's weights.

    python -m tests.benchmarks.evaluation                  (from the repository's root: 8,200 voices, 5 weights)
    python -m tests.benchmarks.evaluation --voices 1000

Every stage runs as `dvc repro` runs it, in a process of its own. 8,200 voices are the paper's test set; the aim is 20
minutes on two cores. A second run of a quarter of the voices tells what memory grows with.

The table goes into tests/benchmarks/RESULTS.md, by hand.
"""

import argparse
import datetime
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.evaluation.run import WEIGHTS, write

STAGES = ("measure_faces", "evaluate_facial", "evaluate_craniofacial", "evaluate_identity", "evaluate_headlines")
READS = {  # beside --measured
    "measure_faces": ("speech_faces", "generated"),
    "evaluate_facial": ("speech_faces",),
    "evaluate_craniofacial": ("speech_faces",),
    "evaluate_identity": ("speech_faces", "generated"),
    "evaluate_headlines": ("speech_faces", "generated"),
}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.evaluation")
    parser.add_argument("--voices", type=int, default=8200)
    voices = parser.parse_args().voices
    small, large = (measure(count) for count in (voices // 4, voices))
    print(f"{datetime.date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")
    print(f"\n| stage | {voices // 4:,} voices | memory | {voices:,} voices | memory |\n|---|---|---|---|---|")
    for stage in STAGES:
        cells = (f"{seconds:.0f} s | {mib:,.0f} MiB" for seconds, mib in (small[stage], large[stage]))
        print(f"| {stage} | {' | '.join(cells)} |")
    sums = (f"{sum(seconds for seconds, _ in one.values()) / 60:.1f} min | " for one in (small, large))
    print(f"| all | {' | '.join(sums)} |")
    pictures = voices * (1 + len(WEIGHTS))
    print(f"\n- {pictures:,} pictures; measured at {pictures / large['measure_faces'][0]:.0f} a second.")


def measure(voices):
    """Seconds and peak MiB of each stage."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="s2f-evaluation-") as place:
        folder = Path(place)
        write(folder, voices)
        for stage in STAGES:
            out = folder / ("measured" if stage == "measure_faces" else f"{stage}.json")
            options = [f"--{one.replace('_', '-')}={folder / one}" for one in READS[stage]]
            options += [] if stage == "measure_faces" else [f"--measured={folder / 'measured'}"]
            found[stage] = timed([sys.executable, "-m", f"s2f.stages.{stage}", *options, f"--out={out}"])
            print(f"{voices:,} voices, {stage}: {found[stage][0]:.0f} s", file=sys.stderr)
    return found


def timed(command):
    """Seconds and MiB of a process: its own peak, for the kernel's of all children never falls."""
    started = time.monotonic()
    process = subprocess.Popen(command)
    _, code, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.monotonic() - started, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()

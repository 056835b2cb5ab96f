"""Rows a second that reach a training loop, and the memory they take, side by side in one run.

    python -m tests.benchmarks.feeding                                    (from the repository's root)
    python -m tests.benchmarks.feeding --peer /path/to/peer/bin/python    (and Hugging Face datasets)

Three kinds of rows: spectrograms with embeddings, faces of 128 pixels, faces of 512 (the paper's). Every contestant
reads the same Parquet shards, in a process of its own, in turns; files are warm in the system's cache, so that readers
are compared and not a disk. The peer's environment is its own:

    python3.11 -m venv peer && peer/bin/pip install datasets pillow

The table goes into tests/benchmarks/RESULTS.md, by hand.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from s2f.params.experiment import read_experiment
from s2f.training.pace import seconds_per_step
from tests.benchmarks.feeding.rows import KINDS, write

ROOT, HERE = Path(__file__).parents[3], Path(__file__).parent
BATCH, SECONDS = 32, 10.0
TRAINS = {  # the sample's models, on its parameters, and the rows they take
    "speech_encoder": "spectrogram",
    "face_decoder": "face 128",
    "super_resolution": "face 128",
}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.feeding")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer", help="the Python of an environment that has datasets")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="s2f-feeding-") as place:
        found = {}
        for kind in KINDS:
            folder = Path(place, kind.replace(" ", "-"))
            write(kind, folder / "train")
            found[kind] = measure(folder, asked.peer, asked.repeats)
    consumed = rows_consumed()
    print("\n".join([*about(asked.repeats), *table(found, consumed)]))


def measure(folder, peer, repeats):
    """Contestant → its runs."""
    own = {**os.environ, "PYTHONPATH": f"{ROOT}", "HF_HOME": f"{folder}/cache", "HF_HUB_OFFLINE": "1"}
    contestants = {
        "s2f": [sys.executable, HERE / "ours.py"],
        "plain pyarrow, in order": [sys.executable, HERE / "plain.py"],
    }
    if peer:
        contestants |= {
            f"datasets, {way}": [peer, HERE / "peer.py", way] for way in ("from Arrow, shuffled", "streamed, shuffled")
        }
    runs = defaultdict(list)
    for _ in range(repeats):
        for name, command in contestants.items():
            words = [*map(str, command), f"{folder}/train", f"{BATCH}", f"{SECONDS}"]
            done = subprocess.run(words, cwd=ROOT, env=own, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{' '.join(words)}\n{done.stderr[-3000:]}")
            runs[name].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"{folder.name}, {name}: {runs[name][-1]}", file=sys.stderr, flush=True)
    return runs


def rows_consumed():
    """Rows a second that the sample's models train on here."""
    whole = read_experiment(ROOT / "params.yaml")
    return {model: getattr(whole, f"{model}_training").batch / seconds_per_step(model, whole, 10) for model in TRAINS}


def about(repeats):
    shape = ", ".join(f"{rows:,} of {kind}" for kind, rows in KINDS.items())
    yield f"Measured {datetime.date.today()} on {os.cpu_count()} cores. Rows: {shape}; batches of {BATCH};"
    yield f"{repeats} turns of {SECONDS:g} s, all contestants in each; median, and in brackets the least and the most."
    yield ""


def table(found, consumed):
    yield "| rows | reader | rows/s | against s2f | peak MB | before the first row, s |\n|---|---|---|---|---|---|"
    for kind, runs in found.items():
        ours = [run["rows"] / run["seconds"] for run in runs["s2f"]]
        for name, others in runs.items():
            rates = [run["rows"] / run["seconds"] for run in others]
            ratio = [one / two for one, two in zip(rates, ours, strict=True)]
            peaks, starts = ([run[key] for run in others] for key in ("peak_mb", "start"))
            yield (
                f"| {kind} | {name} | {spread(rates, ',.0f')} | {spread(ratio, '.2f')} | {spread(peaks, ',.0f')} "
                f"| {spread(starts, '.1f')} |"
            )
    yield ""
    for model, rate in consumed.items():
        kind = TRAINS[model]
        fed = statistics.median(run["rows"] / run["seconds"] for run in found[kind]["s2f"])
        yield f"- {kind}: the sample's {model} trains on {rate:,.0f} rows/s; s2f reads {fed / rate:.1f} times that."


def spread(values, form):
    """Median, and the least and the most."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


if __name__ == "__main__":
    main()

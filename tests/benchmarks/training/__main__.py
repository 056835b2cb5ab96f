"""Training steps of our models, the U-Nets beside two libraries' of matched size, all in turns within one run.

    python -m tests.benchmarks.training                                   (from the repository's root; diffusers alone)
    python -m tests.benchmarks.training --peer /path/to/peer/bin/python   (and imagen-pytorch)
    python -m tests.benchmarks.training --peer … --scale paper            (on a GPU: bf16 autocast, the paper's models)

A step is forward, mean squared error against noise, backward and AdamW, on a batch of noise; the device is a GPU where
there is one. Every contestant waits in a process of its own. Peers get whichever memory layout is faster for them
(ours has its channels last), fused attention where the library has it, and what they have beyond ours switched off
where a setting does that; `peer_diffusers.py` and `peer_imagen.py` say what differs all the same. `matching.py` checks
that their parameters are ours within a twentieth; of settings that reach this, those are taken whose FLOPs are nearest
to ours. The peers' environment is its own; torch has to be the version of ours (a GPU's torchvision may be there too):

    python3.11 -m venv peer && peer/bin/pip install torch==2.13.0 diffusers
    peer/bin/pip install --no-deps imagen-pytorch==2.1.0      (it asks for torchvision, and does without)
    peer/bin/pip install accelerate beartype datasets einops ema-pytorch
    peer/bin/pip install kornia pydantic pytorch-warmup sentencepiece transformers

Ten minutes on two quiet cores, most of them for what torch.compile does first; `--eager` leaves that out. Where other
programs take a core, `--threads` leaves it to them: steps that share one take many times as long, and say nothing. The
table goes into tests/benchmarks/RESULTS.md, by hand.
"""

import argparse
import datetime
import os
import statistics
import sys
from contextlib import ExitStack

from tests.benchmarks.training import sizes
from tests.benchmarks.training.contestant import Contestant, FailedError
from tests.benchmarks.training.matching import UnmatchedError, check
from tests.benchmarks.training.table import CEILINGS, section

WITH_PEERS = ("face_decoder", "super_resolution")  # the two U-Nets
PEERS = {"diffusers": "peer_diffusers", "imagen-pytorch": "peer_imagen"}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.training")
    parser.add_argument("--scale", choices=sizes.PARAMS, default="sample")
    parser.add_argument("--kind", choices=sizes.KINDS, action="append", help="one of the models; all if not given")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--steps", type=int, default=5, help="in each turn, of each contestant")
    parser.add_argument("--batch", type=int, help="rows, where the scale's are not wanted")
    parser.add_argument("--peer", help="the Python of an environment that has diffusers and imagen-pytorch")
    parser.add_argument("--threads", type=int, help="of a contestant on the CPU; as many as cores if not given")
    parser.add_argument("--eager", action="store_true", help="without compiled models")
    asked = parser.parse_args()
    if asked.threads:
        os.environ["OMP_NUM_THREADS"] = f"{asked.threads}"  # contestants inherit it
    lines = []
    for kind in asked.kind or sizes.KINDS:
        task = sizes.task(kind, asked.scale, asked.batch)
        with ExitStack() as stack:
            contestants = everyone(task, asked.peer, asked.eager, stack)
            lines += section(task, measure(contestants, asked.turns, asked.steps))
            about = contestants["ours"].about
    print("\n".join([*introduction(about, asked), *lines]))


def everyone(task, peer, eager, stack):
    """Name → contestant, built and waiting; who cannot be built is left out, and a sentence says why."""
    ways = [""] if eager else ["", ", compiled"]
    wanted = {f"ours{way}": (sys.executable, "ours", task, bool(way)) for way in ways}
    for name, module in PEERS.items() if task.kind in WITH_PEERS else ():
        wanted |= {f"{name}{way}": (peer or sys.executable, module, task, bool(way)) for way in ways}
    wanted |= {name: (sys.executable, name, task) for name in CEILINGS}
    found = {}
    for name, words in wanted.items():
        try:
            found[name] = stack.enter_context(Contestant(*words))
        except FailedError as error:
            if name in ("ours", *CEILINGS):
                raise SystemExit(f"{name} cannot be measured: {error}") from None
            tell(f"{name} is left out: {error}")
            continue
        tell(f"{name}: {found[name].about}")
        if words[1] in PEERS.values():
            try:
                check(task, name, found[name].about["parameters"], found["ours"].about["matched"])
            except UnmatchedError as error:
                raise SystemExit(f"{error}") from None
    return found


def measure(contestants, turns, steps):
    """Name → what it is, the median step of each turn, and where eager steps spend their time."""
    found = {name: {"about": one.about, "turns": []} for name, one in contestants.items()}
    for turn in range(turns):
        for name, one in contestants.items():
            found[name]["turns"].append(statistics.median(one.steps(steps)))
        told = ", ".join(f"{name} {1000 * one['turns'][-1]:.1f} ms" for name, one in found.items())
        tell(f"turn {turn + 1}, load {os.getloadavg()[0]:.1f}: {told}")
    for name, one in contestants.items():
        found[name]["memory"] = one.memory()
        if name not in CEILINGS and not name.endswith("compiled"):
            found[name]["operators"] = one.operators()
    return found


def introduction(about, asked):
    yield f"Measured {datetime.date.today()} on {about['device']}, torch {about['torch']}; {asked.turns} turns of"
    yield f"{asked.steps} steps, all contestants in each; of each turn the median, of these the median, and in brackets"
    yield "the least and the most. *Compiled* is torch.compile."
    yield ""


def tell(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

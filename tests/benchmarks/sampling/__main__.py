"""Faces a second of our pipeline beside diffusers' own loop and imagen-pytorch's, all in turns within one run.

    python -m tests.benchmarks.sampling                                   (from the repository's root; diffusers alone)
    python -m tests.benchmarks.sampling --peer /path/to/peer/bin/python   (and imagen-pytorch)
    python -m tests.benchmarks.sampling --peer … --scale paper            (on a GPU: bf16, the paper's models)

Every contestant draws the same number of faces from random embeddings, with as many steps, the same guidance and type
of numbers, by U-Nets whose parameters are ours within a twentieth: those of tests/benchmarks/training, whose docstring
says how to make the peers' environment. `peer_diffusers.py` and `peer_imagen.py` here say how their loops differ.
Nobody compiles anything. The table goes into tests/benchmarks/RESULTS.md, by hand.
"""

import argparse
import datetime
import os
import statistics
import sys
from contextlib import ExitStack
from dataclasses import replace

from tests.benchmarks.sampling.table import section
from tests.benchmarks.sampling.task import STAGES, Drawing
from tests.benchmarks.training import sizes
from tests.benchmarks.training.contestant import Contestant, FailedError
from tests.benchmarks.training.matching import UnmatchedError, check

PEERS = {"diffusers": "peer_diffusers", "imagen-pytorch": "peer_imagen"}
BATCHES = (1, 16)  # a voice on the page; many of them


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sampling")
    parser.add_argument("--scale", choices=sizes.PARAMS, default="sample")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--draws", type=int, default=3, help="in each turn, of each contestant and stage")
    parser.add_argument("--batch", type=int, action="append", help=f"faces at once; {BATCHES} if not given")
    parser.add_argument("--guidance", type=float, help="the paper's w; the params' default_guidance if not given")
    parser.add_argument("--peer", help="the Python of an environment that has diffusers and imagen-pytorch")
    parser.add_argument("--threads", type=int, help="of a contestant on the CPU; as many as cores if not given")
    asked = parser.parse_args()
    if asked.threads:
        os.environ["OMP_NUM_THREADS"] = f"{asked.threads}"  # contestants inherit it
    lines = []
    for batch in asked.batch or BATCHES:
        drawing = drawing_of_scale(asked.scale, batch, asked.guidance)
        with ExitStack() as stack:
            contestants = everyone(drawing, asked.peer, stack)
            lines += section(drawing, measure(contestants, asked.turns, asked.draws))
            about = contestants["ours"].about
    print(f"Measured {datetime.date.today()} on {about['device']}, torch {about['torch']}; {asked.turns} turns of")
    print(
        f"{asked.draws} draws, all contestants in each; of each turn the median, of these the median, and in brackets"
    )
    print("\n".join(["the least and the most.", "", *lines]))


def drawing_of_scale(scale, batch, guidance=None):
    """Whole pictures of a scale, where super-resolution is trained on crops; as few steps as the sample's at both."""
    enlarger, params = sizes.experiment(scale).super_resolution, sizes.experiment("sample").generation
    return Drawing(
        sizes.task("face_decoder", scale, batch),
        replace(sizes.task("super_resolution", scale, batch), side=enlarger.image_px, low=enlarger.low_px),
        batch,
        params.steps,
        params.super_resolution_steps,
        params.default_guidance if guidance is None else guidance,
    )


def everyone(drawing, peer, stack):
    """Name → contestant, built and waiting; who cannot be built is left out, and a sentence says why."""
    found = {}
    for name, module in {"ours": "ours", **PEERS}.items():
        python = sys.executable if name == "ours" else peer or sys.executable
        try:
            found[name] = stack.enter_context(
                Contestant(python, module, drawing, worker="tests.benchmarks.sampling.worker")
            )
        except FailedError as error:
            if name == "ours":
                raise SystemExit(f"ours cannot be measured: {error}") from None
            tell(f"{name} is left out: {error}")
            continue
        tell(f"{name}: {found[name].about}")
        refuse_others(drawing, name, found[name].about, found["ours"].about)
    return found


def refuse_others(drawing, name, about, ours):
    """A contestant that draws something else, or with networks of another size, is no comparison."""
    if about["pictures"] != ours["pictures"]:
        raise SystemExit(f"{name} draws {about['pictures']}, ours {ours['pictures']}")
    try:
        for task, theirs, own in zip(
            (drawing.decoder, drawing.enlarger), about["parameters"], ours["parameters"], strict=True
        ):
            check(task, name, theirs, own)
    except UnmatchedError as error:
        raise SystemExit(f"{error}") from None


def measure(contestants, turns, draws):
    """Name → what it is, and for each stage the median draw of each turn in seconds."""
    found = {name: {"about": one.about, **{stage: [] for stage in STAGES}} for name, one in contestants.items()}
    for turn in range(turns):
        for stage in STAGES:
            for name, one in contestants.items():
                try:
                    found[name][stage].append(statistics.median(one.ask(f"{stage} {draws}")))
                except FailedError as error:
                    raise SystemExit(f"{name} died in turn {turn + 1}: {error}") from None
        told = ", ".join(
            f"{name} {one['decoder'][-1]:.2f} s, {one['cascade'][-1]:.2f} s" for name, one in found.items()
        )
        tell(f"turn {turn + 1}, load {os.getloadavg()[0]:.1f}: {told}")
    return found


def tell(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""Memory of enlarging to the paper's 512²: the most a process holds, for one face and for several, in a step of each.

    python -m tests.benchmarks.sampling.memory          (from the repository's root; two minutes on two cores)
    python -m tests.benchmarks.sampling.memory 1 8      (of other numbers of faces)

Every number of faces has a process of its own, with fresh networks of params.paper.yaml; the first row, of no face, is
what the networks and the libraries take. The table goes into tests/benchmarks/RESULTS.md, by hand.
"""

import datetime
import json
import resource
import subprocess
import sys
import time

import torch

from s2f.diffusion.solvers import Walk
from tests.benchmarks.sampling.__main__ import drawing_of_scale
from tests.benchmarks.sampling.ours import Sampler
from tests.benchmarks.sampling.task import random_embeddings

FACES = (1, 2, 4)
MIB = 1024  # of ru_maxrss, on Linux


def main(*faces):
    if "--of" in faces:
        return print(json.dumps(enlarge(int(faces[-1]))))
    print(f"{datetime.date.today()}, torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    print("| faces of 512 px | peak MiB | s a face and step |\n|---|---|---|")
    for count in (0, *(map(int, faces) if faces else FACES)):
        told = subprocess.run(
            [sys.executable, "-m", __spec__.name, "--of", f"{count}"], check=True, capture_output=True
        )
        peak, seconds = json.loads(told.stdout)
        print(f"| {count} | {peak:,.0f} | {f'{seconds / count:.1f}' if count else ''} |", flush=True)


def enlarge(count):
    """Peak MiB, and seconds for all, of one step."""
    drawing = drawing_of_scale("paper", max(count, 1))
    sampler = Sampler(drawing, torch.device("cpu"), "channels last", torch.float32)
    embeddings = random_embeddings(drawing, "cpu")[:count]
    low = torch.rand(count, 3, drawing.enlarger.low, drawing.enlarger.low) * 2 - 1
    begun = time.perf_counter()
    for _, faces in sampler.pipeline.enlarge_parts(low, embeddings, sampler.seeds[:count], Walk("ddim", 1)):
        assert torch.isfinite(faces).all()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB, time.perf_counter() - begun


if __name__ == "__main__":
    main(*sys.argv[1:])

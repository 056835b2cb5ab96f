"""One contestant in a process of its own: it builds its networks, says what it is, and draws when it is told to.

    python -m tests.benchmarks.sampling.worker CONTESTANT DRAWING

Run by the parent, in any environment that has torch and the contestant's library. Answers are lines of JSON, one for
each line that comes in: "decoder 3" or "cascade 3", to draw a batch so many times. Libraries' prints go to stderr.
"""

import importlib
import json
import math
import os
import sys

import torch

from tests.benchmarks.sampling.task import STAGES, drawing_of, random_embeddings
from tests.benchmarks.training.stepping import LAYOUTS, TRIED, TURNS, seconds
from tests.benchmarks.training.worker import described, release


def main(name, text):
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True  # shapes stay the same
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    drawing = drawing_of(text)
    embeddings = random_embeddings(drawing, device)
    sampler, layout = built(name, drawing, device, embeddings)
    sides = [list(getattr(sampler, stage)(embeddings).shape) for stage in STAGES]
    about = {"parameters": sampler.parameters, "layout": layout, "pictures": sides}
    answers.write(json.dumps(about | {"device": described(device), "torch": torch.__version__}) + "\n")
    for line in sys.stdin:
        stage, count = line.split()
        took = seconds(lambda stage=stage: getattr(sampler, stage)(embeddings), device, int(count))
        release(device)
        answers.write(json.dumps(took) + "\n")


def built(name, drawing, device, embeddings):
    """The sampler, and its layout: a peer's is whichever takes less time here, both tried in turns."""
    library = importlib.import_module(f"tests.benchmarks.sampling.{name}")
    if name == "ours":
        return library.Sampler(drawing, device, "channels last"), "channels last"
    samplers = {layout: library.Sampler(drawing, device, layout) for layout in LAYOUTS}
    best = dict.fromkeys(LAYOUTS, math.inf)
    for _ in range(TURNS):
        for layout, sampler in samplers.items():
            took = seconds(lambda sampler=sampler: sampler.cascade(embeddings), device, TRIED)
            best[layout] = min(best[layout], *took)
    layout = min(best, key=best.get)
    return samplers[layout], layout


if __name__ == "__main__":
    main(*sys.argv[1:])

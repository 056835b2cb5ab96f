"""One contestant in a process of its own: it builds its model, says what it is, and steps when it is told to.

    python -m tests.benchmarks.training.worker CONTESTANT TASK [compiled]

Run by the parent (`contestant.py`), in any environment that has torch and the contestant's library. Answers are lines
of JSON, one for each line that comes in: a number of steps, "operators" or "memory". Whatever libraries print goes to
stderr.
"""

import importlib
import json
import os
import sys

import torch

from tests.benchmarks.training import ceiling, operators
from tests.benchmarks.training.stepping import Stepper, in_its_faster_layout, seconds
from tests.benchmarks.training.task import task_of

CEILINGS = ("matmul", "convolution")


def main(name, text, *compiled):
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True  # shapes stay the same
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    step, about = prepare(name, task_of(text), device, bool(compiled))
    seconds(step, device, 1)
    release(device)
    answers.write(json.dumps(about | {"device": described(device), "torch": torch.__version__}) + "\n")
    for line in sys.stdin:
        found = asked(line.strip(), step, device)
        release(device)
        answers.write(json.dumps(found) + "\n")


def prepare(name, task, device, compiled):
    """A step, and what it is of."""
    if name in CEILINGS:
        step, flops = ceiling.ceiling(name, task, device)
        return step, {"flops": flops}
    library = importlib.import_module(f"tests.benchmarks.training.{name}")
    model = library.model(task).to(device)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if name == "ours":
        stepper = Stepper(model, task, device, "channels last")
    else:
        stepper = in_its_faster_layout(model, task, device)
    about = {
        "parameters": parameters,
        "matched": library.matched(model) if name == "ours" else parameters,
        "layout": stepper.layout,
        "flops": operators.flops(stepper.gradients),
    }
    if compiled:
        stepper.compile()
    return stepper.step, about


def asked(line, step, device):
    """The answer to a line."""
    if line == "operators":
        return operators.shares(step, device)
    if line == "memory":
        return torch.cuda.max_memory_allocated() if device.type == "cuda" else None
    return seconds(step, device, int(line))


def release(device):
    """Give back a GPU's memory that only a step needs: it is the next contestant's turn."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


def described(device):
    """What it is called."""
    if device.type == "cuda":
        return torch.cuda.get_device_name()
    return f"a CPU of {os.cpu_count()} cores, {torch.get_num_threads()} of them in use"


if __name__ == "__main__":
    main(*sys.argv[1:])

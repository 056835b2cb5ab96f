"""A training step: forward, mean squared error against noise, backward, AdamW. The same for every contestant."""

import math
import time

import torch
from torch import nn
from torch.nn import functional

from tests.benchmarks.training.task import in_layout, random_inputs

LAYOUTS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}
TURNS, TRIED = 3, 2  # by which a layout is chosen: the best of so many steps in each of so many turns


class Stepper:
    """A model in one layout, its optimiser, and a batch of noise."""

    def __init__(self, model, task, device, layout):
        memory_format = LAYOUTS[layout]
        inputs, target = random_inputs(task, device)
        self.model = model.to(memory_format=memory_format).train()
        self.inputs = {name: in_layout(value, memory_format) for name, value in inputs.items()}
        self.target = in_layout(target, memory_format)
        self.task, self.device, self.layout = task, device, layout
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=1e-4, fused=True)  # its fastest, on both devices

    def compile(self):
        """From here on the forward and backward passes are compiled ones."""
        self.model = torch.compile(self.model)

    def gradients(self):
        """The forward and the backward pass."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.task.bf16):
            output = self.model(**self.inputs)
        functional.mse_loss(output.float(), self.target).backward()

    def step(self):
        """All of it."""
        self.optimiser.zero_grad(set_to_none=True)
        self.gradients()
        self.optimiser.step()


def seconds(step, device, count):
    """Of each of so many steps, after one that is not counted: others were at work meanwhile."""
    took = []
    for _ in range(1 + count):
        begun = time.perf_counter()
        step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        took.append(time.perf_counter() - begun)
    return took[1:]


def in_its_faster_layout(model: nn.Module, task, device):
    """A stepper in whichever layout takes less time here; both are tried in turns, for others may be at work."""
    best = dict.fromkeys(LAYOUTS, math.inf)
    for _ in range(TURNS):
        for layout in LAYOUTS:
            stepper = Stepper(model, task, device, layout)
            best[layout] = min(best[layout], *seconds(stepper.step, device, TRIED))
    return Stepper(model, task, device, min(best, key=best.get))

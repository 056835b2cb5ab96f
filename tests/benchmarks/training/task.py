"""What all contestants are given; needs torch and nothing of s2f, for peers' environments have none."""

import json
from dataclasses import asdict, dataclass

import torch
from torch.nn import functional

STEPS = 2000  # of the diffusion, at both scales
BINS = 257  # of a spectrogram
DIMENSIONS = 4  # of a picture: only these can have their channels last


@dataclass(frozen=True)
class Task:
    """One model's training step: the shapes of its inputs, and its precision."""

    kind: str  # face_decoder, super_resolution or speech_encoder
    scale: str  # sample or paper
    batch: int
    frames: int  # of the spectrogram; 0: pictures
    side: int  # pixels of the noisy picture
    low: int  # pixels of the picture to enlarge; 0: none
    embedding: int  # entries of the face embedding that conditions
    tokens: int  # that the embedding becomes
    token: int  # entries of each; the step's vector has as many
    bf16: bool  # autocast

    def as_json(self):
        return json.dumps(asdict(self))


def task_of(text):
    """The task that `as_json` wrote."""
    return Task(**json.loads(text))


def random_inputs(task, device, rows=None):
    """Arguments by name, of noise, and what the output is compared with."""
    rows = rows or task.batch
    if task.frames:
        return {"spectrogram": torch.randn(rows, task.frames, BINS, 2, device=device)}, torch.randn(
            rows, task.embedding, device=device
        )
    picture = (rows, 3, task.side, task.side)
    inputs = {
        "x_t": torch.randn(picture, device=device),
        "t": torch.randint(STEPS, (rows,), device=device),
        "embedding": functional.normalize(torch.randn(rows, task.embedding, device=device), dim=1),
    }
    if task.low:
        inputs["low"] = torch.randn(rows, 3, task.low, task.low, device=device)
        inputs["noise_level"] = torch.rand(rows, device=device)
    return inputs, torch.randn(picture, device=device)


def in_layout(value, memory_format):
    """Pictures, weights of convolutions and whole modules with their channels where `memory_format` says."""
    if isinstance(value, torch.Tensor) and value.ndim != DIMENSIONS:
        return value
    return value.to(memory_format=memory_format)

"""What all contestants draw; needs nothing of s2f, for peers' environments have none."""

import json
from dataclasses import asdict, dataclass

import torch
from torch.nn import functional

from tests.benchmarks.training.task import Task

STAGES = ("decoder", "cascade")  # the small face alone, and with its enlarging


@dataclass(frozen=True)
class Drawing:
    """Both networks' shapes, and how faces are drawn with them."""

    decoder: Task
    enlarger: Task
    batch: int  # faces
    steps: int  # of the decoder's walk
    enlarging: int  # steps of the enlarger's
    guidance: float  # the paper's w; others' guidance_scale is 1 + w

    def as_json(self):
        return json.dumps(asdict(self))

    @property
    def evaluations(self):
        """(of the decoder, of the enlarger): rows that a network sees for one face."""
        return self.steps * (1 if self.guidance == 0 else 2), self.enlarging


def drawing_of(text):
    """The drawing that `as_json` wrote."""
    fields = json.loads(text)
    return Drawing(**fields | {name: Task(**fields[name]) for name in ("decoder", "enlarger")})


def random_embeddings(drawing, device):
    """(batch, embedding) of unit length."""
    return functional.normalize(torch.randn(drawing.batch, drawing.decoder.embedding, device=device), dim=1)

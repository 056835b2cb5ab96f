"""Faces of all subjects by one pair of walks, kept batch by batch: a run that is stopped goes on where it was.

A subject's noise is the same for every walk, so two walks differ by what they make of it. Two processes share the work
when one of them begins at the last batch: each leaves out what already lies there.
"""

import io
import json
import time
from dataclasses import dataclass

import numpy as np
import torch

from s2f.diffusion.solvers import Walk
from s2f.runtime import derive_seed, replace_file
from s2f.stages.generate_faces import split

BATCH = 16


@dataclass(frozen=True)
class Way:
    """How a face is drawn and enlarged: both walks, the guidance weight, and which noise, 0 or another draw of it."""

    decode: Walk
    enlarge: Walk
    guidance: float
    noise: int = 0

    @property
    def evaluations(self):
        """(of the decoder, of the enlarger): rows that a network sees for one face."""
        return self.decode.steps * (1 if self.guidance in (0, -1) else 2), self.enlarge.steps

    @property
    def decoded(self):
        """A name of all that decides the small face."""
        return f"{named(self.decode)}_w{self.guidance:g}_noise{self.noise}"

    @property
    def name(self):
        """A name of all that decides the large one."""
        return f"{self.decoded}_{named(self.enlarge)}"


@dataclass(frozen=True)
class Drawn:
    """Images (n, 3, s, s) and (n, 3, S, S) in [−1, 1], and the processor seconds that each network took for all."""

    small: np.ndarray
    large: np.ndarray
    seconds: tuple[float, float]


def claim(keep, about):
    """Let a folder be of this study alone: of these models and people, computed in this way.

    Raises:
        SystemExit: it holds another one's faces.
    """
    keep.mkdir(parents=True, exist_ok=True)
    note, told = keep / "study.json", json.dumps(about, indent=2, sort_keys=True)
    if note.exists() and note.read_text() != told:
        raise SystemExit(f"{keep}: holds faces of another pipeline, of other people, or computed in another way.")
    if not note.exists() and any(keep.iterdir()):
        raise SystemExit(f"{keep}: holds what is of no study; allowed: a new folder.")
    note.write_text(told)


def draw(pipeline, subjects, way, keep, tell, backwards=False):
    """Faces of all subjects, from `keep` as far as they lie there; `tell` hears of every batch.

    Small faces are kept apart: ways that differ by the enlarger's walk alone share them.
    """
    decoded, enlarged = keep / way.decoded, keep / way.name
    for folder in (decoded, enlarged):
        folder.mkdir(parents=True, exist_ok=True)
    batches = list(split(subjects, BATCH))

    def one(index):
        embeddings = torch.from_numpy(np.stack([subject.embedding for subject in batches[index]]))
        seeds = [derive_seed(way.noise, "steps", subject.id) for subject in batches[index]]
        small, first = kept(
            decoded / f"{index:03d}.npz",
            lambda: pipeline.decode(embeddings, seeds, way.guidance, way.decode),
        )
        large, second = kept(
            enlarged / f"{index:03d}.npz",
            lambda: pipeline.enlarge(torch.from_numpy(small), embeddings, seeds, way.enlarge),
        )
        return small, large, first, second

    order, done = range(len(batches)), {}
    for index in reversed(order) if backwards else order:
        done[index] = one(index)
        tell(way, index, len(batches))
    small, large, first, second = zip(*(done[index] for index in order), strict=True)
    return Drawn(np.concatenate(small), np.concatenate(large), (sum(first), sum(second)))


def named(walk):
    """As a folder's name has it."""
    return f"{walk.sampler}-{walk.steps}" + (f"-threshold{walk.threshold:g}" if walk.threshold else "")


def kept(path, make):
    """Images (b, 3, s, s) and the processor seconds of making them, from the file or for it."""
    if not path.is_file():
        begun, content = time.process_time(), io.BytesIO()
        images = make().numpy()
        np.savez(content, images=images, seconds=time.process_time() - begun)
        replace_file(path, content.getvalue())  # whole, also when two processes come to the same batch
    with np.load(path) as file:
        return file["images"], float(file["seconds"])

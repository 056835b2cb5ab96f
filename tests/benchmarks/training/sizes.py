"""The tasks of a scale, read from its params file."""

from dataclasses import replace
from pathlib import Path

from s2f.params.experiment import read_experiment
from s2f.training.cost import inputs_of
from tests.benchmarks.training.task import Task

ROOT = Path(__file__).parents[3]
PARAMS = {"sample": ROOT / "params.yaml", "paper": ROOT / "params.paper.yaml"}
KINDS = ("face_decoder", "super_resolution", "speech_encoder")
WIDER = 4  # our token and our step's vector have so many times base_channels entries
# The paper's batches, 64 and 128, are of many GPUs. All contestants hold their weights and moments on one at once, 9 GB
# each for the decoder; 80 GB then have room for the activations of these.
ON_ONE_GPU = {"face_decoder": 16, "super_resolution": 4, "speech_encoder": 128}  # the last has no peer


def experiment(scale):
    """All parameters of a scale."""
    return read_experiment(PARAMS[scale])


def task(kind, scale, batch=None):
    """A model's training step as its stage makes it; `batch` rows where another number is asked for."""
    whole = experiment(scale)
    config, training = getattr(whole, kind), getattr(whole, f"{kind}_training")
    shapes = inputs_of(kind, whole, training.batch)
    voices = kind == "speech_encoder"
    found = Task(
        kind=kind,
        scale=scale,
        batch=training.batch if scale == "sample" else ON_ONE_GPU[kind],
        frames=shapes[0][1] if voices else 0,
        side=0 if voices else shapes[0][-1],
        low=shapes[2][-1] if kind == "super_resolution" else 0,
        embedding=config.embedding,
        tokens=0 if voices else config.condition_tokens,
        token=0 if voices else WIDER * config.base_channels,
        bf16=training.precision == "bf16",
    )
    return replace(found, batch=batch) if batch else found

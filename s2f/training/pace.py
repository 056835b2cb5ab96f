"""How fast training is on this machine: real steps on random rows, so that no corpus is needed or waited for."""

import statistics
import time

import torch
from torch.nn import functional

from s2f.dataset.batches import Batch
from s2f.diffusion.schedule import Schedule
from s2f.models.weights import build
from s2f.params.experiment import Experiment
from s2f.params.spectrogram import TABLE_SHAPE
from s2f.training.drawing import DrawingFaces
from s2f.training.draws import draws_at
from s2f.training.enlarging import EnlargingFaces
from s2f.training.learner import Learner
from s2f.training.losses import Objective
from s2f.training.matching import Matching

WARM_UP = 2  # steps that are not counted: memory is asked for, kernels are chosen


def seconds_per_step(kind: str, whole: Experiment, steps: int) -> float:
    """The median over so many steps of the training loop, on the device that it would use."""
    training = getattr(whole, f"{kind}_training")
    torch.manual_seed(whole.seed)
    learner = Learner(build(kind, getattr(whole, kind)), objective_of(kind, whole), training)
    device = learner.processes.device
    batch = learner.processes.to_device(random_batch(kind, whole))
    took = []
    for step in range(WARM_UP + steps):
        begun = time.perf_counter()
        draws = draws_at(whole.seed, range(training.batch), device, "pace", step)
        learner.step(batch, draws, training.learning_rate)
        if device.type == "cuda":
            torch.cuda.synchronize()
        took.append(time.perf_counter() - begun)
    return statistics.median(took[WARM_UP:])


def objective_of(kind: str, whole: Experiment) -> Objective:
    """What the model's training stage minimises."""
    if kind == "speech_encoder":
        return Matching(whole.speech_encoder_training)
    schedule = Schedule(whole.diffusion)
    if kind == "face_decoder":
        return DrawingFaces(whole.face_decoder, schedule, whole.face_decoder_training.min_snr_gamma)
    training = whole.super_resolution_training
    return EnlargingFaces(whole.super_resolution, schedule, training.crop_px, training.min_snr_gamma)


def random_batch(kind: str, whole: Experiment) -> Batch:
    """A batch as the corpus has it, of noise."""
    rows, rng = getattr(whole, f"{kind}_training").batch, torch.Generator().manual_seed(whole.seed)
    embedding = functional.normalize(torch.randn(rows, whole.speech_encoder.embedding, generator=rng), dim=1)
    if kind == "speech_encoder":
        return {"spectrogram": torch.randn(rows, *TABLE_SHAPE, generator=rng).half(), "embedding": embedding}
    side = whole.portraits.face_px
    face = torch.randint(256, (rows, side, side, 3), dtype=torch.uint8, generator=rng)
    known = {name: torch.full((rows,), torch.nan) for name in whole.face_decoder.attributes}
    return {"face": face, "embedding": embedding} | known

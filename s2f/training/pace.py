"""How fast training is on this machine: real steps on random rows, so that no corpus is needed or waited for."""

import statistics
import time
from pathlib import Path

import torch
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from s2f.dataset.batches import Batch
from s2f.diffusion.schedule import Schedule
from s2f.models.weights import build
from s2f.params.experiment import Experiment
from s2f.params.spectrogram import TABLE_SHAPE
from s2f.training.drawing import DrawingFaces
from s2f.training.enlarging import EnlargingFaces
from s2f.training.loop import Objective, Run, average, generator, update
from s2f.training.matching import Matching
from s2f.training.optimiser import Lamb

WARM_UP = 2  # steps that are not counted: memory is asked for, kernels are chosen


def seconds_per_step(kind: str, whole: Experiment, steps: int) -> float:
    """The median over so many steps of the training loop, on the device that it would use."""
    training, device = getattr(whole, f"{kind}_training"), torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(whole.seed)
    model = build(kind, getattr(whole, kind)).to(device).train()
    averaged = AveragedModel(model, multi_avg_fn=average(training.ema), use_buffers=True) if training.ema else None
    optimiser = Lamb(model.parameters(), training.learning_rate, training.betas, training.weight_decay)
    run = Run(objective_of(kind, whole), training, whole.seed, "", Path(), Path())
    batch = {name: values.to(device) for name, values in random_batch(kind, whole).items()}
    took = []
    for step in range(WARM_UP + steps):
        begun = time.perf_counter()
        update(model, optimiser, run, batch, generator(whole.seed, "pace", step), training.learning_rate)
        if averaged is not None:
            averaged.update_parameters(model)
        if device.type == "cuda":
            torch.cuda.synchronize()
        took.append(time.perf_counter() - begun)
    return statistics.median(took[WARM_UP:])


def objective_of(kind: str, whole: Experiment) -> Objective:
    """What the model's training stage minimises."""
    if kind == "speech_encoder":
        return Matching(whole.speech_encoder_training.crop_frames)
    schedule = Schedule(whole.diffusion)
    if kind == "face_decoder":
        return DrawingFaces(whole.face_decoder, schedule)
    return EnlargingFaces(whole.super_resolution, schedule, whole.super_resolution_training.crop_px)


def random_batch(kind: str, whole: Experiment) -> Batch:
    """A batch as the corpus has it, of noise."""
    rows, rng = getattr(whole, f"{kind}_training").batch, torch.Generator().manual_seed(whole.seed)
    embedding = functional.normalize(torch.randn(rows, whole.speech_encoder.embedding, generator=rng), dim=1)
    if kind == "speech_encoder":
        return {"spectrogram": torch.randn(rows, *TABLE_SHAPE, generator=rng).half(), "embedding": embedding}
    side = whole.portraits.face_px
    face = torch.randint(256, (rows, side, side, 3), dtype=torch.uint8, generator=rng)
    return {"face": face, "embedding": embedding}

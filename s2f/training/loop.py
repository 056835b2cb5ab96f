"""The only training loop. What is minimised is an object: (model, batch, rng) → loss, logs.

To resume, run the same command again: a step's batch, noise and learning rate follow from its number and the seed, so
the last checkpoint and its step are the whole state.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer
from torch.optim.swa_utils import AveragedModel

from s2f.dataset.batches import Batch, Batches
from s2f.models.saving import save_weights
from s2f.params.training import TrainingParams
from s2f.runtime import InputError, derive_seed, progress
from s2f.training.checkpoint import NAME, load_checkpoint, save_checkpoint
from s2f.training.history import History, Means, Row
from s2f.training.optimiser import Lamb, learning_rate

log = logging.getLogger(__name__)

Objective = Callable[[nn.Module, Batch, torch.Generator], tuple[Tensor, dict[str, Tensor]]]


@dataclass(frozen=True)
class Run:
    """One model's training, but for its data."""

    objective: Objective
    params: TrainingParams
    seed: int
    fingerprint: str  # of everything that decides the result
    out: Path  # gets weights.safetensors and history.csv
    checkpoints: Path


def train(model: nn.Module, run: Run, training: Batches, validation: Batches, about: dict[str, Any]) -> None:
    """Train `model` for `run.params.steps` steps, from the last checkpoint of this run if there is one.

    Raises:
        InputError: the loss or the gradient is no longer a number.
    """
    params = run.params

    # Where and from where.
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()
    averaged = AveragedModel(model, multi_avg_fn=average(params.ema), use_buffers=True) if params.ema else None
    optimiser = Lamb(model.parameters(), params.learning_rate, params.betas, params.weight_decay)
    state = load_checkpoint(run.checkpoints, run.fingerprint, model, averaged, optimiser)
    first = saved = int(state["step"]) if state else 0
    history = History(state["history"] if state else None)
    if first:
        log.info("resuming after step %d of %d", first, params.steps)
    log.info("training on %s, %d rows, %.1f steps a pass", device.type, training.rows, training.steps_per_epoch)

    # Step by step.
    batches = training.iterate(first)
    started = time.monotonic()
    with progress() as bar:
        task = bar.add_task("training", total=params.steps, completed=first, note="")
        for step in range(first, params.steps):
            rate = learning_rate(step, params, training.steps_per_epoch)
            rng = generator(run.seed, "training", step)
            loss, norm, logs = update(model, optimiser, run, to_device(next(batches), device), rng, rate)
            if not math.isfinite(loss + norm):
                raise InputError(diverged(step + 1, saved, loss, norm, run))
            if averaged is not None:
                averaged.update_parameters(model)
            for name, values in logs.items():
                history.interval.add(name, values)

            # What it has come to.
            done = step + 1
            speed = (done - first) / (time.monotonic() - started)
            bar.update(task, completed=done, note=f"loss {loss:.4f} · {speed:.2f} steps/s")
            if done % params.validate_steps == 0 or done == params.steps:
                means = validate(averaged.module if averaged is not None else model, run, validation, device)
                row = history.close_interval(done, means, rate)
                history.write(run.out / "history.csv")
                log.info("%s", line(row, params.steps, speed))
            if done % params.checkpoint_steps == 0 or done == params.steps:
                metadata = {"step": str(done), "fingerprint": run.fingerprint, "history": history.state()}
                save_checkpoint(run.checkpoints, model, averaged, optimiser, **metadata)
                saved = done

    # The result. The last checkpoint stays: until DVC has taken the weights in, they can be lost.
    save_weights(averaged.module if averaged is not None else model, run.out / "weights.safetensors", **about)
    history.write(run.out / "history.csv")


def update(
    model: nn.Module, optimiser: Optimizer, run: Run, batch: Batch, rng: torch.Generator, rate: float
) -> tuple[float, float, dict[str, Tensor]]:
    """One step; its loss, the gradient's norm before clipping, and logs. If either is no number nothing is changed."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    with precision(batch, run.params):
        loss, logs = run.objective(model, batch, rng)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), run.params.clip_norm or math.inf)
    if torch.isfinite(loss + norm):
        optimiser.step()
    return loss.item(), norm.item(), logs


@torch.no_grad()
def validate(model: nn.Module, run: Run, batches: Batches, device: torch.device) -> Means:
    """Mean losses on the first validation batches, with the same noise every time."""
    means = Means()
    was_training = model.training
    model.eval()
    count = min(run.params.validation_batches, math.floor(batches.steps_per_epoch))
    for index, batch in zip(range(count), batches.iterate(), strict=False):
        batch = to_device(batch, device)
        with precision(batch, run.params):
            _, logs = run.objective(model, batch, generator(run.seed, "validation", index))
        for name, values in logs.items():
            means.add(name, values)
    model.train(was_training)
    return means


def average(decay: float) -> Callable[[Any, Any, Any], None]:
    """Exponential average of weights and of batch norm's running statistics.

    The first steps average over fewer (TensorFlow's `num_updates` rule): initial weights would outweigh a short run.
    """

    @torch.no_grad()
    def move(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        weight = 1 - min(decay, (1 + int(count)) / (10 + int(count)))
        if averaged[0].is_floating_point():
            torch._foreach_lerp_(averaged, current, weight)
        else:
            torch._foreach_copy_(averaged, current)  # counters

    return move


def generator(seed: int, *names: object) -> torch.Generator:
    """A CPU generator that depends on its names alone."""
    return torch.Generator().manual_seed(derive_seed(seed, *names))


def precision(batch: Batch, params: TrainingParams) -> torch.autocast:
    """bf16 where asked for; weights, gradients and losses stay float32."""
    device = next(iter(batch.values())).device.type
    return torch.autocast(device, torch.bfloat16, enabled=params.precision == "bf16")


def to_device(batch: Batch, device: torch.device) -> Batch:
    """The batch where the model is."""
    return {name: values.to(device, non_blocking=True) for name, values in batch.items()}


def diverged(step: int, saved: int, loss: float, norm: float, run: Run) -> str:
    """What a step whose loss or gradient is no number means, in a sentence; `saved` is the last checkpoint's step."""
    what = f"loss of step {step} is {loss}" if not math.isfinite(loss) else f"gradient's norm at step {step} is {norm}"
    kept = f"the last good checkpoint, {run.checkpoints / NAME}, is of step {saved}" if saved else "no checkpoint yet"
    return (
        f"{run.out.name}: the {what} ({kept}); "
        f"try a learning_rate below {run.params.learning_rate:g} or a clip_norm of 1."
    )


def line(row: Row, steps: int, speed: float) -> str:
    """One log line of a row of the history."""
    names = {"loss": "train", "validation_loss": "validation"}
    losses = " · ".join(f"{word} {row[name]:.4f}" for name, word in names.items() if name in row)
    step = int(row["step"])
    return f"step {step}/{steps} · {losses} · {speed:.2f} steps/s · {max(steps - step, 0) / speed:.0f} s left"

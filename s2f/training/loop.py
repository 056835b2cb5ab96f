"""The only training loop. What is minimised is an object: (model, batch, draws) → losses.

To resume, run the same command again: a step's rows, noise and learning rate follow from its number and the seed, so
the last checkpoint and its step are the whole state, for any number of processes.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from s2f.dataset.batches import Batches
from s2f.models.saving import save_weights
from s2f.params.denoising import DenoisingParams
from s2f.params.training import TrainingParams
from s2f.runtime import BAD_INPUT, InputError, ToldToEnd, progress
from s2f.training.averaging import average_of
from s2f.training.checkpoint import load_checkpoint, save_checkpoint
from s2f.training.draws import Draws, draws_of_rows
from s2f.training.history import Means
from s2f.training.losses import Objective
from s2f.training.optimiser import Lamb, learning_rate
from s2f.training.processes import Processes
from s2f.training.ranking import Ranking
from s2f.training.record import Record
from s2f.training.showing import Showing
from s2f.training.signals import noting_signals
from s2f.training.step import take_step
from s2f.training.telling import beginning, diverged, interval

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """One model's training, but for its data."""

    objective: Objective
    params: TrainingParams
    seed: int
    fingerprint: str  # of everything that decides the result
    out: Path  # gets weights.safetensors and the record
    checkpoints: Path
    showing: Showing | None = None
    ranking: Ranking | None = None


def train(model: nn.Module, run: Run, training: Batches, validation: Batches, about: dict[str, Any]) -> None:
    """Train `model` for `run.params.steps` steps, from the last checkpoint of this run if there is one.

    Raises:
        InputError: the loss or the gradient is no longer a number; or the batch cannot be shared by the processes.
        ToldToEnd: SIGTERM or Ctrl-C; what was learnt is saved.
    """
    params = run.params

    # Where and from where.
    processes = Processes(params.precision, isinstance(params, DenoisingParams) and params.shard)
    own = processes.rows(params.batch)
    model.to(processes.device).train()
    averaged = average_of(model, params.ema) if processes.takes_part else None
    used = averaged.module if averaged is not None else model
    if processes.sharded and averaged is not None:
        processes.prepare(averaged.module)
    if params.compile:
        model.compile()
    trained = processes.prepare(model)
    optimiser = Lamb(trained.parameters(), params.learning_rate, params.betas, params.weight_decay)
    state = load_checkpoint(run.checkpoints, run.fingerprint, model, averaged, optimiser)
    first = saved = int(state["step"]) if state else 0
    record = Record(run.out, run.checkpoints, state["history"] if state else None) if processes.first else None
    if record is not None:
        log.info("%s", beginning(processes, training, first, params.steps))

    # Step by step.
    batches = training.iterate(first, processes.index, processes.count)
    started = time.monotonic()
    with progress() as bar, noting_signals() as signalled:
        task = bar.add_task("training", total=params.steps, completed=first, note="", visible=processes.first)
        for step in range(first, params.steps):
            rate = learning_rate(step, params, training.steps_per_epoch)
            draws = drawing(run.seed, own, processes.device, "training", step)
            batch = processes.to_device(next(batches))
            taken = take_step(trained, optimiser, run.objective, batch, draws, params, rate, processes)
            if not taken.good:
                end_badly(f"{run.out.name}: {diverged(step, saved, taken, training, run.checkpoints)}", processes)
            if averaged is not None:
                averaged.update_parameters(model)

            # What it has come to.
            done = step + 1
            speed = (done - first) / (time.monotonic() - started)
            bar.update(task, completed=done, note=f"loss {float(taken.rows.mean()):.4f} · {speed:.2f} steps/s")
            number = processes.largest(signalled())
            if record is not None:
                record.history.interval.add_losses(taken.rows, taken.quarter)
            if processes.takes_part and run.showing is not None and is_due(done, run.showing.every, params):
                picture = run.showing.picture(used, validation, processes.device)
                if record is not None:
                    record.add_picture(done, picture)
            if processes.takes_part and is_due(done, params.validate_steps, params):
                means = validate(used, run, validation, processes)
                ranking = run.ranking(used, validation, processes) if run.ranking is not None else {}
                if record is not None:
                    row = record.close_interval(done, means, rate, ranking)
                    log.info("%s", interval(row, params.steps, speed))
            if processes.takes_part and (is_due(done, params.checkpoint_steps, params) or number):
                metadata = {"step": str(done), "fingerprint": run.fingerprint}
                if record is not None:
                    metadata["history"] = record.history.state()
                folder = run.checkpoints if processes.first else None
                save_checkpoint(folder, model, averaged, optimiser, **metadata)
                saved = done
            if number and done < params.steps:
                processes.wait()  # a launcher ends all when one has ended
                raise ToldToEnd(number)

    # The result. The last checkpoint stays: until DVC has taken the weights in, they can be lost.
    if processes.takes_part:
        save_weights(used, run.out / "weights.safetensors" if processes.first else None, **about)
    if record is not None:
        record.write()
    processes.wait()


def is_due(done: int, every: int, params: TrainingParams) -> bool:
    """Whether something is done after so many steps; after the last one everything is."""
    return done % every == 0 or done == params.steps


@torch.no_grad()
def validate(model: nn.Module, run: Run, batches: Batches, processes: Processes) -> Means:
    """Mean losses on the first validation batches, with the same noise every time."""
    means = Means()
    was_training = model.training
    model.eval()
    count = min(run.params.validation_batches, math.floor(batches.steps_per_epoch))
    for index, batch in zip(range(count), batches.iterate(), strict=False):
        draws = drawing(run.seed, range(batches.batch), processes.device, "validation", index)
        with processes.autocast():
            losses = run.objective(model, processes.to_device(batch), draws(range(batches.batch)))
        means.add_losses(losses.rows, losses.quarter)
    model.train(was_training)
    return means


def drawing(seed: int, own: range, device: torch.device, *names: object) -> Callable[[range], Draws]:
    """From rows of this process's part of a batch, `own` of the whole, to their random numbers."""
    return lambda rows: draws_of_rows(seed, own[rows.start : rows.stop], device, *names)


def end_badly(words: str, processes: Processes) -> None:
    """All processes end; the first one says why."""
    if processes.first:
        raise InputError(words)
    raise SystemExit(BAD_INPUT)

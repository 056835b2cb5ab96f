"""The only training loop. What is minimised is an object: (model, batch, draws) → losses.

To resume, run the same command again: a step's rows, noise and learning rate follow from its number and the seed, so
the last checkpoint and its step are the whole state, for any number of processes.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from s2f.dataset.batches import Batches
from s2f.models.saving import save_weights
from s2f.params.training import TrainingParams
from s2f.runtime import BAD_INPUT, InputError, ToldToEnd, progress
from s2f.training.draws import draws_at
from s2f.training.learner import Learner
from s2f.training.losses import Objective
from s2f.training.optimiser import learning_rate
from s2f.training.record import Record
from s2f.training.runs import held, left_by_others
from s2f.training.showing import Showing
from s2f.training.signals import noting_signals
from s2f.training.telling import beginning, diverged, interval, no_validation, not_together
from s2f.training.validating import validate

log = logging.getLogger(__name__)

NO_NUMBER = 1000  # what processes tell each other beside the numbers of signals

Ranking = Callable[[Learner, Batches], Mapping[str, float]]


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
        InputError: the loss or the gradient is no longer a number; the processes cannot share the batch, or do not all
            see the last checkpoint; or another training has the folder of checkpoints.
        ToldToEnd: SIGTERM or Ctrl-C; what was learnt is saved.
    """
    learner = Learner(model, run.objective, run.params)
    holding = held(run.checkpoints) if learner.processes.first else nullcontext()
    with holding:
        learner.processes.wait()
        go_on(learner, run, training, validation, about)


def go_on(learner: Learner, run: Run, training: Batches, validation: Batches, about: dict[str, Any]) -> None:
    """From the last checkpoint to the last step."""
    params, processes, takes_part = run.params, learner.processes, learner.processes.takes_part

    # Where and from where.
    own = processes.rows(params.batch)
    state = learner.restore(run.checkpoints, run.fingerprint)
    first = saved = int(state["step"]) if state else 0
    if not processes.agree(first):
        end_badly(f"{run.out.name}: {not_together(run.checkpoints)}", learner)
    record = Record(run.out, run.checkpoints, state["history"] if state else None) if processes.first else None
    if record is not None:
        log.info("%s", beginning(processes, training, first, params.steps))
        if not first and (left := left_by_others(run.checkpoints)):
            log.info("%s", left)

    # Step by step.
    batches = training.iterate(first, processes.index, processes.count)
    started = time.monotonic()
    with progress() as bar, noting_signals() as signalled:
        task = bar.add_task("training", total=params.steps, completed=first, note="", visible=processes.first)
        for step in range(first, params.steps):
            rate = learning_rate(step, params, training.steps_per_epoch)
            draws = draws_at(run.seed, own, processes.device, "training", step)
            taken = learner.step(processes.to_device(next(batches)), draws, rate)
            if not taken.good:
                end_badly(f"{run.out.name}: {diverged(step, saved, taken, training, run.checkpoints)}", learner)

            # What it has come to.
            done = step + 1
            speed = (done - first) / (time.monotonic() - started)
            bar.update(task, completed=done, note=f"loss {float(taken.rows.mean()):.4f} · {speed:.2f} steps/s")
            validated = None
            if takes_part and is_due(done, params.validate_steps, params):
                validated = validate(learner, validation, run.seed)
            bad = validated is not None and not math.isfinite(validated.means()["loss"])
            told = processes.largest(NO_NUMBER if bad else signalled())
            if told == NO_NUMBER:
                end_badly(f"{run.out.name}: {no_validation(done, saved, run.checkpoints)}", learner)
            if record is not None:
                record.history.interval.add_losses(taken.rows, taken.quarter)
            if validated is not None:
                ranking = run.ranking(learner, validation) if run.ranking is not None else {}
                if record is not None:
                    row = record.close_interval(done, validated, rate, ranking)
                    log.info("%s", interval(row, params.steps, speed))
            if takes_part and run.showing is not None and is_due(done, run.showing.every, params):
                picture = run.showing.picture(learner.used, validation, processes.device)
                if record is not None:
                    record.add_picture(done, picture)
            if takes_part and (is_due(done, params.checkpoint_steps, params) or told):
                metadata = {"step": str(done), "fingerprint": run.fingerprint}
                if record is not None:
                    metadata["history"] = record.history.state()
                learner.save(run.checkpoints, **metadata)
                saved = done
            if told and done < params.steps:
                processes.wait()  # a launcher ends all when one has ended
                raise ToldToEnd(told) if processes.first else SystemExit(128 + told)

    # The result. The last checkpoint stays: until DVC has taken the weights in, they can be lost.
    if takes_part:
        save_weights(learner.used, run.out / "weights.safetensors" if processes.first else None, **about)
    if record is not None:
        record.write()
    processes.wait()


def is_due(done: int, every: int, params: TrainingParams) -> bool:
    """Whether something is done after so many steps; after the last one everything is."""
    return done % every == 0 or done == params.steps


def end_badly(words: str, learner: Learner) -> None:
    """All processes end; the first one says why."""
    if learner.processes.first:
        raise InputError(words)
    raise SystemExit(BAD_INPUT)

"""What a training run says."""

from collections.abc import Sequence
from pathlib import Path

import torch

from s2f.dataset.batches import Batches
from s2f.training.checkpoint import NAME
from s2f.training.history import Row
from s2f.training.learner import Taken
from s2f.training.processes import Processes

ADVICE = "try a lower learning_rate or a clip_norm of 1"


def beginning(processes: Processes, training: Batches, first: int, steps: int) -> str:
    """Where a run is, and from where it goes on."""
    several = f" × {processes.count}" if processes.count > 1 else ""
    resumed = f"; resuming after step {first} of {steps}" if first else ""
    a_pass = f"{training.rows} rows, {training.steps_per_epoch:.1f} steps a pass"
    return f"training on {processes.device.type}{several}, {a_pass}{resumed}"


def diverged(step: int, saved: int, taken: Taken, training: Batches, checkpoints: Path) -> str:
    """What a step whose loss or gradient is no number means, in a sentence; `saved` is the last checkpoint's step."""
    bad = ~torch.isfinite(taken.rows)
    if bad.any():
        what = f"loss of step {step + 1} is {float(taken.rows[bad][0])}"
    else:
        what = f"gradient's norm at step {step + 1} is {taken.norm}"
    ids = training.ids(step)
    named = [one for one, is_bad in zip(ids, bad.tolist(), strict=True) if is_bad] or ids
    return f"the {what} ({kept(saved, checkpoints)}); {ADVICE}, and look at {listed(named)}."


def no_validation(done: int, saved: int, checkpoints: Path) -> str:
    """What a validation loss that is no number means, in a sentence."""
    return f"the validation loss after step {done} is no number ({kept(saved, checkpoints)}); {ADVICE}."


def not_together(checkpoints: Path) -> str:
    """What it means if processes would go on from different steps, in a sentence."""
    return (
        f"not every process finds the same checkpoint in {checkpoints}; "
        "allowed: a folder that all machines share, or none with a checkpoint."
    )


def kept(saved: int, checkpoints: Path) -> str:
    """What there is to go on from."""
    return f"the last good checkpoint, {checkpoints / NAME}, is of step {saved}" if saved else "no checkpoint yet"


def listed(ids: Sequence[str], most: int = 16) -> str:
    """Some rows by name."""
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return f"rows {', '.join(ids[:most])}{more}" if len(ids) > 1 else f"row {ids[0]}"


def interval(row: Row, steps: int, speed: float) -> str:
    """One log line of a row of the history."""
    names = {"loss": "train", "validation_loss": "validation"}
    losses = " · ".join(f"{word} {row[name]:.4f}" for name, word in names.items() if name in row)
    step = int(row["step"])
    return f"step {step}/{steps} · {losses} · {speed:.2f} steps/s · {max(steps - step, 0) / speed:.0f} s left"

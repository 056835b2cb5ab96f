"""From a params file and a dataset to a trained model: what the three training stages share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from s2f.dataset.batches import Batches, count_rows
from s2f.params.base import Section, read_section, read_seed
from s2f.params.training import TrainingParams
from s2f.runtime import derive_seed
from s2f.training.checkpoint import dataset_fingerprint, fingerprint
from s2f.training.loop import Objective, Run, train

Config = TypeVar("Config", bound=Section)


def launch(
    build: Callable[[Config], nn.Module],
    config: Config,
    objective: Objective,
    columns: Sequence[str],
    *,
    params: Path,
    data: Path,
    out: Path,
    checkpoints: Path,
    **about: Any,
) -> None:
    """Train `build(config)` on `columns` of data/train and write weights and history to `out`.

    The params file's section `<kind>_training` says how; `about` (values JSON can hold) goes into the weights, with the
    dataset's fingerprint. A checkpoint of a run that any of this would change is not resumed.
    """
    kind: str = build.kind  # type: ignore[attr-defined]
    training = read_section(params, f"{kind}_training", TrainingParams)
    seed = derive_seed(read_seed(params), kind)
    about = {**about, "dataset": dataset_fingerprint(data)}
    decisive = fingerprint(config=config.model_dump(), training=training.model_dump(), seed=seed, about=about)

    torch.manual_seed(seed)
    model = build(config)
    run = Run(objective, training, seed, decisive, out, checkpoints)
    batches = Batches(data / "train", columns, training.batch, seed)
    validation_batch = min(training.batch, max(1, count_rows(data / "validation")))
    validation = Batches(data / "validation", columns, validation_batch, seed)
    train(model, run, batches, validation, about)

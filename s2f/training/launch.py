"""From parameters and a dataset to a trained model: what the three training stages share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from torch import nn

from s2f.code import code_sha256
from s2f.dataset.batches import Batches
from s2f.dataset.row_groups import count_rows
from s2f.params.base import Section
from s2f.params.training import TrainingParams
from s2f.runtime import derive_seed
from s2f.training.checkpoint import dataset_fingerprint, fingerprint
from s2f.training.loop import Ranking, Run, train
from s2f.training.losses import Objective
from s2f.training.runs import folder_of
from s2f.training.showing import Showing

Config = TypeVar("Config", bound=Section)

# What decides a run beside its model and its objective: half a run of one code and half of another is a run of neither.
CODE = (
    "s2f.audio.torchaudio_import",
    "s2f.audio.waveform",
    "s2f.dataset.batches",
    "s2f.dataset.lanes",
    "s2f.dataset.row_groups",
    "s2f.dataset.shards",
    "s2f.diffusion.schedule",
    "s2f.faces.images",
    "s2f.models.attributes",
    "s2f.models.blocks",
    "s2f.models.conditioning",
    "s2f.models.shortcut",
    "s2f.training.averaging",
    "s2f.training.checkpoint",
    "s2f.training.denoising",
    "s2f.training.draws",
    "s2f.training.front_weights",
    "s2f.training.gathering",
    "s2f.training.history",
    "s2f.training.launch",
    "s2f.training.learner",
    "s2f.training.least_squares",
    "s2f.training.loop",
    "s2f.training.losses",
    "s2f.training.optimiser",
    "s2f.training.passes",
    "s2f.training.processes",
    "s2f.training.runs",
    "s2f.training.sharding",
    "s2f.training.shared_norm",
    "s2f.training.validating",
)


class Places(NamedTuple):
    """Folders of a training."""

    data: Path  # with train and validation
    out: Path  # gets weights and history
    checkpoints: Path  # of all runs


def launch(
    build: Callable[[Config], nn.Module],
    config: Config,
    objective: Objective,
    columns: Sequence[str],
    training: TrainingParams,
    seed: int,
    places: Places,
    *,
    prepare: Callable[[Any, Batches], None] | None = None,
    showing: Showing | None = None,
    ranking: Ranking | None = None,
    **about: Any,
) -> None:
    """Train `build(config)` on `columns` of the data and write weights and history.

    `prepare` may set the new model's weights from the training data before the first step; `showing` and `ranking` look
    at it on the way. `about` (values JSON can hold) goes into the weights, with the dataset's fingerprint. A checkpoint
    of a run that any of this, or the code of it, would change is not resumed.
    """
    kind: str = build.kind  # type: ignore[attr-defined]
    seed = derive_seed(seed, kind)
    about = {**about, "dataset": dataset_fingerprint(places.data)}
    code = code_sha256((*CODE, build.__module__, type(objective).__module__))
    decisive = fingerprint(config=config.model_dump(), training=training.decisive(), seed=seed, about=about, code=code)

    torch.manual_seed(seed)
    model = build(config)
    checkpoints = folder_of(places.checkpoints, decisive, training.steps)
    run = Run(objective, training, seed, decisive, places.out, checkpoints, showing, ranking)
    batches = Batches(places.data / "train", columns, training.batch, seed)
    if prepare is not None:
        prepare(model, batches)
    validation_batch = min(training.batch, max(1, count_rows(places.data / "validation")))
    validation = Batches(places.data / "validation", columns, validation_batch, seed)
    train(model, run, batches, validation, about)

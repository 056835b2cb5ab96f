"""Sections `*_training`: one set of keys for the three models, since one loop trains them."""

import math
import os
import shutil
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from s2f.params.base import Section
from s2f.runtime import InputError


class TrainingParams(Section):
    """How long, how fast and how carefully a model is trained."""

    steps: int = Field(gt=0)
    batch: int = Field(gt=0)  # rows a step, of all processes
    micro_batch: int = Field(ge=0)  # rows a process has in memory at once, whatever the batch; 0: its whole part
    learning_rate: float = Field(gt=0)  # the peak
    warmup_epochs: float = Field(ge=0)  # linear rise to the peak, counted in passes over the data; 0: none
    warmup_from: float = Field(gt=0, le=1)  # share of the peak it starts from
    decay: float = Field(gt=0, le=1)  # the rate is multiplied by this … ; 1: never
    decay_steps: int = Field(gt=0)  # … every so many steps
    betas: tuple[float, float]  # of LAMB
    weight_decay: float = Field(ge=0)
    clip_norm: float = Field(ge=0)  # of the gradient; 0: none
    ema: float = Field(ge=0, lt=1)  # decay of the averaged weights, which are the ones used; 0: none
    precision: Literal["fp32", "bf16"]
    compile: bool  # by torch.compile: minutes before the first step, and faster ones
    validate_steps: int = Field(gt=0)
    validation_batches: int = Field(gt=0)
    checkpoint_steps: int = Field(gt=0)

    # How it is computed changes nothing but rounding, so a run that was stopped may go on with others of these.
    computing: ClassVar[frozenset[str]] = frozenset({"micro_batch", "compile", "checkpoint_steps"})
    # How long it goes on, and how often somebody looks: step k is the same step.
    watching: ClassVar[frozenset[str]] = frozenset({"steps", "validate_steps", "validation_batches"})

    def at_once(self, processes: int) -> int:
        """Rows that one of so many processes has in memory at once."""
        part = math.ceil(self.batch / processes)
        return min(self.micro_batch or part, part)

    def decisive(self) -> dict[str, Any]:
        """The keys that decide what is learnt, values JSON can hold."""
        return self.model_dump(mode="json", exclude=set(self.computing | self.watching))

    def check_compiler(self) -> None:
        """That torch.compile can work, if it is asked to.

        Raises:
            InputError: there is no compiler.
        """
        compiler = os.environ.get("CXX", "g++")
        if self.compile and shutil.which(compiler) is None:
            raise InputError(
                f"compile true needs a C++ compiler, and there is no {compiler} here; allowed: false, or one."
            )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas {list(self.betas)} are not both in [0, 1); allowed: such as 0.9 and 0.999")
        return self

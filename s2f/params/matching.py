"""Section `speech_encoder_training`: the keys of every training, and what is the encoder's own."""

from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, model_validator

from s2f.params.speech_encoder import SHORTEST
from s2f.params.training import TrainingParams
from s2f.runtime import InputError


class MatchingParams(TrainingParams):
    """How the speech encoder is trained."""

    crop_frames: int = Field(ge=0)  # so many frames from a random place of each clip; 0: whole clips
    contrastive_weight: float = Field(ge=0)  # of the symmetric contrastive loss beside the cosine distance; 0: none
    temperature: float = Field(gt=0)  # of it: cosines are divided by this
    start_from: str | None  # weights of a transformer, safetensors by torchaudio's names; null: random ones

    # Not micro_batch: batch norm and contrast see what is in memory at once.
    computing: ClassVar[frozenset[str]] = frozenset({"compile", "checkpoint_steps"})

    def front(self) -> Path | None:
        """The file that `start_from` names.

        Raises:
            InputError: there is no such file.
        """
        if self.start_from is None:
            return None
        path = Path(self.start_from)
        if not path.is_file():
            raise InputError(f"start_from: no such file (found '{path}'); allowed: a safetensors file, or null.")
        return path

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if 0 < self.crop_frames < SHORTEST:
            raise ValueError(f"crop_frames {self.crop_frames} is too short; allowed: 0, or {SHORTEST} and more")
        return self

"""Section `face_decoder_training`, and what `super_resolution_training` shares with it."""

from typing import ClassVar

from pydantic import Field

from s2f.params.training import TrainingParams


class DenoisingParams(TrainingParams):
    """How a diffusion model is trained."""

    min_snr_gamma: float = Field(ge=0)  # of Hang et al. (2023)'s weight on every row's loss, theirs is 5; 0: none
    recompute: bool  # forget what happens inside blocks and compute it again: less memory, a quarter more work
    shard: bool  # each process keeps its part of weights, gradients and moments alone (FSDP); false: all of them (DDP)
    show_steps: int = Field(gt=0)  # pictures of a few validation rows, every so many steps

    computing: ClassVar[frozenset[str]] = TrainingParams.computing | {"recompute", "shard", "show_steps"}

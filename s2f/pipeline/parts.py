"""What a pipeline is made of, and whether it fits together."""

from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor, nn

from s2f.diffusion.schedule import Schedule
from s2f.models.face_decoder import FaceDecoder
from s2f.models.super_resolution import SuperResolution
from s2f.params.diffusion import DiffusionParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.runtime import InputError


@dataclass(frozen=True)
class Parts:
    """The networks of a pipeline and what they were trained with.

    `x_0_error` has (T,) for each of the two diffusion models whose error was measured; `sha256` each file's, by part.
    """

    speech_encoder: nn.Module
    face_decoder: FaceDecoder
    super_resolution: SuperResolution
    spectrogram: SpectrogramParams
    diffusion: DiffusionParams
    x_0_error: dict[str, Tensor] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)

    @property
    def schedule(self) -> Schedule:
        """The noise that both diffusion models were trained against."""
        return Schedule(self.diffusion)


def check_fit(parts: Parts, folder: Path) -> None:
    """Refuse networks that do not fit each other.

    Raises:
        InputError: embeddings or sizes differ.
    """
    encoder, decoder, enlarger = parts.speech_encoder, parts.face_decoder, parts.super_resolution
    if decoder.config.embedding != encoder.config.embedding:  # type: ignore[union-attr]
        raise InputError(
            f"{folder}: face_decoder takes embeddings of {decoder.config.embedding}, speech_encoder makes "
            f"{encoder.config.embedding}; train one of them again."  # type: ignore[union-attr]
        )
    if enlarger.config.low_px != decoder.config.image_px:
        raise InputError(
            f"{folder}: super_resolution enlarges {enlarger.config.low_px} px, face_decoder draws "
            f"{decoder.config.image_px}; train one of them again."
        )

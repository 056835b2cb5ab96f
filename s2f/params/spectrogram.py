"""Section `spectrogram`: what the speech encoder hears (Kato & Hashimoto 2023, section 3; Oh et al. 2019)."""

from typing import Self

from pydantic import Field, model_validator

from s2f.params.base import Section

TABLE_SHAPE = (598, 257, 2)  # frames, bins, real and imaginary part: what the corpus's table stores of a clip


class SpectrogramParams(Section):
    """Compressed complex spectrogram of the first seconds of a clip."""

    sample_rate: int = Field(ge=8_000, le=48_000)  # Hz
    clip_seconds: float = Field(gt=0, le=60)
    window: int = Field(gt=1)  # samples
    hop: int = Field(gt=0)  # samples
    fft: int = Field(gt=1)  # points
    compression: float = Field(gt=0, le=1)  # sgn(S)·|S|^compression, real and imaginary parts apart

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.fft < self.window:
            raise ValueError(f"fft {self.fft} is shorter than window {self.window}; allowed: fft ≥ window")
        if self.samples < self.window:
            raise ValueError(f"a clip of {self.samples} samples is shorter than window {self.window}")
        return self

    @property
    def samples(self) -> int:
        """Samples in one clip."""
        return round(self.sample_rate * self.clip_seconds)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(frames, bins, 2): frames are cut un-centred by the window's length."""
        return 1 + (self.samples - self.window) // self.hop, self.fft // 2 + 1, 2


PAPER = SpectrogramParams(sample_rate=16_000, clip_seconds=6.0, window=400, hop=160, fft=512, compression=0.3)

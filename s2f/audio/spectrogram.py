"""What the speech encoder hears: sgn(S)·|S|^0.3 of a short-time Fourier transform (Kato & Hashimoto 2023, section 3).

Frames are cut by the window's length, un-centred, and zero-padded behind to the FFT's: 598 × 257 for six seconds.
torch.stft would centre a short window inside the FFT, which shifts phases and loses a frame; a window function that
ends in zeros, over a signal that ends in as many, does not.
"""

import torch
from torch import Tensor, nn

from s2f.audio.torchaudio_import import torchaudio_part
from s2f.params.spectrogram import SpectrogramParams


class CompressedSpectrogram(nn.Module):
    """Compressed complex spectrogram, real and imaginary parts apart."""

    def __init__(self, params: SpectrogramParams) -> None:
        super().__init__()
        self.compression = params.compression
        self.padding = params.fft - params.window

        def padded_hann(length: int) -> Tensor:
            window = torch.hann_window(params.window, periodic=True, dtype=torch.float64)
            return nn.functional.pad(window, (0, length - params.window))

        self.stft = torchaudio_part("transforms").Spectrogram(
            n_fft=params.fft,
            win_length=params.fft,
            hop_length=params.hop,
            center=False,
            power=None,
            window_fn=padded_hann,
        )

    def forward(self, speech: Tensor) -> Tensor:
        """(..., samples) in [−1, 1] to float32 (..., frames, bins, 2); any length of at least one window."""
        # In double precision: the power is steep at zero, and would make a single's rounding errors 1e-8 into 4e-3.
        padded = nn.functional.pad(speech.double(), (0, self.padding))
        parts = torch.view_as_real(self.stft(padded).transpose(-1, -2))  # (..., frames, bins, 2)
        return (parts.sign() * parts.abs() ** self.compression).float()

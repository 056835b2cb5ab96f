"""Images inside, float (b, 3, h, w) in [−1, 1], and outside, uint8 (b, h, w, 3); and how many fit into memory."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from PIL.Image import Image, fromarray
from torch import Tensor

AT_ONCE = 2**18  # pixels a network sees in one call: one picture of 512², 64 of 64²


def to_pixels(images: Tensor) -> NDArray[np.uint8]:
    """uint8 (b, h, w, 3) of images (b, 3, h, w) in [−1, 1]."""
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def from_pixels(pictures: NDArray[np.uint8]) -> Tensor:
    """Images (b, 3, h, w) float32 in [−1, 1] of uint8 (b, h, w, 3)."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def to_images(images: Tensor) -> list[Image]:
    """PIL's, of images (b, 3, h, w) in [−1, 1]."""
    return [fromarray(pixels) for pixels in to_pixels(images)]


def at_once(image_px: int) -> int:
    """How many pictures a network may see in one call, so that memory does not grow with their number."""
    return max(1, AT_ONCE // image_px**2)


def parts(rows: int, image_px: int) -> Iterator[slice]:
    """Rows (rows,) in parts of so many."""
    return (slice(start, start + at_once(image_px)) for start in range(0, rows, at_once(image_px)))

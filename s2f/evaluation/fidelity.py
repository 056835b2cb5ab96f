"""How near an enlarged picture comes to the true one, pixel by pixel: PSNR, SSIM, and how far its colours have drifted.

PSNR and SSIM favour the mean of all pictures that could be meant; a diffusion model draws one of them, with detail, and
may lose to a blur that nobody prefers (Saharia et al. 2021, "Image super-resolution via iterative refinement"). The
third shows what they hardly see: a tint, a common fault of such models (issues 69 and 78 of
Janspiry/Image-Super-Resolution-via-Iterative-Refinement, 72 of lucidrains/imagen-pytorch).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_cie76, rgb2lab
from skimage.metrics import structural_similarity

Pixels = NDArray[np.uint8]  # (h, w, 3) RGB, as decoded

GRID = 8  # blocks down and across: what differs inside one is detail, no tint
WINDOW = 11  # pixels: SSIM's, of a Gaussian of 1.5


def fidelity(image: Pixels, true: Pixels) -> dict[str, float | None]:
    """The columns of MEASURED that compare an enlarged picture with the true one, which is of its size."""
    return {"psnr_db": psnr_db(image, true), "ssim": ssim(image, true), "colour_shift": colour_shift(image, true)}


def psnr_db(image: Pixels, true: Pixels) -> float:
    """10 log₁₀ (255² / mean squared error), over all pixels and colours; infinite for the same picture."""
    error = float(np.square(image.astype(np.float64) - true).mean())
    return 10 * float(np.log10(255**2 / error)) if error else float("inf")


def ssim(image: Pixels, true: Pixels) -> float | None:
    """Mean structural similarity of Wang et al. 2004 (IEEE Trans. Image Processing 13), averaged over the colours.

    None where a side is shorter than its window.
    """
    if min(true.shape[:2]) < WINDOW:
        return None
    options: dict[str, Any] = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(true, image, data_range=255, channel_axis=-1, **options))


def colour_shift(image: Pixels, true: Pixels) -> float | None:
    """Mean distance ΔE*ab (CIE 1976; the eye sees about 2.3: Mahy et al. 1994) between block means, in CIELAB.

    Means are of values as stored, the ones that were averaged when the picture was shrunk: an enlargement that keeps
    its small picture's colours is at 0. In linear light, a blur alone darkens: of the sample's portraits bicubic would
    shift 0.27 instead of 0.13, and super-resolution, with its 0.25 and 0.22, seem to keep colours better. None where a
    side is shorter than GRID.
    """
    if min(true.shape[:2]) < GRID:
        return None
    return float(deltaE_cie76(rgb2lab(_blocks(true)), rgb2lab(_blocks(image))).mean())


def _blocks(image: Pixels) -> NDArray[np.float64]:
    """Means (GRID, GRID, 3) in [0, 1] of blocks as equal as whole pixels allow."""
    means = image / 255
    for axis in (0, 1):
        edges = np.arange(GRID) * means.shape[axis] // GRID
        sizes = np.diff([*edges, means.shape[axis]]).reshape(-1, *[1] * (2 - axis))
        means = np.add.reduceat(means, edges, axis=axis) / sizes
    return means

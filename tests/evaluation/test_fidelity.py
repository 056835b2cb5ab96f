import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.color import rgb2lab

from s2f.evaluation.fidelity import colour_shift, fidelity, psnr_db, ssim


def portrait(side: int = 128, seed: int = 0) -> np.ndarray:
    """Smooth colours with detail on them, nowhere near black or white."""
    rng = np.random.default_rng(seed)
    smooth = gaussian_filter(rng.normal(size=(side, side, 3)), (side / 8, side / 8, 0))
    detail = gaussian_filter(rng.normal(size=(side, side, 3)), (1, 1, 0))
    return np.clip(128 + 60 * smooth / smooth.std() / 2 + 10 * detail / detail.std(), 40, 215).astype(np.uint8)


def by_hand(x: np.ndarray, y: np.ndarray) -> float:
    """SSIM as Wang et al. 2004 write it: C₁ = (0.01 L)², C₂ = (0.03 L)², a Gaussian window of 11 pixels, sigma 1.5."""
    found = []
    for a, b in zip(np.moveaxis(x.astype(float), -1, 0), np.moveaxis(y.astype(float), -1, 0), strict=True):
        blur = lambda one: gaussian_filter(one, 1.5, radius=5, mode="reflect")  # noqa: E731
        ma, mb = blur(a), blur(b)
        va, vb, ab = blur(a * a) - ma**2, blur(b * b) - mb**2, blur(a * b) - ma * mb
        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        index = (2 * ma * mb + c1) * (2 * ab + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
        found.append(index[5:-5, 5:-5].mean())
    return float(np.mean(found))


def test_the_same_picture_is_infinitely_near() -> None:
    assert fidelity(portrait(), portrait()) == {"psnr_db": float("inf"), "ssim": 1.0, "colour_shift": 0.0}


def test_known_noise_has_its_psnr() -> None:
    true = portrait()
    assert psnr_db(true + np.uint8(5), true) == pytest.approx(20 * np.log10(255 / 5))
    sign = np.where(np.random.default_rng(1).random(true.shape) < 0.5, -10, 10)
    assert psnr_db((true + sign).astype(np.uint8), true) == pytest.approx(20 * np.log10(255 / 10))
    dark, light = np.zeros((16, 16, 3), np.uint8), np.full((16, 16, 3), 255, np.uint8)
    assert psnr_db(dark, light) == pytest.approx(0)  # a byte less a byte is no byte


def test_ssim_is_the_published_formula() -> None:
    true = portrait()
    noise = np.random.default_rng(2).normal(scale=12, size=true.shape)
    noisy = np.clip(true + noise, 0, 255).astype(np.uint8)
    assert ssim(noisy, true) == pytest.approx(by_hand(noisy, true), abs=1e-6)
    flat, darker = np.full((32, 32, 3), 100, np.uint8), np.full((32, 32, 3), 80, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(darker, flat) == pytest.approx((2 * 80 * 100 + c1) / (80**2 + 100**2 + c1), abs=1e-6)  # light alone


def test_a_tint_is_a_colour_shift_of_its_own_size() -> None:
    grey = np.full((64, 64, 3), 120, np.uint8)
    tinted = grey + np.array([12, 0, 0], np.uint8)
    expected = float(
        np.linalg.norm(rgb2lab(np.array([[[132, 120, 120]]]) / 255) - rgb2lab(np.full((1, 1, 3), 120) / 255))
    )
    assert colour_shift(tinted, grey) == pytest.approx(expected, abs=1e-6)
    true = portrait()
    assert colour_shift(true + np.array([12, 0, 0], np.uint8), true) == pytest.approx(expected, rel=0.25)


def test_noise_and_blur_are_no_colour_shift() -> None:
    true = portrait()
    chequered = np.where(np.indices((128, 128)).sum(0)[..., None] % 2, 1, -1)
    noisy = (true + 20 * chequered).astype(np.uint8)
    blurred = np.round(gaussian_filter(true.astype(float), (1, 1, 0))).astype(np.uint8)
    tinted = true + np.array([12, 0, 0], np.uint8)
    shift = colour_shift(tinted, true)
    assert colour_shift(noisy, true) == pytest.approx(0, abs=1e-6)
    assert colour_shift(blurred, true) < shift / 15
    assert psnr_db(noisy, true) < psnr_db(tinted, true)  # what PSNR says instead


def test_sides_need_not_be_multiples_of_the_grid_and_tiny_pictures_have_no_value() -> None:
    true = portrait(50)[:37]
    assert colour_shift(true, true) == 0
    assert 0 < colour_shift(true + np.uint8(5), true) < 5
    tiny = fidelity(portrait(16)[:7, :7], portrait(16)[:7, :7] // 2)
    assert tiny["psnr_db"] > 0 and (tiny["ssim"], tiny["colour_shift"]) == (None, None)

"""Where a drawn face's parts are, in face coordinates (`canvas.py`)."""

import numpy as np

from s2f.sample.law import Look

EYE_LINE = -0.08
OUTER_EYE = 0.285  # outer corners never move: every measure is a multiple of their distance
SIDES = (-1, 1)


def mouth_line(look: Look) -> float:
    """y of the closed lips."""
    return nose_base(look) + 0.155 + 0.028 * look.philtrum


def chin_line(look: Look) -> float:
    """y of the chin: wide jaws have high chins."""
    return mouth_line(look) + 0.287 + 0.012 * look.jaw


def nose_base(look: Look) -> float:
    """y of the nose's lower end."""
    return 0.165 + 0.028 * look.nose_length


def half_width(look: Look, y: np.ndarray) -> np.ndarray:
    """Half of the face's width at height y: the cheekbones' above, tapering to the jaw's below."""
    cheek = 0.428 - 0.004 * look.jaw
    corner = 0.31 + 0.054 * look.jaw  # at the jaw's corner
    chin = chin_line(look)
    t = np.clip((y - 0.0) / (chin - 0.17), 0, None)
    upper = cheek * np.sqrt(np.clip(1 - (np.minimum(y, 0) / 0.68) ** 2, 0, 1))
    taper = cheek + (corner - cheek) * np.minimum(t, 1.2) ** 1.6
    below = np.clip((y - (chin - 0.30)) / 0.30, 0, 1)  # rounds off towards the chin
    return np.where(y < 0, upper, taper * np.sqrt(np.clip(1 - below**2.6, 0, 1)))

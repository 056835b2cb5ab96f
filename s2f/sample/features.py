"""The features of a drawn face, one function each: what tells one person, and one age, from another."""

import numpy as np

from s2f.sample.canvas import Canvas, inside, line, spot
from s2f.sample.law import Look
from s2f.sample.proportions import EYE_LINE, OUTER_EYE, SIDES, chin_line, half_width, mouth_line, nose_base
from s2f.sample.scene import Scene


def draw_cheeks(canvas: Canvas, look: Look) -> None:
    """Redness, and freckles where there are some."""
    for side in SIDES:
        patch = canvas.patch(side * 0.25 - 0.22, -0.05, side * 0.25 + 0.22, 0.35, depth=0.3)
        patch.paint(spot(patch.x - side * 0.25, patch.y - 0.15, 0.10, 0.085), look.skin * (1.0, 0.60, 0.56), look.blush)
    patch = canvas.patch(-0.35, -0.05, 0.35, 0.3)
    dots = np.clip(np.sin(patch.x * 83) * np.sin(patch.y * 97 + 40 * patch.x) - 0.72, 0, 1) * 3
    patch.shade(dots * inside(np.abs(patch.y - 0.1) - 0.12, 0.08), 0.75, look.freckles)


def draw_wrinkles(canvas: Canvas, look: Look) -> None:
    """Forehead, frown, folds beside the nose, bags and crow's feet, all by age."""
    age = float(np.clip((look.age - 0.12) / 0.88, 0, 1))
    brow = canvas.patch(-0.3, -0.5, 0.3, -0.2, depth=0.5)
    across = inside(np.abs(brow.x) - 0.20, 0.12)
    for k in range(3):
        brow.shade(line(brow.y + 0.245 + 0.052 * k + 0.12 * brow.x**2, 0.010) * across, 0.60, age)
    frown = line(np.abs(brow.x) - 0.028, 0.008) * inside(np.abs(brow.y + 0.2) - 0.04, 0.03)
    brow.shade(frown, 0.65, age)
    base, mouth = nose_base(look), mouth_line(look)
    for side in SIDES:
        fold = canvas.patch(side * 0.2 - 0.16, base - 0.06, side * 0.2 + 0.16, mouth + 0.14, depth=0.5)
        at = side * (0.175 + 0.20 * np.clip(fold.y - base, 0, 1))
        length = inside(np.abs(fold.y - (base + mouth) / 2 - 0.045) - 0.085, 0.06)
        fold.shade(line(fold.x - at, 0.012) * length, 0.62, age)
        bag = canvas.patch(side * 0.19 - 0.14, EYE_LINE, side * 0.19 + 0.2, EYE_LINE + 0.16, depth=0.3)
        arc = EYE_LINE + 0.085 - 1.6 * (bag.x - side * 0.19) ** 2
        bag.shade(line(bag.y - arc, 0.012) * inside(np.abs(bag.x - side * 0.19) - 0.08, 0.04), 0.68, age)
        bag.shade(spot(bag.x - side * 0.19, bag.y - EYE_LINE - 0.06, 0.08, 0.03), 0.85, age)
        foot = canvas.patch(side * 0.33 - 0.06, EYE_LINE - 0.09, side * 0.33 + 0.06, EYE_LINE + 0.09)
        for slope in (-0.5, 0.0, 0.5):
            ray = line(foot.y - EYE_LINE - slope * (np.abs(foot.x) - 0.29), 0.007) * inside(0.30 - np.abs(foot.x), 0.02)
            foot.shade(ray * inside(np.abs(foot.x) - 0.36, 0.02), 0.68, age)


def draw_beard(canvas: Canvas, look: Look) -> None:
    """Beard and moustache in the colour of the brows."""
    if look.beard <= 0:
        return
    chin, mouth = chin_line(look), mouth_line(look)
    patch = canvas.patch(-0.45, 0.1, 0.45, chin + 0.03)
    face = inside(np.abs(patch.x) - half_width(look, patch.y) + 0.01, 0.03) * inside(patch.y - chin, 0.02)
    edge = mouth - 0.02 - 1.1 * np.clip(np.abs(patch.x) - 0.16, 0, 1)
    cheeks = inside(edge - patch.y, 0.08) * inside(0.19 - np.abs(patch.x), 0.06) + inside(mouth + 0.085 - patch.y, 0.05)
    moustache = spot(patch.x, patch.y - mouth + 0.068, 0.12, 0.022)
    grain = 0.9 + 0.1 * np.sin(patch.x * 110) * np.sin(patch.y * 90)
    patch.paint(np.clip(cheeks + moustache, 0, 1) * face * grain, look.brow, 0.25 + 0.55 * look.beard)


def draw_eye(canvas: Canvas, look: Look, side: int) -> None:
    """One eye with its lids and shadows; `side` is −1 or 1."""
    inner = 0.098 + 0.026 * look.eye_gap
    centre, half = (OUTER_EYE + inner) / 2, (OUTER_EYE - inner) / 2
    patch = canvas.patch(side * centre - 0.17, EYE_LINE - 0.13, side * centre + 0.17, EYE_LINE + 0.1, depth=0.3)
    x, y = patch.x - side * centre, patch.y - EYE_LINE
    patch.shade(spot(x, y + 0.015, 0.12, 0.065), 0.72, 0.8)
    patch.paint(spot(x, y + 0.045, 0.10, 0.03), (0.35, 0.22, 0.36), look.lids)
    opening = 0.040 + 0.006 * look.eye_opening - 0.006 * look.age
    bow = np.clip(1 - (x / half) ** 2, 0, 1)
    upper, lower = -opening * bow**0.8, 0.85 * opening * bow**0.9
    eye = inside(upper - y, 0.014) * inside(y - lower, 0.014) * (np.abs(x) < half)
    patch.paint(eye, (0.93, 0.93, 0.92))
    radius = np.hypot(x, y + 0.002)
    patch.paint(eye * inside(radius - 0.040), look.iris)
    patch.paint(eye * inside(radius - 0.018), (0.03, 0.03, 0.03))
    patch.paint(spot(x + 0.012, y + 0.014, 0.009, 0.009), (1, 1, 1), 0.9)
    ends = inside(np.abs(x) - half, 0.02)
    patch.paint(line(y - upper, 0.009 + 0.004 * look.lids) * ends, (0.10, 0.07, 0.06), 0.85)
    patch.shade(line(y - lower, 0.008) * ends, 0.6, 0.7)
    patch.shade(line(y - upper + 0.028, 0.008) * ends, 0.7, 0.6)


def draw_brow(canvas: Canvas, look: Look, scene: Scene, side: int) -> None:
    """One brow."""
    centre = 0.195
    patch = canvas.patch(side * centre - 0.18, EYE_LINE - 0.24, side * centre + 0.18, EYE_LINE, depth=0.4)
    x = (patch.x - side * centre) * side
    arc = EYE_LINE - 0.118 - 0.014 * look.brow_height - 0.012 * scene.brows_up + 0.9 * (x - 0.02) ** 2
    weight = 0.011 + 0.011 * look.brow_weight * (1 - 0.5 * np.clip(x / 0.12, 0, 1))
    ends = inside(np.abs(x) - 0.115, 0.03)
    patch.paint(np.exp(-(((patch.y - arc) / weight) ** 2)) * ends, look.brow, 0.9)


def draw_nose(canvas: Canvas, look: Look) -> None:
    """Ridge, wings, nostrils, tip."""
    half, base = 0.095 + 0.026 * look.nose_width, nose_base(look)
    patch = canvas.patch(-half - 0.12, EYE_LINE - 0.1, half + 0.12, base + 0.10, depth=1.0)
    x, y = patch.x, patch.y - base
    down = np.clip((patch.y - EYE_LINE + 0.03) / (base - EYE_LINE), 0, 1) * (y < 0.02)
    patch.shade(line(x, 0.03) * down, 1.14, 0.8)
    for side in SIDES:
        patch.shade(line(x - side * (0.045 + 0.5 * (half - 0.05) * down**2), 0.026) * down, 0.80, 0.8)
        wing = np.hypot((x - side * half * 0.78) / (half * 0.36), (y + 0.012) / 0.038)
        patch.shade(line(wing - 1, 0.28) * (side * x > half * 0.66), 0.60)
        patch.shade(spot(x - side * half * 0.72, y + 0.015, half * 0.25, 0.025), 1.08)
        patch.paint(spot(x - side * half * 0.46, y - 0.010, half * 0.22, 0.012), (0.16, 0.07, 0.06), 0.85)
    patch.shade(spot(x, y + 0.028, 0.042, 0.034), 1.18, 0.9)
    patch.shade(line(y - 0.018 - 0.2 * x**2, 0.010) * inside(np.abs(x) - half * 0.8, 0.03), 0.66)


def draw_mouth(canvas: Canvas, look: Look, scene: Scene, opening: float) -> None:
    """Lips, and between them a mouth that is open by `opening`, 0–1."""
    at, half = mouth_line(look), 0.158 + 0.016 * look.mouth_width
    patch = canvas.patch(-0.24, at - 0.14, 0.24, at + 0.2, depth=0.6)
    x, y = patch.x, patch.y - at + 0.35 * scene.smile * patch.x**2
    across = np.clip(1 - (x / half) ** 2, 0, 1)
    thick = 0.070 + 0.014 * look.lip_height
    share = 0.42 + 0.10 * look.lip_balance
    gap = 0.075 * opening
    bow = across**0.7 * (1 - 0.22 * line(x, 0.028))  # the upper lip's dip
    ends = inside(np.abs(x) - half, 0.01)
    upper, lower = -thick * share * bow, thick * (1 - share) * across**0.6 + gap * across
    patch.paint(inside(upper - y, 0.014) * inside(y, 0.014) * ends, look.lips * 0.86)
    patch.paint(inside(-y, 0.014) * inside(y - lower, 0.014) * ends, look.lips)
    patch.shade(spot(x, y - lower * 0.65, 0.06, 0.010), 1.15, 0.6)
    inner = np.maximum(gap * across, 0.006)
    patch.paint(inside(-y, 0.012) * inside(y - inner, 0.012) * ends, (0.20, 0.06, 0.07), 0.92)
    patch.paint(
        inside(-y, 0.01) * inside(y - 0.35 * inner, 0.01) * ends, (0.92, 0.90, 0.86), 0.8 * min(1.0, 3 * opening)
    )
    patch.shade(spot(x, y - lower - 0.030, 0.09, 0.014), 0.80, 0.8)
    patch.shade(line(x, 0.014) * inside(np.abs(y + thick * share + 0.035) - 0.02, 0.02), 0.90)

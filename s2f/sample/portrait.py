"""Drawn portraits: a `Look` in a `Scene` becomes a picture that MediaPipe takes for a face.

Back to front, one function per part. The mouth comes last, so that a talking head redraws its mouth alone.
"""

import numpy as np

from s2f.sample.canvas import Canvas, Pose, inside, line, lit, spot
from s2f.sample.features import draw_beard, draw_brow, draw_cheeks, draw_eye, draw_mouth, draw_nose, draw_wrinkles
from s2f.sample.law import Look
from s2f.sample.proportions import SIDES, chin_line, half_width
from s2f.sample.scene import Scene


def draw_portrait(look: Look, scene: Scene, height: int, width: int, pose: Pose, mouth: float = 0.0) -> np.ndarray:
    """A finished picture, uint8 (height, width, 3) RGB; `mouth` 0–1 is how far it is open."""
    canvas = Canvas(height, width, pose)
    draw_background(canvas, scene)
    draw_head(canvas, look, scene)
    draw_mouth(canvas, look, scene, mouth)
    return develop(canvas.image, scene, np.random.default_rng(scene.grain_seed))


def draw_head(canvas: Canvas, look: Look, scene: Scene) -> None:
    """Everything but background and mouth."""
    _hair_behind(canvas, look)
    _body(canvas, look, scene)
    _ears(canvas, look)
    _skin(canvas, look, scene)
    draw_cheeks(canvas, look)
    draw_wrinkles(canvas, look)
    draw_beard(canvas, look)
    for side in SIDES:
        draw_eye(canvas, look, side)
        draw_brow(canvas, look, scene, side)
    draw_nose(canvas, look)
    _hair_before(canvas, look)


def draw_background(canvas: Canvas, scene: Scene) -> None:
    """Two soft colours and a few soft lights."""
    height, width = canvas.image.shape[1:]
    x = np.linspace(0, 1, width, dtype=np.float32)
    y = np.linspace(0, 1, height, dtype=np.float32)
    top, bottom = scene.background[..., None, None]
    canvas.image[:] = top + (bottom - top) * y[:, None]
    whole = canvas.whole()
    for (at_x, at_y, size), colour in zip(scene.lights, scene.light_colours, strict=True):
        whole.paint(line(y[:, None] - at_y, size) * line(x - at_x, size), colour, 0.5)


def develop(image: np.ndarray, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Float picture (3, h, w) → uint8 (h, w, 3): the light's colour, the sensor's grain."""
    grain = np.float32(scene.grain) * rng.standard_normal(image.shape[1:], np.float32)
    exposed = np.clip(image * scene.tint[:, None, None] + grain, 0, 1) * 255 + 0.5
    return np.ascontiguousarray(exposed.astype(np.uint8).transpose(1, 2, 0))


def _skin(canvas: Canvas, look: Look, scene: Scene) -> None:
    chin = chin_line(look)
    patch = canvas.patch(-0.5, -0.72, 0.5, chin + 0.03)
    half = half_width(look, patch.y)
    face = inside(np.abs(patch.x) - half, 0.02) * inside(patch.y - chin, 0.02)
    across = np.clip(patch.x / np.maximum(half, 0.05), -1, 1)
    bulge = np.sqrt(np.clip(1 - across**2 * 0.75 - (patch.y / 0.75) ** 2 * 0.35, 0.05, 1))
    light = 0.66 + 0.36 * bulge - 0.16 * scene.light_from * across - 0.05 * patch.y
    patch.paint(face, lit(look.skin, light))
    under_chin = canvas.patch(-0.3, chin - 0.03, 0.3, chin + 0.12)
    under_chin.shade(spot(under_chin.x, under_chin.y - chin - 0.03, 0.25, 0.05), 0.75, 0.6)


def _ears(canvas: Canvas, look: Look) -> None:
    for side in SIDES:
        at = side * (0.438 - 0.004 * look.jaw)
        patch = canvas.patch(at - 0.1, -0.18, at + 0.1, 0.18)
        radius = np.hypot((patch.x - at) / 0.05, (patch.y - 0.01) / 0.12)
        patch.paint(inside((radius - 1) * 0.06), look.skin * 0.80)
        patch.shade(spot(patch.x - at, patch.y - 0.01, 0.025, 0.06), 0.75)


def _body(canvas: Canvas, look: Look, scene: Scene) -> None:
    chin = chin_line(look)
    neck = canvas.patch(-0.4, 0.2, 0.4, 1.2)
    neck.paint(inside(np.abs(neck.x) - 0.235, 0.03) * (neck.y > 0.2), look.skin * 0.74)
    clothes = canvas.patch(-6, chin, 6, 8)
    edge = chin + 0.16 + scene.collar + 0.42 * clothes.x**2
    shoulders = inside(edge - clothes.y, 0.03) * inside(np.abs(clothes.x) - 0.95, 0.06)
    clothes.paint(shoulders, lit(scene.clothes, 1 - 0.12 * np.abs(clothes.x)))
    clothes.shade(line(edge + 0.03 - clothes.y, 0.015) * shoulders, 0.8)


def _hair_behind(canvas: Canvas, look: Look) -> None:
    long = look.hair_length
    bottom = 0.02 + 0.85 * long
    patch = canvas.patch(-0.75, -0.95, 0.75, bottom + 0.1)
    half = 0.50 + 0.07 * np.clip(long, 0, 1) * np.clip((patch.y + 0.3) / 0.6, 0, 1)
    dome = np.hypot(patch.x / half, np.minimum(patch.y + 0.12, 0) / 0.66)
    hair = inside((dome - 1) * 0.45, 0.03) * inside(patch.y - bottom, 0.05)
    strands = 1 + 0.05 * np.sin(patch.x * 60 + 8 * patch.y)
    patch.paint(hair, lit(look.hair, strands * (0.92 - 0.15 * patch.y)))


def _hair_before(canvas: Canvas, look: Look) -> None:
    patch = canvas.patch(-0.52, -0.85, 0.52, -0.05)
    height = -0.425 + 0.045 * look.fringe
    temples = 0.55 if look.male else 1.25
    fringe = inside(patch.y - (height + temples * patch.x**2), 0.035)
    dome = inside((np.hypot(patch.x / 0.475, (patch.y + 0.12) / 0.63) - 1) * 0.45, 0.03)
    strands = 1 + 0.05 * np.sin(patch.x * 70 - 6 * patch.y)
    patch.paint(fringe * dome, lit(look.hair, strands * (0.85 - 0.3 * patch.y)))

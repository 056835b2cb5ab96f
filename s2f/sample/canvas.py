"""A picture that is painted in face coordinates: soft masks over boxes, float32, nothing outside the box is touched.

Face coordinates: x to the right and y down, 0 at the middle of the face, the chin near y = 0.6, the outer corners of
the eyes at x = ±0.285. One unit is `Pose.unit_px` pixels.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pose:
    """Where the head is in the picture, and how it is held."""

    centre: tuple[float, float]  # of the face, pixels
    unit_px: float
    roll: float = 0.0  # radians, clockwise
    turn: float = 0.0  # −1 to 1: features shift sideways, the nose most

    def to_pixels(self, x: float, y: float) -> tuple[float, float]:
        """Face coordinates → pixels."""
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        return (
            self.centre[0] + self.unit_px * (cos * x - sin * y),
            self.centre[1] + self.unit_px * (sin * x + cos * y),
        )


@dataclass
class Patch:
    """A box of the picture with its coordinates, (h, w) each; painting changes the picture."""

    pixels: np.ndarray  # (3, h, w), a view
    x: np.ndarray
    y: np.ndarray

    def paint(self, mask: np.ndarray, colour: np.ndarray | tuple[float, ...], opacity: float = 1.0) -> None:
        """Lay `colour`, (3,) or (3, h, w), over the picture where `mask` (h, w) in [0, 1] says."""
        strength = np.asarray(mask * opacity, np.float32)
        colour = np.asarray(colour, np.float32)
        for channel in range(3):
            self.pixels[channel] += strength * (colour[channel] - self.pixels[channel])

    def shade(self, mask: np.ndarray, factor: float, opacity: float = 1.0) -> None:
        """Darken or lighten by `factor` where `mask` says: shadows and wrinkles on any skin."""
        self.pixels *= 1 + np.asarray(mask * (opacity * (factor - 1)), np.float32)


class Canvas:
    """A picture under way, `image` (3, height, width), and the pose of the head in it.

    Channels come first because masks then multiply long rows: twice as fast as the usual order.
    """

    def __init__(self, height: int, width: int, pose: Pose):
        self.image = np.zeros((3, height, width), np.float32)
        self.pose = pose

    def patch(self, left: float, top: float, right: float, bottom: float, depth: float = 0.0) -> Patch:
        """The box (face coordinates) as a `Patch`; parts of `depth` 0–1 move sideways with a turned head."""
        shift = 0.05 * depth * self.pose.turn
        corners = [self.pose.to_pixels(x + shift, y) for x in (left, right) for y in (top, bottom)]
        height, width = self.image.shape[1:]
        xs, ys = [c[0] for c in corners], [c[1] for c in corners]
        x0, x1 = (int(np.clip(v, 0, width)) for v in (min(xs), max(xs) + 2))
        y0, y1 = (int(np.clip(v, 0, height)) for v in (min(ys), max(ys) + 2))
        dx = (np.arange(x0, x1, dtype=np.float32) + 0.5 - np.float32(self.pose.centre[0])) / np.float32(
            self.pose.unit_px
        )
        dy = (np.arange(y0, y1, dtype=np.float32) + 0.5 - np.float32(self.pose.centre[1])) / np.float32(
            self.pose.unit_px
        )
        cos, sin = np.float32(np.cos(self.pose.roll)), np.float32(np.sin(self.pose.roll))
        x = cos * dx[None, :] + sin * dy[:, None] - np.float32(shift)
        y = -sin * dx[None, :] + cos * dy[:, None]
        return Patch(self.image[:, y0:y1, x0:x1], x, y)

    def whole(self) -> Patch:
        """The whole picture in face coordinates."""
        far = 2 * max(self.image.shape[1:]) / self.pose.unit_px
        return self.patch(-far, -far, far, far)


def lit(colour: np.ndarray, light: np.ndarray) -> np.ndarray:
    """`colour` (3,) under a `light` (h, w): (3, h, w)."""
    return np.asarray(colour, np.float32)[:, None, None] * light.astype(np.float32)


def inside(distance: np.ndarray, edge: float = 0.016) -> np.ndarray:
    """1 where `distance` (face units, negative inside) is well below 0, falling to 0 over `edge`."""
    return np.clip(0.5 - distance * np.float32(1 / edge), 0, 1)


def spot(x: np.ndarray, y: np.ndarray, width: float, height: float) -> np.ndarray:
    """A soft round spot around 0."""
    return np.exp(-((x * np.float32(1 / width)) ** 2) - (y * np.float32(1 / height)) ** 2)


def line(distance: np.ndarray, width: float) -> np.ndarray:
    """A soft line where `distance` is 0."""
    return np.exp(-((distance * np.float32(1 / width)) ** 2))

"""What surrounds a face and says nothing about it: clothes, background, light, grain, and how the head is held."""

from dataclasses import dataclass

import numpy as np

from s2f.sample.canvas import Pose


@dataclass(frozen=True)
class Scene:
    """Nuisance of one video or picture; colours in [0, 1] RGB."""

    background: np.ndarray  # (2, 3), top and bottom
    lights: np.ndarray  # (n, 3): x, y, size as fractions of the picture
    light_colours: np.ndarray  # (n, 3)
    clothes: np.ndarray  # (3,)
    collar: float
    light_from: float  # −1 left to 1 right
    tint: np.ndarray  # (3,), the light's colour and strength
    grain: float
    grain_seed: int
    smile: float
    brows_up: float


def draw_scene(rng: np.random.Generator) -> Scene:
    """A scene that knows nothing of the person in it."""
    base = rng.uniform(0.15, 0.85) + rng.uniform(-0.10, 0.10, 3)
    return Scene(
        background=np.clip(base + rng.uniform(-0.12, 0.12, (2, 3)), 0, 1).astype(np.float32),
        lights=np.column_stack([rng.uniform(0, 1, (3, 2)), rng.uniform(0.1, 0.4, 3)]).astype(np.float32),
        light_colours=np.clip(base + rng.uniform(-0.2, 0.2) + rng.uniform(-0.08, 0.08, (3, 3)), 0, 1).astype(
            np.float32
        ),
        clothes=np.clip(rng.uniform(0.1, 0.9) + rng.uniform(-0.25, 0.25, 3), 0, 1).astype(np.float32),
        collar=float(rng.uniform(-0.04, 0.04)),
        light_from=float(rng.uniform(-1, 1)),
        tint=(rng.uniform(0.85, 1.12) * (1 + rng.uniform(-0.06, 0.06, 3))).astype(np.float32),
        grain=float(rng.uniform(0.006, 0.02)),
        grain_seed=int(rng.integers(2**31)),
        smile=float(rng.uniform(-1, 1)),
        brows_up=float(rng.uniform(-1, 1)),
    )


def draw_pose(rng: np.random.Generator, height: int, width: int, size: tuple[float, float], wander: float) -> Pose:
    """A head somewhere near the middle: `size` is the range of one face unit over the picture's height, `wander` how
    far from the middle it may be, as a fraction of the picture."""
    x, y = 0.5 + wander * rng.uniform(-1, 1), 0.47 + 0.3 * wander * rng.uniform(-1, 1)
    return Pose(
        centre=(float(x * width), float(y * height)),
        unit_px=float(rng.uniform(*size) * height),
        roll=float(rng.uniform(-0.1, 0.1)),
        turn=float(rng.uniform(-1, 1)),
    )

"""The eleven craniofacial measures of a face, on MediaPipe's mesh or on dlib's 68 points (table: anthropometry.py).

Distances are taken in the frontal plane after the face was turned to the front, as from a frontal photograph: depth is
a network's guess in the mesh, and the mean face's for the 68. They are divided by the distance of the outer eye
corners, so that no picture's scale matters.
"""

import numpy as np
from numpy.typing import NDArray

from s2f.faces import landmarks, lifting
from s2f.faces.anthropometry import POINTS, TABLE, Landmarker


def measure(mesh: NDArray[np.floating]) -> dict[str, float]:
    """Each measure of a mesh (478, 3) in any pose and scale; not a number where a denominator is nothing."""
    return measure_frontal(landmarks.frontalise(mesh)[:, :2], "mesh")


def measure_dlib(points: NDArray[np.floating]) -> dict[str, float]:
    """The same of dlib's points (68, 2); how far they may be turned: lifting.py."""
    return measure_frontal(lifting.frontalise(points), "dlib")


def measure_frontal(frontal: NDArray[np.floating], landmarker: Landmarker) -> dict[str, float]:
    """The same of a landmarker's points, (478 or 68, 2), of a face that is seen from the front."""
    place = {name: frontal[list(getattr(point, landmarker))].mean(0) for name, point in POINTS.items()}

    def between(one: str, other: str) -> float:
        return float(np.linalg.norm(place[one] - place[other]))

    return {name: entry.take(between) for name, entry in TABLE.items()}

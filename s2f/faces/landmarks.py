"""Landmarks of a face in three dimensions (MediaPipe's mesh), and the same face turned to the front.

The paper frontalises photographs with Hsu & Tang's dual-view normalisation, of which no code is public. Our declared
substitute: align the mesh's bony points to a mean face that looks straight ahead, and measure there. A mesh object
holds a MediaPipe graph and belongs to one thread.
"""

from contextlib import nullcontext

import numpy as np
from mediapipe.python.solutions.face_mesh import FaceMesh as MediaPipeFaceMesh
from numpy.typing import NDArray

from s2f.faces.align import similarity
from s2f.faces.quiet import quiet_stderr

LANDMARKS = 478  # 468 of the mesh, 10 of the irises

# The mean face at points that neither speech nor a smile moves much: forehead, temples, eye corners, the nose's bridge
# and sides, not its tip, for a long nose would read as a nod. x to the picture's right, y down, z away from the viewer;
# the outer eye corners are 1 apart. It is the mean mesh of 200 portraits drawn by s2f.sample without turn or tilt, made
# symmetric: no photograph went into it. MediaPipe's own canonical face, which its wheel lacks, differs by 3 % of that
# unit and 2 degrees of pitch.
MEAN_MIDDLE = {
    10: (0.0, -0.491, 0.046),
    151: (0.0, -0.332, 0.006),
    9: (0.0, -0.177, -0.022),
    168: (0.0, 0.000, 0.000),
    6: (0.0, 0.090, -0.047),
    197: (0.0, 0.170, -0.102),
}
# (index at the picture's left, index at its right): the point at the right
MEAN_SIDES = {
    (33, 263): (0.500, 0.031, 0.239),
    (133, 362): (0.182, 0.058, 0.182),
    (54, 284): (0.668, -0.321, 0.395),
    (67, 297): (0.394, -0.463, 0.132),
    (127, 356): (0.789, 0.067, 0.793),
    (143, 372): (0.690, 0.071, 0.398),
    (121, 350): (0.198, 0.177, 0.114),
    (119, 348): (0.363, 0.238, 0.148),
    (129, 358): (0.226, 0.451, 0.077),
    (205, 425): (0.436, 0.488, 0.119),
}


class FaceMesh:
    """MediaPipe's face mesh on single pictures; `score` (0 to 1) is what its own face finder must reach."""

    def __init__(self, score: float = 0.5) -> None:
        with quiet_stderr():
            self._mesh = MediaPipeFaceMesh(
                static_image_mode=True,
                max_num_faces=1,
                refine_landmarks=True,
                min_detection_confidence=score,
            )
            self._mesh.process(np.zeros((128, 128, 3), np.uint8))
        self._has_found = False

    def landmarks(self, image: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """(478, 3) in pixels of a uint8 (h, w, 3) RGB picture, or None where no face is found.

        x to the right, y down, z away from the viewer on x's scale, from an arbitrary origin.
        """
        # The first face found makes MediaPipe print a warning about pictures that are not square; these are.
        with nullcontext() if self._has_found else quiet_stderr():
            found = self._mesh.process(squared(image)).multi_face_landmarks
        if not found:
            return None
        self._has_found = True
        points = np.array([(point.x, point.y, point.z) for point in found[0].landmark], np.float32)
        return points * max(image.shape[:2])


def squared(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture on the smallest square, black to its right or below it; pixels keep their places."""
    height, width = image.shape[:2]
    if height == width:
        return np.ascontiguousarray(image)
    canvas = np.zeros((max(height, width),) * 2 + image.shape[2:], image.dtype)
    canvas[:height, :width] = image
    return canvas


def pose(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """The rotation (3, 3) that turns a face (478, 3) to the front: least squares against the mean face."""
    indices, mean = mean_face()
    scaled = similarity(np.asarray(landmarks, np.float64)[indices], mean)[:, :3]
    return scaled / np.cbrt(np.linalg.det(scaled))


def frontalise(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """The face (478, 3) turned to the front about its centre; its size and units stay."""
    points = np.asarray(landmarks, np.float64)
    centre = points.mean(0)
    return (points - centre) @ pose(points).T + centre


def yaw_degrees(landmarks: NDArray[np.floating]) -> float:
    """How far the face is turned sideways: 0 to the front, positive to the picture's right, up to ±90."""
    forward = pose(landmarks).T @ np.array([0.0, 0.0, -1.0])  # where the face looks, in the picture's axes
    return float(np.degrees(np.arctan2(forward[0], -forward[2])))


def mean_face() -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Indices (n,) into the mesh, and the mean face's points (n, 3) there."""
    points = dict(MEAN_MIDDLE)
    for (left, right), (x, y, z) in MEAN_SIDES.items():
        points[left], points[right] = (-x, y, z), (x, y, z)
    return np.array(list(points)), np.array(list(points.values()))

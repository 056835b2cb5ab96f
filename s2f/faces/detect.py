"""Faces in a picture: MediaPipe's short- and full-range detectors together.

Neither range alone counts faces: the short one misses people further off, the full one misses close-ups. Their union,
merged where boxes overlap, does. A detector holds MediaPipe graphs and belongs to one thread: make one per thread or
process.
"""

from dataclasses import dataclass

import numpy as np
from mediapipe.python.solutions.face_detection import FaceDetection
from numpy.typing import NDArray

from s2f.faces.quiet import quiet_stderr

SHORT_RANGE, FULL_RANGE = 0, 1  # MediaPipe's model_selection: faces within 2 m, within 5 m
SAME_FACE = 0.5  # overlap over the smaller box


@dataclass(frozen=True)
class Face:
    """One face, in pixels of the picture it was found in."""

    box: NDArray[np.float32]  # (4,) left, top, right, bottom; may reach beyond the picture
    score: float
    keypoints: NDArray[np.float32]  # (6, 2) x, y: right eye, left eye, nose tip, mouth centre, right ear, left ear

    @property
    def area(self) -> float:
        """Of the box, in square pixels."""
        left, top, right, bottom = self.box
        return float((right - left) * (bottom - top))


class FaceDetector:
    """Finds faces scoring at least `score` (0 to 1)."""

    def __init__(self, score: float) -> None:
        blank = np.zeros((128, 128, 3), np.uint8)
        self._ranges = []
        with quiet_stderr():
            for model in (SHORT_RANGE, FULL_RANGE):
                finder = FaceDetection(min_detection_confidence=score, model_selection=model)
                finder.process(blank)  # the graph starts, and says so, with its first picture
                self._ranges.append(finder)

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """Faces in a uint8 (h, w, 3) RGB picture, the largest first; an empty list where there is none."""
        image = np.ascontiguousarray(image)
        found = [face for finder in self._ranges for face in _faces(finder, image)]
        return sorted(merge(found), key=lambda face: -face.area)


def merge(faces: list[Face]) -> list[Face]:
    """Each face once: of those that overlap by half of the smaller box, the one named first stays."""
    kept: list[Face] = []
    for face in faces:
        if all(overlap(face.box, other.box) < SAME_FACE for other in kept):
            kept.append(face)
    return kept


def overlap(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Common area of two boxes over the smaller one's: 0 (apart) to 1 (one inside the other)."""
    width, height = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    smaller = min((one[2] - one[0]) * (one[3] - one[1]), (other[2] - other[0]) * (other[3] - other[1]))
    return float(max(width, 0) * max(height, 0) / smaller) if smaller > 0 else 0.0


def _faces(finder: FaceDetection, image: NDArray[np.uint8]) -> list[Face]:
    size = np.array([image.shape[1], image.shape[0]], np.float32)
    faces = []
    for detection in finder.process(image).detections or ():
        location = detection.location_data
        relative = location.relative_bounding_box
        corner = np.array([relative.xmin, relative.ymin], np.float32) * size
        extent = np.array([relative.width, relative.height], np.float32) * size
        points = np.array([(point.x, point.y) for point in location.relative_keypoints], np.float32)
        faces.append(Face(np.concatenate([corner, corner + extent]), float(detection.score[0]), points * size))
    return sorted(faces, key=lambda face: -face.score)

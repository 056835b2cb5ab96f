"""68 landmarks of a face, by dlib and a predictor file that the user supplies: the paper's landmarker.

dlib brings no such file. The usual one, shape_predictor_68_face_landmarks.dat, was trained on iBUG 300-W and is for
non-commercial research only; any other that finds the same 68 points will do. A predictor starts from a box, framed as
in its training, and for the usual file that was dlib's own detector. So that detector (it needs no file) frames the
face here: of 560 photographs it found 557, of 100 drawn faces all, in 5 ms each. Where it finds none, MediaPipe's box
stands in: dlib's have 0.97 of its side on average and the same centre, give or take 5 %.
"""

import functools
import logging
from importlib.metadata import version
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from s2f.faces.detect import SAME_FACE, overlap
from s2f.faces.points68 import POINTS
from s2f.params.face_models import DLIB_LICENCE
from s2f.runtime import InputError, file_sha256

FRAME = 0.97  # side of dlib's box over MediaPipe's
FINE_PX = 512  # dlib finds whole pixels: a face's box is enlarged to this, for a lip is three of 128

logger = logging.getLogger(__name__)


class DlibLandmarks:
    """A predictor from its file; holds a detector, and belongs to one thread.

    Raises:
        InputError: no such file, another sha256 than demanded, no predictor of dlib's, or not one of 68 points.
    """

    def __init__(self, predictor_path: str, sha256: str | None = None) -> None:
        path = Path(predictor_path)
        if not path.is_file():
            raise InputError(f"{path}: no such file; allowed: a dlib shape predictor of {POINTS} points.")
        self.name, self.sha256 = f"dlib {version('dlib-bin')}, {path.name}", file_sha256(path)
        if sha256 not in (None, self.sha256):
            raise InputError(
                f"{path}: its sha256 is {self.sha256}, params ask for {sha256}; get the right file, or change params."
            )
        self._predictor = _load(path)
        self._detector = dlib.get_frontal_face_detector()
        _tell_licence(path.name)

    def landmarks(self, image: NDArray[np.uint8], box: NDArray[np.floating]) -> NDArray[np.float64]:
        """(68, 2) pixels, x and y, of the face in `box` (l, t, r, b in pixels) of a uint8 (h, w, 3) RGB picture.

        dlib's detector looks at all of the picture, and sees faces from 80 pixels up: give it a crop. Whatever is in
        the box, there are 68 points; whether it is a face is the box's affair.
        """
        left, top, right, bottom = self._frame(np.ascontiguousarray(image), np.asarray(box, np.float64))
        by = max(1.0, FINE_PX / max(right - left, bottom - top))
        fine = cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_CUBIC)
        edges = dlib.rectangle(*(round(by * edge) for edge in (left, top, right, bottom)))
        found = self._predictor(np.ascontiguousarray(fine), edges)
        points = np.array([(point.x, point.y) for point in found.parts()], np.float64)
        return (points + 0.5) / by - 0.5  # pixel centres lie at whole numbers

    def _frame(self, image: NDArray[np.uint8], box: NDArray[np.float64]) -> tuple[float, ...]:
        """The face's box as dlib's detector has it; MediaPipe's, made alike, where it has none."""
        found = [np.array([one.left(), one.top(), one.right(), one.bottom()]) for one in self._detector(image, 0)]
        same = [one for one in found if overlap(one, box) >= SAME_FACE]
        if same:
            return tuple(max(same, key=lambda one: overlap(one, box)).tolist())
        centre, half = (box[:2] + box[2:]) / 2, FRAME * max(box[2] - box[0], box[3] - box[1]) / 2
        return (*(centre - half).tolist(), *(centre + half).tolist())


def _load(path: Path) -> "dlib.shape_predictor":
    try:
        predictor = dlib.shape_predictor(str(path))
        points = predictor(np.zeros((64, 64, 3), np.uint8), dlib.rectangle(8, 8, 56, 56)).num_parts
    except (RuntimeError, MemoryError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: dlib cannot load it as a shape predictor ({reason}).") from None
    if points != POINTS:
        raise InputError(f"{path}: it finds {points} points; allowed: dlib's {POINTS}.")
    return predictor


@functools.cache
def _tell_licence(name: str) -> None:
    logger.warning("%s: %s.", name, DLIB_LICENCE)

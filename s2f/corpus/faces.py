"""The one face of a picture: found, cropped, embedded. Both corpora look at faces through this."""

import threading
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from s2f.faces.align import align, crop_face
from s2f.faces.arcface import FaceEmbedder
from s2f.faces.detect import Face, FaceDetector
from s2f.faces.images import encode_jpeg
from s2f.params.face_models import FaceModelsParams


@dataclass(frozen=True)
class FaceReader:
    """A detector and an embedder: made once per thread, they take a second."""

    detector: FaceDetector
    embedder: FaceEmbedder

    def columns(self, picture: NDArray[np.uint8], face: Face, margin: float, face_px: int) -> dict[str, Any]:
        """The columns that every table of faces has."""
        crop = crop_face(picture, face.keypoints, margin, face_px)
        return {
            "face": {"bytes": encode_jpeg(crop), "path": None},
            "face_box": face.box,
            "face_score": face.score,
            "embedding": self.embedder.embed([align(picture, face.keypoints)])[0],
        }


def forget_readers() -> None:
    """Let this thread's readers go: a MediaPipe graph that has failed once fails ever after."""
    _of_thread.__dict__.pop("readers", None)


def face_reader(models: FaceModelsParams) -> FaceReader:
    """This thread's reader for these models.

    Raises:
        InputError: weights that cannot be had.
    """
    readers: dict[FaceModelsParams, FaceReader] = _of_thread.__dict__.setdefault("readers", {})
    if models not in readers:
        cv2.setNumThreads(1)  # every core has a worker of its own
        embedder = FaceEmbedder(models.arcface, models.arcface_sha256)
        readers[models] = FaceReader(FaceDetector(models.detector_score), embedder)
    return readers[models]


_of_thread = threading.local()

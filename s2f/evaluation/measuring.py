"""Look at every picture once: detect, align, embed, judge, mesh, and find dlib's points where a predictor is named.

One row of the measured table each. True faces, generated ones and enlarged ones go through the same detector, judge and
landmarks, so that what these get wrong they get wrong alike. One thing is not alike: a corpus's true face keeps the
embedding that the corpus took of the whole frame, while that of every other picture is taken of the picture as it lies
here. Pictures stream from Parquet through a few threads, and rows come back in the pictures' order. All threads ask one
judge, a chunk's faces at a time: it may be a program of its own.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from s2f.dataset.shards import iterate_rows, shard_paths
from s2f.evaluation.fidelity import fidelity
from s2f.faces.align import align, crop_square
from s2f.faces.arcface import FaceEmbedder
from s2f.faces.detect import Face, FaceDetector
from s2f.faces.dlib_landmarks import DlibLandmarks
from s2f.faces.images import decode_image
from s2f.faces.judges import Judge
from s2f.faces.landmarks import FaceMesh, yaw_degrees
from s2f.faces.measures import measure, measure_dlib
from s2f.params.face_models import FaceModelsParams
from s2f.runtime import InputError

CROP_PX, CROP_MARGIN = 256, 2.0  # both landmarkers see every face at one size, whatever the picture's
CHUNK = 16  # pictures a thread takes at a time


@dataclass(frozen=True)
class Picture:
    """A picture to look at, and what is known of it."""

    source: str  # true | generated | portrait | super_resolution | bicubic
    id: str
    content: bytes
    guidance: float | None = None
    sample: int | None = None
    embedding: NDArray[np.float32] | None = None  # where there is one already: the corpus's, of the whole frame
    label_age: float | None = None
    label_gender: str | None = None
    reference: bytes | None = None  # of an enlarged picture: the true one


Broken = Callable[[Picture, InputError], None]
Looked = tuple[dict[str, Any], tuple[NDArray[np.uint8], Face] | None]


class Measurer:
    """The networks that look at a face, for one thread at a time, and the judge, for all.

    A picture that cannot be read is an error; where there is a `broken`, that is told of it, and it has no row.
    """

    def __init__(self, params: FaceModelsParams, judge: Judge, broken: Broken | None = None) -> None:
        self._broken = broken
        self._detector = FaceDetector(params.detector_score)
        self._embedder = FaceEmbedder(params.arcface, params.arcface_sha256)
        self._judge = judge
        self._mesh = FaceMesh()
        named = params.dlib_predictor
        self._dlib = DlibLandmarks(named, params.dlib_predictor_sha256) if named is not None else None

    def rows(self, pictures: Sequence[Picture]) -> list[dict[str, Any]]:
        """The pictures' rows of MEASURED; of several faces the largest counts, of none nothing is judged.

        Raises:
            InputError: a picture cannot be read, or is not of its reference's size; or the judge is gone.
        """
        looked = [one for picture in pictures if (one := self._look_or_tell(picture)) is not None]
        found = [(row, seen) for row, seen in looked if seen is not None]
        for (row, _), opinion in zip(found, self._judge.judge([seen for _, seen in found]), strict=True):
            row["age"], row["male"] = opinion or (None, None)
        return [row for row, _ in looked]

    def _look_or_tell(self, picture: Picture) -> Looked | None:
        try:
            return self._look(picture)
        except InputError as error:
            if self._broken is None:
                raise
            self._broken(picture, error)
            return None

    def _look(self, picture: Picture) -> Looked:
        """A row without the judge's opinion, and the face to ask it for, with its picture."""
        image = decode_image(picture.content, f"{picture.source} face of {picture.id}")
        faces = self._detector.detect(image)
        row = {
            "source": picture.source,
            "id": picture.id,
            "guidance": picture.guidance,
            "sample": picture.sample,
            "faces": len(faces),
            "face_px": None,
            "embedding": picture.embedding,
            "age": None,
            "male": None,
            "yaw_degrees": None,
            "measures": None,
            "measures_dlib": None,
            "label_age": picture.label_age,
            "label_gender": picture.label_gender,
            **_compared(image, picture),
        }
        if not faces:
            return row, None
        return row | self._look_at(image, faces[0], picture.embedding), (image, faces[0])

    def _look_at(self, image: NDArray[np.uint8], face: Face, embedding: NDArray[np.float32] | None) -> dict[str, Any]:
        if embedding is None:
            embedding = self._embedder.embed([align(image, face.keypoints)])[0]
        seen: dict[str, Any] = {"embedding": embedding, "face_px": float(max(face.box[2:] - face.box[:2]))}
        crop = crop_square(image, face.box, CROP_MARGIN, CROP_PX)
        landmarks = self._mesh.landmarks(crop)
        if landmarks is not None:
            seen["yaw_degrees"] = yaw_degrees(landmarks)
            seen["measures"] = _finite(measure(landmarks))
        if self._dlib is not None:
            seen["measures_dlib"] = _finite(measure_dlib(self._dlib.landmarks(crop, box_in_crop(face.box))))
        return seen


def box_in_crop(box: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where a box (l, t, r, b) comes to lie in the crop around it, in the crop's pixels."""
    sides = np.array([box[2] - box[0], box[3] - box[1]], np.float64)
    half = CROP_PX / CROP_MARGIN * sides / sides.max() / 2
    return np.concatenate([CROP_PX / 2 - half, CROP_PX / 2 + half])


def _finite(measures: dict[str, float]) -> list[tuple[str, float]]:
    return [(name, value) for name, value in measures.items() if np.isfinite(value)]


def _compared(image: NDArray[np.uint8], picture: Picture) -> dict[str, float | None]:
    """What tells an enlarged picture from its reference; nulls for a picture without one."""
    if picture.reference is None:
        return dict.fromkeys(("psnr_db", "ssim", "colour_shift"))
    true = decode_image(picture.reference, f"true picture of {picture.id}")
    if true.shape != image.shape:
        (h, w), (height, width) = image.shape[:2], true.shape[:2]
        raise InputError(
            f"{picture.source} face of {picture.id}: {w}×{h} px, but its true picture has {width}×{height}; both must "
            "have one size: run generate_faces again."
        )
    return fidelity(image, true)


def measure_pictures(
    pictures: Iterable[Picture],
    params: FaceModelsParams,
    judge: Judge,
    workers: int = 2,
    broken: Broken | None = None,
) -> Generator[dict[str, Any]]:
    """Rows of MEASURED in the pictures' order; a few chunks of pictures are in memory at a time.

    A picture that cannot be read has no row where there is a `broken` to be told, by any thread.

    Raises:
        InputError: weights, or a picture without `broken`, cannot be read, or the judge is gone.
    """
    measurers: SimpleQueue[Measurer] = SimpleQueue()
    for _ in range(workers):
        measurers.put(Measurer(params, judge, broken))

    def look(chunk: list[Picture]) -> list[dict[str, Any]]:
        measurer = measurers.get()
        try:
            return measurer.rows(chunk)
        finally:
            measurers.put(measurer)

    remaining = iter(pictures)
    pool = ThreadPoolExecutor(workers)
    under_way: deque[Future[list[dict[str, Any]]]] = deque()
    try:
        while chunk := list(islice(remaining, CHUNK)):
            under_way.append(pool.submit(look, chunk))
            if len(under_way) > 2 * workers:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)  # nobody waits for what was not begun


def pictures_to_measure(speech_faces: Path, generated: Path) -> Iterator[Picture]:
    """Test speakers' true faces, the faces generated for them, and portraits with their enlarged copies."""
    for row in iterate_rows(speech_faces / "test", ["clip_id", "face", "embedding", "age", "gender"]):
        known = np.asarray(row["embedding"], np.float32)
        yield Picture(
            "true",
            row["clip_id"],
            row["face"]["bytes"],
            embedding=known,
            label_age=row["age"],
            label_gender=row["gender"],
        )
    for row in iterate_rows(generated / "faces", ["clip_id", "guidance", "sample", "face"]):
        yield Picture("generated", row["clip_id"], row["face"]["bytes"], row["guidance"], row["sample"])
    for row in iterate_rows(generated / "enlarged", ["image_id", "true", "super_resolution", "bicubic"]):
        true = row["true"]["bytes"]
        yield Picture("portrait", row["image_id"], true)
        for source in ("super_resolution", "bicubic"):
            yield Picture(source, row["image_id"], row[source]["bytes"], reference=true)


def count_pictures(speech_faces: Path, generated: Path) -> int:
    """How many `pictures_to_measure` yields."""
    true, drawn, enlarged = (
        sum(pq.read_metadata(path).num_rows for path in shard_paths(folder))
        for folder in (speech_faces / "test", generated / "faces", generated / "enlarged")
    )
    return true + drawn + 3 * enlarged

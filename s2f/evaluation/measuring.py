"""Look at every picture once: detect, align, embed, judge, mesh; one row of the measured table each.

True faces, generated ones and enlarged ones go through the same hands, so that what the networks get wrong they get
wrong alike. Pictures stream from Parquet through a few threads, and rows come back in the pictures' order.
"""

from collections import deque
from collections.abc import Iterable, Iterator
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
from s2f.faces.attributes import AgeGenderJudge
from s2f.faces.detect import Face, FaceDetector
from s2f.faces.images import decode_image
from s2f.faces.landmarks import FaceMesh, yaw_degrees
from s2f.faces.measures import measure
from s2f.params.face_models import FaceModelsParams
from s2f.runtime import InputError

MESH_PX, MESH_MARGIN = 256, 2.0  # the mesh sees every face at one size, whatever the picture's
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


class Measurer:
    """The networks that look at a face, for one thread at a time."""

    def __init__(self, params: FaceModelsParams) -> None:
        self._detector = FaceDetector(params.detector_score)
        self._embedder = FaceEmbedder(params.arcface, params.arcface_sha256)
        self._judge = AgeGenderJudge(params.age_gender, params.age_gender_sha256)
        self._mesh = FaceMesh()

    def row(self, picture: Picture) -> dict[str, Any]:
        """The picture's row of MEASURED; of several faces the largest counts, of none nothing is judged.

        Raises:
            InputError: the picture cannot be read, or is not of its reference's size.
        """
        image = decode_image(picture.content, f"{picture.source} face of {picture.id}")
        faces = self._detector.detect(image)
        row = {
            "source": picture.source,
            "id": picture.id,
            "guidance": picture.guidance,
            "sample": picture.sample,
            "faces": len(faces),
            "embedding": picture.embedding,
            "age": None,
            "male": None,
            "yaw_degrees": None,
            "measures": None,
            "label_age": picture.label_age,
            "label_gender": picture.label_gender,
            **_compared(image, picture),
        }
        if faces:
            row |= self._look_at(image, faces[0], picture.embedding)
        return row

    def _look_at(self, image: NDArray[np.uint8], face: Face, embedding: NDArray[np.float32] | None) -> dict[str, Any]:
        if embedding is None:
            embedding = self._embedder.embed([align(image, face.keypoints)])[0]
        age, male = self._judge.judge(image, face)
        seen: dict[str, Any] = {"embedding": embedding, "age": age, "male": male}
        landmarks = self._mesh.landmarks(crop_square(image, face.box, MESH_MARGIN, MESH_PX))
        if landmarks is not None:
            seen["yaw_degrees"] = yaw_degrees(landmarks)
            seen["measures"] = [(name, value) for name, value in measure(landmarks).items() if np.isfinite(value)]
        return seen


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
    pictures: Iterable[Picture], params: FaceModelsParams, workers: int = 2
) -> Iterator[dict[str, Any]]:
    """Rows of MEASURED in the pictures' order; a few chunks of pictures are in memory at a time.

    Raises:
        InputError: weights or a picture cannot be read.
    """
    measurers: SimpleQueue[Measurer] = SimpleQueue()
    for _ in range(workers):
        measurers.put(Measurer(params))

    def look(chunk: list[Picture]) -> list[dict[str, Any]]:
        measurer = measurers.get()
        try:
            return [measurer.row(picture) for picture in chunk]
        finally:
            measurers.put(measurer)

    remaining = iter(pictures)
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[Future[list[dict[str, Any]]]] = deque()
        while chunk := list(islice(remaining, CHUNK)):
            under_way.append(pool.submit(look, chunk))
            if len(under_way) > 2 * workers:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()


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

"""Measured pictures as arrays, and voices lined up: row i is one voice, its true face and its k generated faces.

Nothing is dropped here: what was not found is NaN, and counted by who leaves it out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from s2f.dataset.schemas import EMBEDDING
from s2f.dataset.shards import shard_paths
from s2f.evaluation.statistics import Floats
from s2f.runtime import InputError

SOURCES = ("true", "generated", "portrait", "super_resolution", "bicubic")
COLUMNS = [
    "source", "id", "guidance", "sample", "faces", "face_px", "age", "male", "yaw_degrees", "label_age", "label_gender",
    "psnr_db", "ssim", "colour_shift",
]  # fmt: skip
MALE = 0.5  # the judge's probability from which a face counts as a man's


@dataclass(frozen=True)
class Pictures:
    """One source's pictures as columns (n,), NaN where there is no value."""

    ids: list[str]
    guidance: Floats
    sample: Floats
    faces: Floats  # found by the detector
    face_px: Floats  # longer side of the largest one's box
    embedding: NDArray[np.float32]  # (n, 512)
    age: Floats  # years
    male: Floats  # probability
    yaw_degrees: Floats
    measures: dict[str, Floats]  # by name, on the mesh
    measures_dlib: dict[str, Floats]  # on dlib's points; empty where no picture was measured by them
    label_age: Floats
    label_male: Floats  # 1, 0 or NaN
    psnr_db: Floats  # these three of enlarged pictures against the true ones
    ssim: Floats
    colour_shift: Floats

    def at(self, guidance: float) -> NDArray[np.int64]:
        """Rows drawn with this w."""
        return np.flatnonzero(np.isclose(self.guidance, guidance))

    def weights(self) -> list[float]:
        """Every w that occurs, rising."""
        return sorted({float(f"{w:.6g}") for w in self.guidance[np.isfinite(self.guidance)]})


def read_pictures(folder: Path | str) -> dict[str, Pictures]:
    """Every picture of a `measured` folder, by source; a source without pictures is there, and empty.

    Raises:
        InputError: the folder holds no shard, or shards of other columns.
    """
    paths = shard_paths(folder)
    if not paths:
        raise InputError(f"{folder}: no measured pictures here; the stage measure_faces writes them.")
    columns = [*COLUMNS, "embedding", "measures", "measures_dlib"]
    try:
        table = pa.concat_tables([pq.read_table(path, columns=columns) for path in paths])
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{folder}: of another version ({reason}); run the stage measure_faces again.") from None
    source = np.array(table["source"].to_pylist())
    return {name: pictures(table.filter(pa.array(source == name, type=pa.bool_()))) for name in SOURCES}


def pictures(table: pa.Table) -> Pictures:
    """Rows of the MEASURED schema as arrays."""

    def number(name: str) -> Floats:
        return table[name].cast(pa.float64()).fill_null(np.nan).to_numpy()

    gender = {"m": 1.0, "f": 0.0}
    return Pictures(
        ids=table["id"].to_pylist(),
        guidance=number("guidance"),
        sample=number("sample"),
        faces=number("faces"),
        face_px=number("face_px"),
        embedding=_embeddings(table["embedding"]),
        age=number("age"),
        male=number("male"),
        yaw_degrees=number("yaw_degrees"),
        measures=_by_name(table["measures"]),
        measures_dlib=_by_name(table["measures_dlib"]),
        label_age=number("label_age"),
        label_male=np.array([gender.get(value, np.nan) for value in table["label_gender"].to_pylist()]),
        psnr_db=number("psnr_db"),
        ssim=number("ssim"),
        colour_shift=number("colour_shift"),
    )


def _by_name(column: pa.ChunkedArray) -> dict[str, Floats]:
    """The values (n,) of a column of maps under each name that occurs, NaN where a row has none of it."""
    values: dict[str, Floats] = {}
    start = 0
    for chunk in column.chunks:
        offsets = chunk.offsets.to_numpy()
        rows = start + np.repeat(np.arange(len(chunk)), np.diff(offsets))
        inside = slice(int(offsets[0]), int(offsets[-1]))
        names = np.array(chunk.keys[inside].to_pylist(), dtype=object)
        numbers = chunk.items[inside].cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
        for name in dict.fromkeys(names):
            here = names == name
            values.setdefault(name, np.full(len(column), np.nan))[rows[here]] = numbers[here]
        start += len(chunk)
    return values


def _embeddings(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """(n, 512), rows of NaN where there is none or where one number of it is none."""
    embedding = np.full((len(column), EMBEDDING), np.nan, dtype=np.float32)
    start = 0
    for chunk in column.chunks:
        valid = start + np.flatnonzero(chunk.is_valid().to_numpy(zero_copy_only=False))
        embedding[valid] = chunk.flatten().to_numpy(zero_copy_only=False).reshape(-1, EMBEDDING)
        start += len(chunk)
    embedding[~np.isfinite(embedding).all(1)] = np.nan
    return embedding


@dataclass(frozen=True)
class Voices:
    """The voices that were generated from, in order of id, and where their pictures lie.

    `true` (n,) points into the true faces, `generated[w]` (n, k) into the generated ones; −1 is no picture.
    """

    ids: list[str]
    people: NDArray[np.int64]  # (n,) the same number for clips of one person
    true: NDArray[np.int64]
    generated: dict[float, NDArray[np.int64]]

    @property
    def independent(self) -> int:
        """How many people speak."""
        return len(np.unique(self.people))


def number_people(ids: list[str], person: dict[str, str]) -> NDArray[np.int64]:
    """Each id's person as a whole number (n,); `person` maps an id to its person, an unknown id is its own."""
    return np.unique([person.get(one, one) for one in ids], return_inverse=True)[1].astype(np.int64)


def line_up(true: Pictures, generated: Pictures, person: dict[str, str]) -> Voices:
    """Voices from the pictures; `person` maps an id to its person."""
    ids = sorted(set(generated.ids))
    row = {one: index for index, one in enumerate(ids)}
    position = {one: index for index, one in enumerate(true.ids)}
    samples = sorted({int(one) for one in generated.sample[np.isfinite(generated.sample)]})
    column = {one: index for index, one in enumerate(samples)}
    places: dict[float, NDArray[np.int64]] = {}
    for w in generated.weights():
        places[w] = np.full((len(ids), len(samples)), -1, dtype=np.int64)
        for picture in generated.at(w):
            places[w][row[generated.ids[picture]], column[int(generated.sample[picture])]] = picture
    return Voices(
        ids=ids,
        people=number_people(ids, person),
        true=np.array([position.get(one, -1) for one in ids], dtype=np.int64),
        generated=places,
    )


def take(values: NDArray[Any], places: NDArray[np.int64]) -> NDArray[Any]:
    """`values` (n, …) at `places` (any shape), NaN where the place is −1: shape places.shape + values.shape[1:]."""
    if not len(values):
        return np.full((*places.shape, *values.shape[1:]), np.nan)
    found = values[np.maximum(places, 0)]
    found[places < 0] = np.nan
    return found


def faces_found(faces: Floats, face_px: Floats, tiny_face_px: float) -> dict[str, int]:
    """Counts of pictures with no face, exactly one and several, and of those whose largest face is tiny.

    NaN faces count as not looked at.
    """
    looked = faces[np.isfinite(faces)]
    return {
        "pictures": len(looked),
        "no_face": int((looked == 0).sum()),
        "one_face": int((looked == 1).sum()),
        "several_faces": int((looked > 1).sum()),
        "tiny_face": int((face_px < tiny_face_px).sum()),
    }


def read_people(folder: Path | str) -> dict[str, str]:
    """Clip id → who speaks, over the splits of a speech_faces folder.

    A clip whose person is not known has the person of another clip of its video; where none is known, a video is a
    person.
    """
    rows = [row for path in _splits(folder) for row in _columns(path, "clip_id", "youtube_id", "person")]
    of_video = {video: person for _, video, person in rows if person}
    return {clip: _who(person or of_video.get(video), video) for clip, video, person in rows}


def read_portrayed(folder: Path | str) -> dict[str, str]:
    """Image id → who is seen, of an `enlarged` folder; where that is not known, a picture is a person."""
    return {
        image: _who(person, image)
        for path in shard_paths(folder)
        for image, person in _columns(path, "image_id", "person")
    }


def _who(person: str | None, other: str) -> str:
    return f"person {person}" if person else f"unknown {other}"  # a person may be called as a video is


def _splits(folder: Path | str) -> Iterable[Path]:
    return [path for split in ("train", "validation", "test") for path in shard_paths(Path(folder) / split)]


def _columns(path: Path, *names: str) -> Iterable[tuple[Any, ...]]:
    table = pq.read_table(path, columns=list(names))
    return zip(*(table[name].to_pylist() for name in names), strict=True)


def guidance_name(w: float) -> str:
    """A w as a key: '0', '1', '0.5'."""
    return f"{w:g}"


def read_heard(folder: Path | str) -> dict[str, NDArray[np.float32]]:
    """Clip id → the embedding (512,) that the speech encoder heard."""
    heard: dict[str, NDArray[np.float32]] = {}
    for path in shard_paths(folder):
        table = pq.read_table(path, columns=["clip_id", "embedding"])
        heard |= dict(zip(table["clip_id"].to_pylist(), _embeddings(table["embedding"]), strict=True))
    return heard

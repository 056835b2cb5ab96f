"""Voices lined up: row i is one voice, its true face and its k generated faces. Who speaks, and what was heard.

Nothing is dropped here: what was not found is NaN, and counted by who leaves it out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from s2f.dataset.shards import shard_paths
from s2f.evaluation.pictures import Pictures, embeddings_of
from s2f.evaluation.statistics import Floats


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


def known_male(true: Pictures, places: NDArray[np.int64]) -> Floats:
    """Of the true faces at `places` (n,), 1 for a man by label, or the judge's probability where there is none."""
    return _labelled(true.label_male, true.male, places)


def known_age(true: Pictures, places: NDArray[np.int64]) -> Floats:
    """Of the true faces at `places` (n,), years by label, or the judge's where there is none."""
    return _labelled(true.label_age, true.age, places)


def bands_of(age: Floats, starts: tuple[int, ...]) -> NDArray[np.int64]:
    """In which band years (any shape) lie, of those that begin at 0 and with `starts`; −1 where there are none."""
    return np.where(np.isfinite(age), np.digitize(np.nan_to_num(age), starts), -1)


def _labelled(label: Floats, judged: Floats, places: NDArray[np.int64]) -> Floats:
    labels = take(label, places)
    return np.where(np.isfinite(labels), labels, take(judged, places))


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
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["clip_id", "embedding"]):
                heard |= dict(zip(batch["clip_id"].to_pylist(), embeddings_of(batch["embedding"]), strict=True))
    return heard

"""Voices and pictures to show: which ones is decided by a hash of their ids, never by how well they came out."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from s2f.dataset.choice import unpicked
from s2f.dataset.shards import iterate_rows, shard_paths
from s2f.reporting.tables import number

SHOWN_PX = 192  # a picture on the page; larger ones are shrunk
TINY_PX = 64
SPECTROGRAM_PX = (300, 96)


@dataclass(frozen=True)
class Drawn:
    """One generated face, as the decoder drew it and enlarged, with the judge's opinion."""

    small: bytes
    face: bytes
    opinion: str = ""


@dataclass(frozen=True)
class Voice:
    """One test voice and its faces: the first sample of every w."""

    clip_id: str
    speech: bytes  # FLAC
    spectrogram: bytes  # picture
    true: bytes
    opinion: str = ""
    label: str = ""
    faces: dict[str, Drawn] = field(default_factory=dict)  # by w, rising


@dataclass(frozen=True)
class Portrait:
    """One validation portrait: true, shrunk, and enlarged in two ways."""

    image_id: str
    true: bytes
    small: bytes
    super_resolution: bytes
    bicubic: bytes


def read_voices(speech_faces: Path, generated: Path, measured: Path, count: int) -> list[Voice]:
    """Test voices that were generated from."""
    folder = generated / "faces"
    ids = unpicked((row["clip_id"] for row in iterate_rows(folder, ["clip_id"])), count)
    opinions = read_opinions(measured, ids)
    faces: dict[str, dict[float, Drawn]] = {one: {} for one in ids}
    for row in _rows(folder, ids, ["clip_id", "guidance", "sample", "small", "face"]):
        if row["sample"] == 0:
            opinion = opinions.get((row["clip_id"], row["guidance"]), "")
            drawn = Drawn(row["small"]["bytes"], shown(row["face"]["bytes"]), opinion)
            faces[row["clip_id"]][row["guidance"]] = drawn
    clips = _clips(speech_faces / "test", ids)
    return [
        Voice(
            clip_id=one,
            speech=clips[one]["speech"]["bytes"],
            spectrogram=clips[one]["picture"],
            true=shown(clips[one]["face"]["bytes"]),
            opinion=opinions.get((one, None), ""),
            label=_label(clips[one]["age"], clips[one]["gender"]),
            faces={f"{w:g}": faces[one][w] for w in sorted(faces[one])},
        )
        for one in ids
        if one in clips
    ]


def read_portraits(generated: Path, count: int) -> list[Portrait]:
    """Enlarged validation portraits."""
    folder = generated / "enlarged"
    ids = unpicked((row["image_id"] for row in iterate_rows(folder, ["image_id"])), count)
    columns = ["true", "small", "super_resolution", "bicubic"]
    rows = {row["image_id"]: row for row in _rows(folder, ids, ["image_id", *columns], key="image_id")}
    return [Portrait(one, *(shown(rows[one][name]["bytes"]) for name in columns)) for one in ids]


def read_ages(measured: Path, w: str) -> list[tuple[float, float]]:
    """Judged ages of voices: of the true face, and of the first sample generated at the w of this name."""
    true: dict[str, float] = {}
    generated: dict[str, float] = {}
    for row in iterate_rows(measured, ["source", "id", "guidance", "sample", "age"]):
        if row["age"] is None or not np.isfinite(row["age"]) or not _is_first(row):
            continue
        if row["source"] == "true":
            true[row["id"]] = row["age"]
        elif f"{row['guidance']:g}" == w:  # by name: a stored w is rounded to 32 bits
            generated[row["id"]] = row["age"]
    return [(true[one], age) for one, age in generated.items() if one in true]


def read_opinions(measured: Path, ids: list[str]) -> dict[tuple[str, float | None], str]:
    """What the judge says of the true face (w None) and of the first sample of every w."""
    columns = ["source", "id", "guidance", "sample", "faces", "age", "male"]
    return {
        (row["id"], row["guidance"]): _opinion(row) for row in _rows(measured, ids, columns, key="id") if _is_first(row)
    }


def _is_first(row: dict[str, Any]) -> bool:
    return row["source"] == "true" or (row["source"] == "generated" and row["sample"] == 0)


def _opinion(row: dict[str, Any]) -> str:
    if row["age"] is None or row["male"] is None or not np.isfinite([row["age"], row["male"]]).all():
        return "no face found" if row["faces"] == 0 else "not judged"
    return f"{number(row['age'], 0)} y, {'m' if row['male'] >= 0.5 else 'f'}"


def _label(age: float | None, gender: str | None) -> str:
    return ", ".join([*([] if age is None else [f"{age:.0f} y"]), *([] if gender is None else [gender])])


def _rows(folder: Path, ids: list[str], columns: list[str], key: str = "clip_id") -> list[dict[str, Any]]:
    """Rows of these ids only, over all shards."""
    tables = (pq.read_table(path, columns=columns, filters=[(key, "in", ids)]) for path in shard_paths(folder))
    return [row for table in tables for row in table.to_pylist()]


def _clips(folder: Path, ids: list[str]) -> dict[str, dict[str, Any]]:
    """Voices and true faces by id, each with a picture of its spectrogram."""
    clips = {}
    columns = ["clip_id", "speech", "face", "age", "gender"]
    for path in shard_paths(folder):
        table = pq.read_table(path, columns=[*columns, "spectrogram"], filters=[("clip_id", "in", ids)])
        if not table.num_rows:
            continue
        spectrograms = table["spectrogram"].combine_chunks().to_numpy_ndarray()
        for row, spectrogram in zip(table.select(columns).to_pylist(), spectrograms, strict=True):
            clips[row["clip_id"]] = row | {"picture": spectrogram_picture(spectrogram)}
    return clips


def shown(content: bytes, px: int = SHOWN_PX) -> bytes:
    """A picture as JPEG (as PNG where every pixel shows), at most `px` on its longer side, without metadata."""
    with Image.open(io.BytesIO(content)) as image:
        picture = image.convert("RGB")
    if max(picture.size) > px:
        picture.thumbnail((px, px), Image.Resampling.LANCZOS)
    return _jpeg(picture) if max(picture.size) > TINY_PX else _png(picture)


def spectrogram_picture(spectrogram: NDArray[np.float16]) -> bytes:
    """(frames, bins, 2) as a small picture: time to the right, pitch upwards, dark is loud."""
    loud = np.sqrt(np.square(spectrogram.astype(np.float32)).sum(-1)).T[::-1]
    loud = np.nan_to_num(loud)
    top = float(np.quantile(loud, 0.998)) or 1.0
    image = Image.fromarray((255 - 255 * (loud / top).clip(0, 1)).astype(np.uint8))
    return _jpeg(image.resize(SPECTROGRAM_PX, Image.Resampling.BOX), quality=70)


def _jpeg(image: Image.Image, quality: int = 88) -> bytes:
    sink = io.BytesIO()
    image.save(sink, format="JPEG", quality=quality)
    return sink.getvalue()


def _png(image: Image.Image) -> bytes:
    sink = io.BytesIO()
    image.save(sink, format="PNG", optimize=True)
    return sink.getvalue()

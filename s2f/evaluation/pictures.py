"""Measured pictures as arrays, one source at a time: what was not found is NaN, and counted by who leaves it out.

A shard is read, made arrays and let go, so that a table takes little more memory than its arrays; embeddings, which are
nearly all of it, are read for who asks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from s2f.dataset.schemas import EMBEDDING, MEASURED
from s2f.dataset.shards import shard_paths
from s2f.evaluation.statistics import Floats
from s2f.runtime import InputError

SOURCES = ("true", "generated", "portrait", "super_resolution", "bicubic")
NUMBERS = (
    "guidance", "sample", "faces", "face_px", "age", "male", "yaw_degrees", "label_age", "psnr_db", "ssim",
    "colour_shift",
)  # fmt: skip
WHICH = {"source", "id"}  # columns that no version lacks: which picture a row tells of
AGAIN = "run the stage measure_faces again"
MALE = 0.5  # the judge's probability from which a face counts as a man's


@dataclass(frozen=True)
class Pictures:
    """One source's pictures as columns (n,), NaN where there is no value."""

    ids: list[str]
    guidance: Floats
    sample: Floats
    faces: Floats  # found by the detector
    face_px: Floats  # longer side of the largest one's box
    embedding: NDArray[np.float32]  # (n, 512), or (n, 0) where none was asked for
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


def read_pictures(folder: Path | str, embeddings: bool = True, older: bool = False) -> dict[str, Pictures]:
    """Every picture of a `measured` folder, by source; a source without pictures is there, and empty.

    Of an `older` s2f's folder, columns that it did not write are empty.

    Raises:
        InputError: the folder holds no shard, or one that is broken or, where it is to be of now, lacks a column.
    """
    paths = shard_paths(folder)
    if not paths:
        raise InputError(f"{folder}: no measured pictures here; the stage measure_faces writes them.")
    parts: dict[str, list[Pictures]] = {name: [] for name in SOURCES}
    for path in paths:
        try:
            table = _shard(path, older)
        except pa.ArrowInvalid as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{path}: a table that cannot be read ({reason}); {AGAIN}.") from None
        for name, found in parts.items():
            found.append(_pictures(table.filter(pc.equal(table["source"], name))))
    pa.default_memory_pool().release_unused()
    pictures = {name: _joined(found, EMBEDDING * embeddings) for name, found in parts.items()}
    if embeddings:
        _fill({name: one.embedding for name, one in pictures.items()}, paths)
    return pictures


def _shard(path: Path, older: bool) -> pa.Table:
    """Its columns but the embeddings."""
    written = pq.read_schema(path).names
    missing = [name for name in MEASURED.names if name not in written]
    if missing and not (older and WHICH.isdisjoint(missing)):
        raise InputError(f"{path}: of another version (it has no {', no '.join(missing)}); {AGAIN}.")
    names = [name for name in MEASURED.names if name != "embedding"]
    table = pq.read_table(path, columns=[name for name in names if name not in missing], use_threads=False)
    for name in (one for one in names if one in missing):
        table = table.append_column(name, pa.nulls(len(table), MEASURED.field(name).type))
    return table


def _joined(parts: list[Pictures], dimensions: int) -> Pictures:
    """One after the other; embeddings have their place (n, dimensions), and are still to come."""
    rows = sum(len(part.ids) for part in parts)

    def together(name: str) -> dict[str, Floats]:
        names = dict.fromkeys(key for part in parts for key in getattr(part, name))
        missing = [np.full(len(part.ids), np.nan) for part in parts]
        columns = [getattr(part, name) for part in parts]
        return {
            key: np.concatenate([one.get(key, none) for one, none in zip(columns, missing, strict=True)])
            for key in names
        }

    return Pictures(
        ids=[one for part in parts for one in part.ids],
        embedding=np.empty((rows, dimensions), np.float32),
        measures=together("measures"),
        measures_dlib=together("measures_dlib"),
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in (*NUMBERS, "label_male")},
    )


def _fill(vectors: dict[str, NDArray[np.float32]], paths: list[Path]) -> None:
    """Each source's embeddings (n, 512) in the order of its rows; of a shard without any, rows of NaN."""
    ends = dict.fromkeys(vectors, 0)
    for batch in _batches(paths):
        known = "embedding" in batch.schema.names
        embedding = embeddings_of(
            batch["embedding"] if known else pa.nulls(len(batch), MEASURED.field("embedding").type)
        )
        source = np.array(batch["source"].to_pylist())
        for name, kept in vectors.items():
            own = embedding[source == name]
            kept[ends[name] : ends[name] + len(own)] = own
            ends[name] += len(own)


def _batches(paths: list[Path]) -> Iterator[pa.RecordBatch]:
    for path in paths:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(columns=["source", "embedding"])


def embeddings_of(column: pa.Array) -> NDArray[np.float32]:
    """(n, 512), rows of NaN where there is none or where one number of it is none."""
    embedding = np.full((len(column), EMBEDDING), np.nan, dtype=np.float32)
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    embedding[valid] = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, EMBEDDING)
    embedding[~np.isfinite(embedding).all(1)] = np.nan
    return embedding


def _pictures(table: pa.Table) -> Pictures:
    """Rows of the MEASURED schema as arrays, without embeddings."""
    gender = {"m": 1.0, "f": 0.0}
    return Pictures(
        ids=table["id"].to_pylist(),
        embedding=np.empty((len(table), 0), np.float32),
        measures=_by_name(table["measures"]),
        measures_dlib=_by_name(table["measures_dlib"]),
        label_male=np.array([gender.get(value, np.nan) for value in table["label_gender"].to_pylist()]),
        **{name: table[name].cast(pa.float64()).fill_null(np.nan).to_numpy() for name in NUMBERS},
    )


def _by_name(column: pa.ChunkedArray) -> dict[str, Floats]:
    """The values (n,) of a column of maps under each name that occurs, NaN where a row has none of it."""
    values: dict[str, Floats] = {}
    start = 0
    for chunk in column.chunks:
        offsets = chunk.offsets.to_numpy()
        rows = start + np.repeat(np.arange(len(chunk)), np.diff(offsets))
        inside = slice(int(offsets[0]), int(offsets[-1]))
        names = chunk.keys[inside].dictionary_encode()
        numbers = chunk.items[inside].cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
        places = names.indices.to_numpy()
        for index, name in enumerate(names.dictionary.to_pylist()):
            here = places == index
            values.setdefault(name, np.full(len(column), np.nan))[rows[here]] = numbers[here]
        start += len(chunk)
    return values

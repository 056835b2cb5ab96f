"""The people for whom faces are drawn: rows that no training saw, of portraits or of clips."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from s2f.dataset.shards import iterate_rows, shard_paths


@dataclass(frozen=True)
class Subject:
    """One true face: what the drawn one is conditioned on and compared with."""

    id: str
    person: str
    embedding: np.ndarray  # (512,) of unit length
    picture: bytes


def read_subjects(folders):
    """Of splits of portraits and clips, in order; who has no person's name is a person of their own."""
    return [one for folder in folders for one in of_split(Path(folder))]


def of_split(folder):
    paths = shard_paths(folder)
    if not paths:
        raise SystemExit(
            f"{folder}: no shards; allowed: a split that a flow has built, such as data/portraits/validation."
        )
    name = pq.read_schema(paths[0]).names[0]  # clip_id or image_id
    for row in iterate_rows(folder, [name, "person", "embedding", "face"]):
        embedding = np.asarray(row["embedding"], np.float32)
        yield Subject(row[name], row["person"] or row[name], embedding, row["face"]["bytes"])

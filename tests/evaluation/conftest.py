"""Measured pictures with known answers: every voice has a latent; its faces follow it as closely as a test says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2f.dataset.schemas import MEASURED
from s2f.dataset.shards import write_shard
from s2f.evaluation.pictures import Pictures, read_pictures
from s2f.evaluation.statistics import Plan
from s2f.evaluation.tables import Voices, line_up

Row = dict[str, Any]
NAMES = ("jaw_width", "nose_width", "nasal_index")


def row(source: str, name: str, **values: Any) -> Row:
    empty = {field.name: None for field in MEASURED}
    return empty | {"source": source, "id": name, "faces": 1} | values


def unit(vector: np.ndarray) -> list[float]:
    return (vector / np.linalg.norm(vector)).astype(np.float32).tolist()


def study(voices: int, samples: int, weights: tuple[float, ...], noise: float, seed: int = 0) -> list[Row]:
    """True and generated rows; `noise` 0 copies the true face, large noise has nothing to do with it."""
    rng = np.random.default_rng(seed)
    rows = []
    for voice in range(voices):
        name, z, face = f"v{voice:04d}", rng.normal(size=5), rng.normal(size=512)
        labels = {"label_age": 40 + 10 * z[0], "label_gender": "m" if z[1] > 0 else "f"}

        def looks(e: np.ndarray, f: np.ndarray) -> Row:
            return {
                "age": 40 + 10 * e[0],
                "male": 1 / (1 + np.exp(-np.clip(4 * e[1], -50, 50))),
                "yaw_degrees": 0.0,
                "embedding": unit(f + 0.5),
                "measures": list(zip(NAMES, [float(one) for one in e[2:]], strict=True)),
            }

        rows.append(row("true", name, **looks(z, face), **labels))
        for w in weights:
            for sample in range(samples):
                e, f = z + noise * rng.normal(size=5), face + noise * rng.normal(size=512)
                rows.append(row("generated", name, guidance=w, sample=sample, **looks(e, f)))
    return rows


@pytest.fixture
def plan() -> Plan:
    return Plan(confidence=0.95, resamples=200, seed=1)


@pytest.fixture
def make_study() -> Callable[..., list[Row]]:
    return study


@pytest.fixture
def make_row() -> Callable[..., Row]:
    return row


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., tuple[dict[str, Pictures], Voices]]:
    """Rows, written as a shard and read back, with their voices lined up."""

    def _load(rows: list[Row], person: dict[str, str] | None = None) -> tuple[dict[str, Pictures], Voices]:
        write_shard(rows, MEASURED, tmp_path / "00000.parquet")
        pictures = read_pictures(tmp_path)
        return pictures, line_up(pictures["true"], pictures["generated"], person or {})

    return _load

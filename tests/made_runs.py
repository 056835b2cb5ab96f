"""Made-up runs: folders like data/, whose faces follow the true ones as closely as a test says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from s2f.dataset.schemas import ENLARGED, HEARD, MEASURED, SPEECH_FACES
from s2f.dataset.shards import write_shard
from s2f.params.evaluation import MEASURES

Row = dict[str, Any]
NETWORKS = {"arcface": {"name": "arc.onnx", "sha256": "a1"}, "mesh": {"name": "mesh", "sha256": "c3"}}
EVALUATION = {
    "confidence": 0.95, "resamples": 200, "guidance": 1, "max_yaw_degrees": 30.0, "tiny_face_px": 32,
    "recall_at": [1, 5, 10], "example_voices": 8, "tied_measures": [], "free_measures": [],
}  # fmt: skip
PORTRAITS = 30


def write_run(
    folder: Path,
    noise: float = 0.5,
    voices: range = range(40),
    weights: tuple[float, ...] = (0.0, 1.0),
    samples: int = 2,
    seed: int = 0,
    blur: float = 0.5,
    person: dict[str, str] | None = None,
    change: Any = None,
    networks: dict[str, Any] | None = None,
    params: dict[str, Any] | None = None,
) -> Path:
    """A run; voice i has the same true face in every one, `noise` 0 copies it, `blur` 0 enlarges without a fault.

    `change` gets the rows of the measured table before they are written; `params` go over section evaluation.
    """
    rng = np.random.default_rng(seed)
    names = [f"v{voice:04d}" for voice in voices]
    rows = [row for voice in voices for row in _voice(voice, rng, noise, weights, samples)]
    rows += [row for portrait in range(PORTRAITS) for row in _portrait(portrait, rng, blur)]
    heard = [{"clip_id": name, "embedding": _face(voice)} for name, voice in zip(names, voices, strict=True)]
    if change:
        change(rows)
    write_shard(rows, MEASURED, folder / "measured" / "00000.parquet")
    manifest = {"dataset": "measured", "recipe": NETWORKS if networks is None else networks}
    (folder / "measured" / "manifest.json").write_text(json.dumps(manifest))
    write_shard(heard, HEARD, folder / "generated" / "heard" / "00000.parquet")
    enlarged = [_empty(ENLARGED) | {"image_id": f"p{number:04d}"} for number in range(PORTRAITS)]
    write_shard(enlarged, ENLARGED, folder / "generated" / "enlarged" / "00000.parquet")
    clips = [_empty(SPEECH_FACES) | {"clip_id": n, "youtube_id": n, "person": (person or {}).get(n)} for n in names]
    write_shard(clips, SPEECH_FACES, folder / "speech_faces" / "test" / "00000.parquet")
    content = {"seed": 7, "evaluation": EVALUATION | (params or {})}
    YAML().dump(content, folder / "params.yaml")
    return folder


def _empty(schema: Any) -> Row:
    return {field.name: None for field in schema}


def _face(number: int) -> np.ndarray:
    return _unit(np.random.default_rng(number).normal(size=512) + 0.5)


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _measured(source: str, name: str, embedding: np.ndarray, **values: Any) -> Row:
    return _empty(MEASURED) | {"source": source, "id": name, "faces": 1, "embedding": embedding} | values


def _voice(voice: int, rng: np.random.Generator, noise: float, weights: tuple[float, ...], samples: int) -> list[Row]:
    name, true, z = f"v{voice:04d}", _face(voice), np.random.default_rng([1, voice]).normal(size=2)
    size, (other,) = len(MEASURES), rng.spawn(1)
    mine = np.random.default_rng([3, voice]).normal(size=size)

    def looks(e: np.ndarray, measures: np.ndarray) -> Row:
        sized = list(zip(MEASURES, measures.tolist(), strict=True))
        return {"age": 40 + 10 * e[0], "male": 1 / (1 + np.exp(-4 * e[1])), "yaw_degrees": 0.0, "measures": sized}

    rows = [_measured("true", name, true, **looks(z, mine))]
    for w in weights:
        for sample in range(samples):
            e, face = z + noise * rng.normal(size=2), _unit(true * 22 + noise * rng.normal(size=512))
            look = looks(e, mine + noise * other.normal(size=size))
            rows.append(_measured("generated", name, face, guidance=w, sample=sample, **look))
    return rows


def _portrait(number: int, rng: np.random.Generator, blur: float) -> list[Row]:
    name, true = f"p{number:04d}", _face(10_000 + number)
    near = {"portrait": true, "super_resolution": _unit(true * 22 + blur * rng.normal(size=512))}
    bicubic = _unit(true * 22 + np.random.default_rng([2, number]).normal(size=512))
    return [_measured(source, name, face) for source, face in (near | {"bicubic": bicubic}).items()]

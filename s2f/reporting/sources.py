"""Everything the report is made of, read from files: evaluation, ledgers, training histories, weights, parameters.

A file that is not there leaves a gap that the report names; nothing is computed here but counts.
"""

import csv
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from s2f.dataset.shards import shard_paths
from s2f.params.experiment import Experiment, read_experiment
from s2f.params.face_models import is_own
from s2f.runtime import InputError, file_sha256

MODELS = ("speech_encoder", "face_decoder", "super_resolution")


@dataclass(frozen=True)
class Funnel:
    """What became of every item ever tried."""

    tried: int = 0
    ok: int = 0
    by_reason: dict[str, int] = field(default_factory=dict)  # commonest first
    unasked: dict[str, int] = field(default_factory=dict)  # of those, what was never fetched: too short by its list
    by_split: dict[str, int] = field(default_factory=dict)  # of those that are ok


@dataclass(frozen=True)
class Model:
    """A trained model's file."""

    name: str
    history: list[dict[str, Any]]  # rows of history.csv, numbers as floats, '' as None
    sha256: str | None = None
    numbers: int | None = None  # stored in the weights
    steps: int | None = None


@dataclass(frozen=True)
class Results:
    """All that was read."""

    facial: dict[str, Any]
    craniofacial: dict[str, Any]
    identity: dict[str, Any]
    headlines: dict[str, Any]
    corpus: Funnel
    portraits: Funnel
    models: list[Model]
    face_models: dict[str, tuple[str, str]]  # name and sha256 by role, from the manifests of corpus and measured faces
    params: Experiment
    params_text: str

    @property
    def is_sample(self) -> bool:
        """Whether the faces are drawn ones of the embedded sample."""
        return is_own(self.params.face_models.arcface)


def read_results(evaluation: Path, models: Path, datasets: Sequence[Path], ledger: Path, params: Path) -> Results:
    """Everything but pictures; `datasets` are folders whose manifest names the networks that looked at faces.

    Raises:
        InputError: an evaluation is missing, or params do not fit.
    """
    return Results(
        facial=read_json(evaluation / "facial.json"),
        craniofacial=read_json(evaluation / "craniofacial.json"),
        identity=read_json(evaluation / "identity.json"),
        headlines=read_json(evaluation / "headlines.json"),
        corpus=read_funnel(ledger / "speech_faces"),
        portraits=read_funnel(ledger / "portraits"),
        models=[read_model(models / name) for name in MODELS],
        face_models=read_face_models(datasets),
        params=read_experiment(params),
        params_text=params.read_text(encoding="utf-8"),
    )


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        InputError: no such file, or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: not there; the stage evaluate_{path.stem} writes it.") from None
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); run the stage evaluate_{path.stem} again.") from None


def read_funnel(folder: Path) -> Funnel:
    """Counts over a ledger; an empty or missing folder has tried nothing."""
    reasons: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    unasked: Counter[str] = Counter()
    for path in shard_paths(folder):
        table = pq.read_table(path, columns=["status", "reason", "attempts", "split"]).to_pylist()
        reasons.update("ok" if row["status"] == "ok" else row["reason"] or row["status"] for row in table)
        unasked.update(row["reason"] for row in table if row["reason"] and row["attempts"] == 0)
        splits.update(row["split"] or "none" for row in table if row["status"] == "ok")
    failed = {reason: count for reason, count in reasons.items() if reason != "ok"}
    ordered = dict(sorted(failed.items(), key=lambda item: (-item[1], item[0])))
    return Funnel(reasons.total(), reasons["ok"], ordered, dict(unasked), dict(sorted(splits.items())))


def read_model(folder: Path) -> Model:
    """History and weights' header of one model; what is missing stays empty."""
    history = read_history(folder / "history.csv")
    weights = folder / "weights.safetensors"
    steps = max((int(row["step"]) for row in history if row.get("step") is not None), default=None)
    if not weights.is_file():
        return Model(folder.name, history, steps=steps)
    return Model(folder.name, history, file_sha256(weights), count_numbers(weights), steps)


def read_history(path: Path) -> list[dict[str, Any]]:
    """Rows of a history.csv; numbers as floats, anything that is none (empty, nan) as None."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: _number(value) for key, value in row.items() if key} for row in csv.DictReader(file)]


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def count_numbers(path: Path) -> int:
    """Numbers stored in a safetensors file, from its header: eight bytes of length, then JSON with shapes."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")


def read_face_models(datasets: Sequence[Path]) -> dict[str, tuple[str, str]]:
    """Name and sha256, by role, of the networks that the datasets' manifests say looked at their faces."""
    found: dict[str, tuple[str, str]] = {}
    for path in (dataset / "manifest.json" for dataset in datasets):
        for role, about in (read_json(path).get("recipe", {}) if path.is_file() else {}).items():
            if isinstance(about, dict) and about.get("sha256"):
                found[role] = (str(about.get("name", role)), str(about["sha256"]))
    return found

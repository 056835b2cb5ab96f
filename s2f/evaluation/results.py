"""What the evaluation stages share with the outside: the plan they read and the JSON they write."""

import json
from pathlib import Path
from typing import Any

from s2f.evaluation.statistics import Plan
from s2f.params.base import read_section, read_seed
from s2f.params.evaluation import EvaluationParams
from s2f.runtime import derive_seed, replace_file


def read_plan(params: Path | str) -> Plan:
    """Confidence, draws, seed and tiny faces of every evaluation.

    Raises:
        ParamsError: the section or the seed does not fit.
    """
    return plan_of(read_section(params, "evaluation", EvaluationParams), read_seed(params))


def plan_of(section: EvaluationParams, seed: int) -> Plan:
    """The same from what was read. All draw from one seed: what two of them say of a number is the same, then."""
    return Plan(section.confidence, section.resamples, derive_seed(seed, "evaluation"), section.tiny_face_px)


def write_result(content: dict[str, Any], out: Path | str) -> None:
    """JSON with its keys in their own order, the same bytes for the same content; a NaN is an error here."""
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    replace_file(Path(out), (text + "\n").encode())

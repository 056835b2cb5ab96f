"""What the evaluation stages share with the outside: the plan they read and the JSON they write."""

import json
from pathlib import Path
from typing import Any

from s2f.evaluation.statistics import Plan
from s2f.params.base import read_section, read_seed
from s2f.params.evaluation import EvaluationParams
from s2f.runtime import derive_seed, replace_file


def read_plan(params: Path | str, name: str) -> Plan:
    """Confidence, draws, seed and tiny faces of the evaluation `name`.

    Raises:
        ParamsError: the section or the seed does not fit.
    """
    section = read_section(params, "evaluation", EvaluationParams)
    seed = derive_seed(read_seed(params), "evaluation", name)
    return Plan(section.confidence, section.resamples, seed, section.tiny_face_px)


def write_result(content: dict[str, Any], out: Path | str) -> None:
    """JSON with its keys in their own order, the same bytes for the same content; a NaN is an error here."""
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    replace_file(Path(out), (text + "\n").encode())

"""reports/metrics.json: the headlines, flat and few, for `dvc metrics show`, `dvc metrics diff` and `dvc exp show`.

Each stands with half the width of its interval beside it, so that a difference smaller than that is not taken for one;
what does not exist is null. All other numbers are in report.md.
"""

from typing import Any

from s2f.reporting.headlines import HEADLINE_NAMES, beyond_chance
from s2f.reporting.sources import Results

DIGITS = 4


def build_metrics(results: Results) -> dict[str, Any]:
    """The content of metrics.json, all at the reference w."""
    content, first = results.headlines["headlines"], results.headlines["found_among"]
    metrics: dict[str, Any] = {}
    for name in HEADLINE_NAMES:
        metrics |= _with_margin(name.replace("recall", f"recall_at_{first}"), content.get(name, {}))
    metrics |= _with_margin("enlarging_cosine_gain", results.identity["super_resolution"]["difference"])
    metrics["measures_beyond_chance"] = len(beyond_chance(results.craniofacial))
    return metrics | {
        "voices": results.headlines["voices"],
        "clips_kept": results.corpus.ok,
        "portraits_kept": results.portraits.ok,
    }


def _with_margin(name: str, row: dict[str, Any]) -> dict[str, float | None]:
    """The number under its name, and half of its interval's width."""
    if row.get("value") is None:
        return {name: None, f"{name}_margin": None}
    return {name: round(row["value"], DIGITS), f"{name}_margin": round((row["high"] - row["low"]) / 2, DIGITS)}

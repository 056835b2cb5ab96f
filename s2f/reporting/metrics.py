"""reports/metrics.json: the numbers that matter, flat and small, for `dvc metrics show` and `dvc metrics diff`.

A number that does not exist is null, and `not_available` says why under the number's own name.
"""

from dataclasses import asdict
from typing import Any

from s2f.reporting.sources import Results


def build_metrics(results: Results) -> dict[str, Any]:
    """The content of metrics.json."""
    reasons: dict[str, str] = {}
    facial, shuffled = results.facial["guidance"], results.facial["shuffled"]
    metrics: dict[str, Any] = {
        "facial": {w: _facial(row, f"facial.{w}", reasons) for w, row in facial.items()},
        "facial_shuffled": {w: _shuffled(row, f"facial_shuffled.{w}", reasons) for w, row in shuffled.items()},
        "craniofacial": {
            name: _craniofacial(row, f"craniofacial.{name}", reasons)
            for name, row in results.craniofacial["measures"].items()
        },
        "identity": _identity(results.identity, reasons),
        "super_resolution": _super_resolution(results.identity["super_resolution"], reasons),
        "corpus": _funnel(asdict(results.corpus)),
        "portraits": _funnel(asdict(results.portraits)),
    }
    return metrics | ({"not_available": reasons} if reasons else {})


def _spread(name: str, estimate: dict[str, Any], where: str, reasons: dict[str, str]) -> dict[str, Any]:
    """name, name_low, name_high of an estimate."""
    if estimate.get("reason"):
        reasons[f"{where}.{name}"] = estimate["reason"]
    return {name: estimate["value"], f"{name}_low": estimate["low"], f"{name}_high": estimate["high"]}


def _facial(row: dict[str, Any], where: str, reasons: dict[str, str]) -> dict[str, Any]:
    labels = row["labels"]
    return {
        **_spread("age_r", row["age_r"], where, reasons),
        "age_r_mean_of_samples": row["age_r_mean"]["value"],
        "age_r_labels": labels["age_r"]["value"],
        **_spread("gender_accuracy", row["gender_accuracy"], where, reasons),
        "gender_accuracy_mean_of_samples": row["gender_accuracy_mean"]["value"],
        "gender_accuracy_labels": labels["gender_accuracy"]["value"],
        "n": row["gender_accuracy"]["n"],
    }


def _shuffled(row: dict[str, Any], where: str, reasons: dict[str, str]) -> dict[str, Any]:
    return {
        **_spread("age_r", row["age_r"], where, reasons),
        **_spread("gender_accuracy", row["gender_accuracy"], where, reasons),
        "n": row["gender_accuracy"]["n"],
    }


def _craniofacial(row: dict[str, Any], where: str, reasons: dict[str, str]) -> dict[str, Any]:
    if row.get("reason"):
        reasons[f"{where}.r"] = row["reason"]
    keys = ("r", "p", "p_holm", "low", "high", "n", "random_r", "random_low", "random_high", "tied")
    return {key: row[key] for key in keys} | {"single_r": row["single"]["value"]}


def _identity(identity: dict[str, Any], reasons: dict[str, str]) -> dict[str, Any]:
    """Faces at the reference w; recall by the voice's own embedding, and by its generated faces."""
    weight = identity["by_guidance"].get(identity["guidance"])
    missing = {"value": None, "low": None, "high": None, "n": 0, "reason": "not available: no faces of this w"}
    cosine = weight["cosine"] if weight else {"raw": {"own": missing, "other": missing}, "centred": {"own": missing}}
    content = {
        "guidance": identity["guidance"],
        **_spread("cosine", cosine["raw"]["own"], "identity", reasons),
        "random_cosine": cosine["raw"]["other"]["value"],
        "centred_cosine": cosine["centred"]["own"]["value"],
    }
    recall = identity["voice"]["recall"]
    for key in (key for key in recall if key.startswith("at_")):
        row = recall[key]
        content |= _spread(f"recall_{key}", row, "identity", reasons)
        content[f"chance_{key}"] = row["chance"]
        content[f"shuffled_recall_{key}"] = (row["shuffled"] or missing)["value"]
        content[f"face_recall_{key}"] = weight["recall"][key]["value"] if weight else None
    return content | _spread("detected", identity["detected"], "identity", reasons) | {"n": recall_n(recall)}


def recall_n(recall: dict[str, Any]) -> int:
    """How many queries a recall table has."""
    return next((row["n"] for key, row in recall.items() if key.startswith("at_")), 0)


def _super_resolution(row: dict[str, Any], reasons: dict[str, str]) -> dict[str, Any]:
    return {
        **_spread("cosine", row["cosine"], "super_resolution", reasons),
        "bicubic_cosine": row["bicubic_cosine"]["value"],
        **_spread("difference", row["difference"], "super_resolution", reasons),
        "n": row["n"],
    }


def _funnel(funnel: dict[str, Any]) -> dict[str, Any]:
    return {key: funnel[key] for key in ("tried", "ok", "by_reason")}

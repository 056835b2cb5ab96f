"""reports/metrics.json: the numbers that matter, flat and small, for `dvc metrics show` and `dvc metrics diff`.

A number that does not exist is null, and `not_available` says why under the number's own name.
"""

from dataclasses import asdict
from typing import Any

from s2f.reporting.sources import Model, Results


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
        "training": {model.name: _training(model) for model in results.models},
    }
    return metrics | ({"not_available": reasons} if reasons else {})


def _spread(name: str, estimate: dict[str, Any], where: str, reasons: dict[str, str]) -> dict[str, Any]:
    """name, name_low, name_high, name_n of an estimate."""
    if estimate.get("reason"):
        reasons[f"{where}.{name}"] = estimate["reason"]
    return {name: estimate["value"]} | {f"{name}_{key}": estimate[key] for key in ("low", "high", "n")}


def _facial(row: dict[str, Any], where: str, reasons: dict[str, str]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key in ("age_r", "gender_accuracy"):
        content |= _spread(key, row[key], where, reasons)
        content |= _spread(f"{key}_mean_of_samples", row[f"{key}_mean"], where, reasons)
        content |= _spread(f"{key}_labels", row["labels"][key], where, reasons)
    return content | {"n": row["gender_accuracy"]["n"]}


def _shuffled(row: dict[str, Any], where: str, reasons: dict[str, str]) -> dict[str, Any]:
    """The reach of luck, and how often it reaches ours, corrected for the number of w."""
    content: dict[str, Any] = {}
    for key, p in (("age_r", "age_p_holm"), ("gender_accuracy", "gender_p_holm")):
        for truth, part in (("", row), ("_labels", row["labels"])):
            content |= _spread(f"{key}{truth}", part[key], where, reasons) | {f"{p}{truth}": part[p]}
    return content | {"n": row["gender_accuracy"]["n"]}


def _craniofacial(row: dict[str, Any], where: str, reasons: dict[str, str]) -> dict[str, Any]:
    if row.get("reason"):
        reasons[f"{where}.r"] = row["reason"]
    keys = ("r", "p", "p_holm", "low", "high", "n", "random_r", "random_low", "random_high", "tied", "free")
    return {key: row[key] for key in keys} | {"single_r": row["single"]["value"]}


def _identity(identity: dict[str, Any], reasons: dict[str, str]) -> dict[str, Any]:
    """The generated faces of the reference w, and, apart from them, the embedding that the voice was heard as."""
    weight = identity["by_guidance"].get(identity["guidance"], _without_faces(identity["voice"]))
    return {
        "guidance": identity["guidance"],
        **_likeness(weight, "identity", reasons),
        **_spread("detected", identity["detected"], "identity", reasons),
        "voice": _likeness(identity["voice"], "identity.voice", reasons),
    }


def _likeness(content: dict[str, Any], where: str, reasons: dict[str, str]) -> dict[str, Any]:
    """Cosine and recall of the same `n` voices, each beside its chance."""
    raw, centred = content["cosine"]["raw"], content["cosine"]["centred"]
    found = _spread("cosine", raw["own"], where, reasons) | {"random_cosine": raw["other"]["value"]}
    found |= {"centred_cosine": centred["own"]["value"]}
    for key in (key for key in content["recall"] if key.startswith("at_")):
        row = content["recall"][key]
        found |= _spread(f"recall_{key}", row, where, reasons) | {f"chance_{key}": row["chance"]}
        found[f"shuffled_recall_{key}"] = row["shuffled"]["value"] if row["shuffled"] else None
    return found | {"n": raw["own"]["n"]}


def _without_faces(voice: dict[str, Any]) -> dict[str, Any]:
    """What stands in for a w of which there are no faces."""
    nothing = {"value": None, "low": None, "high": None, "n": 0, "reason": "not available: no faces of this w"}
    nothing |= {"chance": None, "shuffled": None}
    pair = {"own": nothing, "other": nothing}
    return {"cosine": {"raw": pair, "centred": pair}, "recall": dict.fromkeys(voice["recall"], nothing)}


def _super_resolution(row: dict[str, Any], reasons: dict[str, str]) -> dict[str, Any]:
    """Cosines where all three pictures show a face; `lost` of `portraits` show none when enlarged."""
    content: dict[str, Any] = {}
    for key in ("cosine", "bicubic_cosine", "difference", "other_cosine"):
        content |= _spread(key, row[key], "super_resolution", reasons)
    lost = {"lost": row["lost"]["super_resolution"], "bicubic_lost": row["lost"]["bicubic"]}
    return content | {"n": row["n"], "portraits": row["portraits"], **lost}


def _training(model: Model) -> dict[str, Any]:
    """Steps and last losses: what an experiment with a model's training changes first."""
    last = model.history[-1] if model.history else {}
    return {"steps": model.steps} | {key: last.get(key) for key in ("loss", "validation_loss")}


def _funnel(funnel: dict[str, Any]) -> dict[str, Any]:
    return {key: funnel[key] for key in ("tried", "ok", "by_reason")}

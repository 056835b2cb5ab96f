"""The first screen: six numbers, each with its interval, its control, the paper's value and a verdict in words."""

from dataclasses import dataclass
from typing import Any

from s2f.reporting import paper
from s2f.reporting.sources import Results
from s2f.reporting.tables import NONE, number

GOOD, FAINT, NOTHING, UNKNOWN = "good", "faint", "nothing", "unknown"
ALIKE = 0.25  # of the true faces' variety: below it generated faces are called alike


@dataclass(frozen=True)
class Headline:
    """One card. Positions are shares of its scale, from 0 to 1, or None."""

    title: str
    value: str
    interval: str
    control: str
    paper: str
    verdict: str
    kind: str
    n: int = 0
    at: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None


def headlines(results: Results) -> list[Headline]:
    """The six cards."""
    identity = results.identity
    weight = identity["by_guidance"].get(identity["guidance"])
    cards = [
        _facial(results, "gender_accuracy", "Gender agrees", (0.0, 1.0)),
        _facial(results, "age_r", "Age correlates", (-0.4, 1.0)),
        _recall(identity["voice"]["recall"]),
    ]
    if weight:
        raw = weight["cosine"]["raw"]
        control = f"other people's {number(raw['other']['value'], 3)}"
        cards.append(_card("Likeness (cosine)", raw["own"], raw["other"], control, "", (-0.2, 1.0), 3))
    cards.append(_detected(identity["detected"]))
    row = identity["super_resolution"]
    zero = {"value": 0.0, "low": 0.0, "high": 0.0}
    control = f"ours {number(row['cosine']['value'], 3)}, bicubic {number(row['bicubic_cosine']['value'], 3)}"
    cards.append(_card("Enlarging: gain in cosine", row["difference"], zero, control, "", (-0.3, 0.7), 3))
    return cards


def _facial(results: Results, key: str, title: str, scale: tuple[float, float]) -> Headline:
    """The best w, said to be the best of several."""
    known = {w: row[key] for w, row in results.facial["guidance"].items() if row[key]["value"] is not None}
    theirs = max(getattr(row, key) for row in paper.FACIAL.values())
    said = f"paper {number(theirs)}"
    if not known:
        first: dict[str, Any] = next(
            (row[key] for row in results.facial["guidance"].values()), {"reason": None, "n": 0}
        )
        return _missing(title, first, said)
    best = max(known, key=lambda w: known[w]["value"])
    shuffled = results.facial["shuffled"][best][key]
    control = f"shuffled pairs {number(shuffled['value'])}"
    return _card(f"{title} (w = {best}, best of {len(known)})", known[best], shuffled, control, said, scale)


def _recall(recall: dict[str, Any]) -> Headline:
    keys = [key for key in recall if key.startswith("at_")]
    key = "at_10" if "at_10" in keys else keys[-1]
    row = recall[key]
    chance = {"value": row["chance"], "low": row["chance"], "high": row["chance"]}
    title = f"Own face among the first {key.removeprefix('at_')} of {recall['gallery']:.0f}"
    return _card(title, row, chance, f"chance {number(row['chance'])}", "", (0.0, 1.0))


def _detected(row: dict[str, Any]) -> Headline:
    title = "Pictures with exactly one face"
    if row["value"] is None:
        return _missing(title, row, "")
    kind = GOOD if row["value"] >= 0.95 else FAINT if row["value"] >= 0.5 else NOTHING
    verdict = {GOOD: "nearly all are faces", FAINT: "many are no clear face", NOTHING: "most are no face"}[kind]
    return Headline(
        title, number(row["value"]), _interval(row, 2), "by the face detector", "", verdict, kind, row["n"],
        row["value"], row["low"], row["high"],
    )  # fmt: skip


def _card(
    title: str,
    row: dict[str, Any],
    chance: dict[str, Any],
    control: str,
    said: str,
    scale: tuple[float, float],
    digits: int = 2,
) -> Headline:
    if row["value"] is None:
        return _missing(title, row, said)
    kind, verdict = _verdict(row, chance)

    def place(value: float | None) -> float | None:
        return None if value is None else round(min(1.0, max(0.0, (value - scale[0]) / (scale[1] - scale[0]))), 4)

    at, low, high = place(row["value"]), place(row["low"]), place(row["high"])
    value = number(row["value"], digits)
    return Headline(
        title, value, _interval(row, digits), control, said, verdict, kind, row["n"], at, low, high,
        place(chance["value"]),
    )  # fmt: skip


def _verdict(row: dict[str, Any], chance: dict[str, Any]) -> tuple[str, str]:
    """Above chance only where the interval lies above chance, and the value above what luck reaches."""
    if chance["value"] is None:
        return UNKNOWN, "no control to hold it against"
    if row["low"] > chance["value"] and row["value"] > chance["high"]:
        return GOOD, "clearly above chance"
    if row["high"] < chance["value"]:
        return NOTHING, "below chance"
    return FAINT, "not told from chance"


def _interval(row: dict[str, Any], digits: int) -> str:
    return f"{number(row['low'], digits)} to {number(row['high'], digits)}"


def _missing(title: str, row: dict[str, Any], said: str) -> Headline:
    return Headline(title, NONE, "", "", said, row.get("reason") or "not available", UNKNOWN, row.get("n", 0))


def warnings(results: Results) -> list[str]:
    """Sentences a reader needs before any number."""
    said = []
    identity = results.identity
    for w, row in identity["by_guidance"].items():
        between, true = row["variety"]["between_people"], row["variety"]["between_true_faces"]
        if between is not None and true and between < ALIKE * true:
            said.append(
                f"At w = {w} all generated faces look alike: their variety is {number(between, 3)}, "
                f"the true faces' {number(true, 3)}."
            )
    if identity["without_true_face"]:
        said.append(
            f"{identity['without_true_face']} of {identity['voices']} voices have no true face that was found again; "
            "they are left out."
        )
    if identity["no_face"] or identity["several_faces"]:
        said.append(
            f"Of {identity['pictures']} generated pictures {identity['no_face']} show no face and "
            f"{identity['several_faces']} several; what cannot be judged is left out and counted."
        )
    return said

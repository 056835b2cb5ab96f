"""The first screen: a few numbers, each with its interval, its control, the paper's value and a verdict in words."""

from dataclasses import dataclass
from typing import Any

from s2f.reporting import paper
from s2f.reporting.sources import Results
from s2f.reporting.tables import NONE, estimate, number

GOOD, FAINT, NOTHING, UNKNOWN = "good", "faint", "nothing", "unknown"
FEWEST = 20  # people from which a number may be called clear: below, one more or less turns it
NEARLY_ALL, HALF = 0.95, 0.5  # of the pictures that must show a face
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
    people: int | None = None
    at: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None

    @property
    def count(self) -> str:
        """N, and of how many people where that is another number: '160 of 20 people'."""
        return str(self.n) if self.people in (None, self.n) else f"{self.n} of {self.people} people"


def headlines(results: Results) -> list[Headline]:
    """The cards."""
    identity, confidence = results.identity, results.params.evaluation.confidence
    weight, w = identity["by_guidance"].get(identity["guidance"]), identity["guidance"]
    cards = [
        facial_card(results.facial, "gender_accuracy", "Gender agrees", (0.0, 1.0), confidence),
        facial_card(results.facial, "age_r", "Age correlates", (-0.4, 1.0), confidence),
    ]
    if weight:
        raw = weight["cosine"]["raw"]
        control = f"other people's {number(raw['other']['value'], 3)}"
        judged = verdict(raw["own"], raw["other"]["value"], raw.get("p"), confidence)
        title = f"Likeness of the generated face (cosine, w = {w})"
        cards.append(_card(title, raw["own"], raw["other"]["value"], judged, control, (-0.2, 1.0), digits=3))
        cards.append(_recall(weight["recall"], f"the generated face (w = {w})", confidence))
    cards.append(_recall(identity["voice"]["recall"], "the voice's embedding", confidence))
    return [*cards, _detected(identity["detected"]), _enlarging(identity["super_resolution"])]


def facial_card(
    content: dict[str, Any], key: str, title: str, scale: tuple[float, float], confidence: float
) -> Headline:
    """The best w, said to be the best of several; its luck is corrected for that choice."""
    known = {w: row[key] for w, row in content["guidance"].items() if row[key]["value"] is not None}
    theirs = max(getattr(row, key) for row in paper.FACIAL.values())
    said = f"paper {number(theirs)}"
    if not known:
        first: dict[str, Any] = next((row[key] for row in content["guidance"].values()), {"reason": None, "n": 0})
        return _missing(title, first, said)
    best = max(known, key=lambda w: known[w]["value"])
    shuffled = content["shuffled"][best]
    chance, p = shuffled[key]["value"], shuffled["age_p_holm" if key == "age_r" else "gender_p_holm"]
    judged = verdict(known[best], chance, p, confidence)
    title = f"{title} (w = {best}, best of {len(known)})"
    return _card(title, known[best], chance, judged, f"shuffled pairs {number(chance)}", scale, said)


def _recall(recall: dict[str, Any], who: str, confidence: float) -> Headline:
    keys = [key for key in recall if key.startswith("at_")]
    key = "at_10" if "at_10" in keys else keys[-1]
    row = recall[key]
    title = f"Own face among the first {key.removeprefix('at_')} of {recall['gallery']:.0f}, found by {who}"
    chance = row["chance"]
    if row["shuffled"] and row["shuffled"]["value"] is not None:  # higher where a person has several faces
        chance = max(chance, row["shuffled"]["value"])
    judged = verdict(row, chance, row["shuffled_p"], confidence)
    return _card(title, row, chance, judged, f"chance {number(chance)}", (0.0, 1.0))


def _detected(row: dict[str, Any]) -> Headline:
    title = "Pictures with exactly one face"
    if row["value"] is None:
        return _missing(title, row, "")
    kind = GOOD if row["value"] >= NEARLY_ALL else FAINT if row["value"] >= HALF else NOTHING
    said = {GOOD: "nearly all are faces", FAINT: "many are no clear face", NOTHING: "most are no face"}[kind]
    return Headline(
        title, number(row["value"]), _interval(row, 2), "by the face detector", "", said, kind, row["n"],
        row.get("people"), row["value"], row["low"], row["high"],
    )  # fmt: skip


def _enlarging(content: dict[str, Any]) -> Headline:
    """Nearer to the true portrait than bicubic, picture by picture; a face that enlarging lost has no cosine."""
    ours, bicubic, row = (content[key] for key in ("cosine", "bicubic_cosine", "difference"))
    lost, portraits = content["lost"], content["portraits"]
    control = (
        f"ours {number(ours['value'], 3)}, bicubic {number(bicubic['value'], 3)}; of {portraits} portraits with a face "
        f"{lost['super_resolution']} have none when enlarged by us, {lost['bicubic']} bicubically"
    )
    judged = (FAINT, "not distinguishable from bicubic")
    if row["value"] is not None and _people(row) >= FEWEST:
        judged = (GOOD, "clearly nearer than bicubic") if row["low"] > 0 else judged
        judged = (NOTHING, "further off than bicubic") if row["high"] < 0 else judged
    if judged[0] == GOOD and any(lost.values()):
        many = lost["super_resolution"] > max(lost["bicubic"], (1 - NEARLY_ALL) * portraits)
        judged = (FAINT if many else GOOD, "nearer than bicubic where both still show a face")
    return _card("Enlarging: gain in cosine", row, 0.0, judged, control, (-0.7, 0.7), digits=3)


def verdict(row: dict[str, Any], chance: float | None, p: float | None, confidence: float) -> tuple[str, str]:
    """Above chance only with an interval above it (and above 0), with luck that seldom gets so far, and enough people.

    `p` is the share of shuffled pairs that reach the value, corrected where it is the best of several.
    """
    if row["value"] is None or chance is None:
        return UNKNOWN, "no control to hold it against"
    if _people(row) < FEWEST:
        return FAINT, f"not distinguishable from chance: fewer than {FEWEST} people"
    if row["low"] > max(0.0, chance) and p is not None and p <= 1 - confidence:
        return GOOD, "clearly above chance"
    return (NOTHING, "below chance") if row["high"] < chance else (FAINT, "not distinguishable from chance")


def _people(row: dict[str, Any]) -> int:
    """How many people a number stands for: clips of one person are no new people."""
    people: int = row.get("people", row["n"])
    return people


def _card(
    title: str,
    row: dict[str, Any],
    chance: float | None,
    judged: tuple[str, str],
    control: str,
    scale: tuple[float, float],
    said: str = "",
    digits: int = 2,
) -> Headline:
    if row["value"] is None:
        return _missing(title, row, said)

    def place(value: float | None) -> float | None:
        return None if value is None else round(min(1.0, max(0.0, (value - scale[0]) / (scale[1] - scale[0]))), 4)

    kind, words = judged
    return Headline(
        title, number(row["value"], digits), _interval(row, digits), control, said, words, kind, row["n"],
        row.get("people"), place(row["value"]), place(row["low"]), place(row["high"]), place(chance),
    )  # fmt: skip


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
        if between["value"] is not None and true["value"] and between["value"] < ALIKE * true["value"]:
            said.append(
                f"At w = {w} all generated faces look alike: their variety is {estimate(between, 3)}, "
                f"the true faces' {estimate(true, 3)}."
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

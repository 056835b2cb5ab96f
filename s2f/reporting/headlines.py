"""The first screen: a few numbers, each with its interval, its control, the paper's value and a verdict in words."""

from dataclasses import dataclass
from typing import Any

from s2f.reporting import paper
from s2f.reporting.sources import Results
from s2f.reporting.tables import NONE, number

GOOD, FAINT, NOTHING, UNKNOWN = "good", "faint", "nothing", "unknown"
HEADLINE_NAMES = ("gender_accuracy", "age_r", "cosine", "recall_by_face", "recall_by_voice", "one_face")
FEWEST = 20  # people from which a number may be called clear: below, one more or less turns it
FEW = f"not distinguishable from chance: fewer than {FEWEST} people"
NEARLY_ALL, HALF = 0.95, 0.5  # of the pictures that must show a face
ALIKE = 0.25  # of the true faces' variety: below it generated faces are called alike
REACHES = (0.1, 0.2, 0.5, 1.0, 2.0)  # of a bar around 0: the first that holds the interval


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
    scale: tuple[float, float] = (0.0, 1.0)  # what the bar shows, from its left end to its right one

    @property
    def ends(self) -> tuple[str, str]:
        """The bar's ends as text: '−0.4' and '1'."""
        low, high = (f"{end:g}".replace("-", "−") for end in self.scale)
        return low, high

    @property
    def count(self) -> str:
        """N, and of how many people where that is another number: '160 of 20 people'."""
        return str(self.n) if self.people in (None, self.n) else f"{self.n} of {self.people} people"


def headlines(results: Results) -> list[Headline]:
    """The cards, all at the reference w."""
    content, confidence = results.headlines["headlines"], results.params.evaluation.confidence
    w, first = results.headlines["guidance"], results.headlines["found_among"]
    weight, shuffled = results.identity["by_guidance"].get(w), results.facial["shuffled"].get(w)
    cards = []
    if weight and shuffled:
        theirs = paper.FACIAL.get(w)
        for title, name, scale in (
            ("Gender agrees", "gender_accuracy", (0.0, 1.0)),
            ("Age correlates (r)", "age_r", (-0.4, 1.0)),
        ):
            chance = shuffled[name]["value"]
            said = f"paper {number(getattr(theirs, name))} (real people)" if theirs else ""
            judged = verdict(content[name], chance, shuffled[name].get("p"), confidence)
            cards.append(
                compared_card(title, content[name], chance, judged, f"shuffled pairs {number(chance)}", scale, said)
            )
        raw = weight["cosine"]["raw"]
        judged = verdict(content["cosine"], raw["other"]["value"], raw.get("p"), confidence)
        control, title = f"other people's {number(raw['other']['value'], 3)}", "Likeness of the generated face (cosine)"
        cards.append(
            compared_card(title, content["cosine"], raw["other"]["value"], judged, control, (-0.2, 1.0), digits=3)
        )
        for who, name, recall in (
            ("the generated face", "recall_by_face", weight["recall"]),
            ("the voice's embedding", "recall_by_voice", results.identity["voice"]["recall"]),
        ):
            title = f"Own face among the first {first} of {recall['gallery']:.0f}, found by {who}"
            cards.append(found_card(title, content[name], recall[f"at_{first}"], confidence))
        cards.append(detected_card(content["one_face"]))
    return [*cards, measures_card(results.craniofacial), _enlarging(results.identity["super_resolution"])]


def found_card(title: str, row: dict[str, Any], control: dict[str, Any], confidence: float) -> Headline:
    """A share found beside its chance."""
    chance = chance_of(control)
    judged = verdict(row, chance, control["shuffled_p"], confidence)
    return compared_card(title, row, chance, judged, f"chance {number(chance)}", (0.0, 1.0))


def chance_of(control: dict[str, Any]) -> float | None:
    """The higher of the chance of strangers and that of shuffled pairs, some of whom have several faces.

    Few people can be shuffled in too few ways for that to be a chance: three in two.
    """
    chance: float | None = control["chance"]
    shuffled = (control["shuffled"] or {}).get("value")
    if chance is None or shuffled is None or _people(control) < FEWEST:
        return chance
    return max(chance, shuffled)


def detected_card(row: dict[str, Any]) -> Headline:
    """How many pictures show exactly one face."""
    title = "Pictures with exactly one face"
    if row["value"] is None:
        return _missing(title, row, "")
    kind = GOOD if row["value"] >= NEARLY_ALL else FAINT if row["value"] >= HALF else NOTHING
    said = {GOOD: "nearly all are faces", FAINT: "many are no clear face", NOTHING: "most are no face"}[kind]
    if _people(row) < FEWEST:
        kind, said = FAINT, f"fewer than {FEWEST} people are too few to say"
    return Headline(
        title, number(row["value"]), _interval(row, 2), "by the face detector", "", said, kind, row["n"],
        row.get("people"), row["value"], row["low"], row["high"],
    )  # fmt: skip


def measures_card(content: dict[str, Any]) -> Headline:
    """How many of the eleven measures go with the true face's beyond chance, corrected for there being eleven."""
    rows, level = content["measures"], 1 - content["confidence"]
    known = [row for row in rows.values() if row["r"] is not None]
    title = "Craniofacial measures that correlate"
    if not known:
        reason = next((row.get("reason") for row in rows.values()), None)
        return _missing(title, {"reason": reason, "n": 0}, "")
    found = beyond_chance(content)
    kind, said = (GOOD, "beyond chance, after Holm's correction") if found else (FAINT, "none beyond chance")
    if min(_people(row) for row in ([rows[name] for name in found] or known)) < FEWEST:
        kind, said = FAINT, FEW
    theirs = f"paper (real people): r of {number(paper.LEAST_R)} to {number(paper.MOST_R)}"
    named = f"{', '.join(paper.WORDS.get(name, name) for name in found)}; " if found else ""
    control = f"{named}luck alone finds any in 1 of {2 / level:.0f} tables"  # p is of both sides, r > 0 of one
    most = max(known, key=lambda row: row["n"])
    return Headline(
        title, f"{len(found)} of {len(rows)}", "", control, theirs, said, kind, most["n"], most.get("people")
    )


def beyond_chance(content: dict[str, Any]) -> list[str]:
    """The measures whose r is above 0 beyond chance, corrected for there being so many."""
    level = 1 - content["confidence"]
    return [name for name, row in content["measures"].items() if (row["r"] or 0) > 0 and row["p_holm"] <= level]


def _enlarging(content: dict[str, Any]) -> Headline:
    """Nearer to the true portrait than bicubic, picture by picture; a face that enlarging lost has no cosine."""
    ours, bicubic, row = (content[key] for key in ("cosine", "bicubic_cosine", "difference"))
    lost, portraits = content["lost"], content["portraits"]
    control = f"ours {number(ours['value'], 3)}, bicubic {number(bicubic['value'], 3)}"
    if any(lost.values()):
        control += (
            f"; of {portraits} portraits with a face {lost['super_resolution']} have none when enlarged by us, "
            f"{lost['bicubic']} bicubically"
        )
    judged = (FAINT, "not distinguishable from bicubic")
    if row["value"] is not None and _people(row) >= FEWEST:
        judged = (GOOD, "clearly nearer than bicubic") if row["low"] > 0 else judged
        judged = (NOTHING, "further off than bicubic") if row["high"] < 0 else judged
    if judged[0] == GOOD and any(lost.values()):
        many = lost["super_resolution"] > max(lost["bicubic"], (1 - NEARLY_ALL) * portraits)
        judged = (FAINT if many else GOOD, "nearer than bicubic where both still show a face")
    farthest = max(abs(row[end] or 0.0) for end in ("low", "high"))
    reach = next((one for one in REACHES if one >= farthest), REACHES[-1])
    return compared_card("Enlarging: gain in cosine", row, 0.0, judged, control, (-reach, reach), digits=3)


def verdict(row: dict[str, Any], chance: float | None, p: float | None, confidence: float) -> tuple[str, str]:
    """Above chance only with an interval above it (and above 0), with luck that seldom gets so far, and enough people.

    `p` is the share of shuffled pairs that reach the value, corrected where it is the best of several.
    """
    if row["value"] is None or chance is None:
        return UNKNOWN, "no control to hold it against"
    if _people(row) < FEWEST:
        return FAINT, FEW
    if row["low"] > max(0.0, chance) and p is not None and p <= 1 - confidence:
        return GOOD, "clearly above chance"
    return (NOTHING, "below chance") if row["high"] < chance else (FAINT, "not distinguishable from chance")


def _people(row: dict[str, Any]) -> int:
    """How many people a number stands for: clips of one person are no new people."""
    people: int = row.get("people", row["n"])
    return people


def compared_card(
    title: str,
    row: dict[str, Any],
    chance: float | None,
    judged: tuple[str, str],
    control: str,
    scale: tuple[float, float],
    said: str = "",
    digits: int = 2,
) -> Headline:
    """A number beside its control; `scale` is what the bar shows, `said` what the paper has."""
    if row["value"] is None:
        return _missing(title, row, said)

    def place(value: float | None) -> float | None:
        return None if value is None else round(min(1.0, max(0.0, (value - scale[0]) / (scale[1] - scale[0]))), 4)

    kind, words = judged
    return Headline(
        title, number(row["value"], digits), _interval(row, digits), control, said, words, kind, row["n"],
        row.get("people"), place(row["value"]), place(row["low"]), place(row["high"]), place(chance), scale,
    )  # fmt: skip


def _interval(row: dict[str, Any], digits: int) -> str:
    return f"{number(row['low'], digits)} to {number(row['high'], digits)}"


def _missing(title: str, row: dict[str, Any], said: str) -> Headline:
    return Headline(title, NONE, "", "", said, row.get("reason") or "not available", UNKNOWN, row.get("n", 0))

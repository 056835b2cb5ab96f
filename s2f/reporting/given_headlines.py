"""The headlines of faces that somebody else made: as cards for the page, as numbers for a machine.

What has nothing to be held against (one picture has no shuffles, ten faces are all among the first ten) is no number.
"""

from dataclasses import dataclass, replace
from typing import Any

from s2f.reporting.headlines import (
    ALIKE,
    UNKNOWN,
    Headline,
    beyond_chance,
    chance_of,
    compared_card,
    detected_card,
    measures_card,
    verdict,
)
from s2f.reporting.tables import estimate, number

Row = dict[str, Any]


@dataclass(frozen=True)
class Given:
    """All that a report on given pictures is made of: results as the evaluation has them, and who looked at what."""

    truth: str  # the folders, as they were named
    generated: str
    facial: Row
    craniofacial: Row
    identity: Row
    headlines: Row
    networks: list[tuple[str, str, str]]  # role in words, name, sha256
    notes: list[str]  # sentences on what was left out
    beware: list[str]  # sentences on networks that do not fit
    licences: list[str]

    @property
    def weight(self) -> Row:
        """What identity says of the pictures, all of which are of one kind."""
        row: Row = self.identity["by_guidance"][self.identity["guidance"]]
        return row


@dataclass(frozen=True)
class Line:
    """One headline under its name."""

    name: str
    card: Headline
    number: Row  # as JSON: a value, or null and the reason


def given_headlines(given: Given) -> list[Line]:
    """All of them, in the order of the page."""
    content, confidence = given.headlines["headlines"], given.headlines["confidence"]
    shuffled, raw = given.facial["shuffled"][given.identity["guidance"]], given.weight["cosine"]["raw"]
    lines = [
        _line(name, title, content[name], control, control.get("p"), said, scale, confidence, digits)
        for name, title, control, said, scale, digits in (
            ("gender_accuracy", "Gender agrees", shuffled["gender_accuracy"], "", (0, 1), 2),
            ("age_r", "Age correlates (r)", shuffled["age_r"], "", (-0.4, 1), 2),
            ("cosine", "Likeness (cosine)", raw["other"] | {"p": raw.get("p")}, "other people's", (-0.2, 1), 3),
        )
    ]
    lines[2:2] = _ceilings(given)
    one_face = detected_card(content["one_face"])
    measures = replace(measures_card(given.craniofacial), paper="")
    return [
        *lines,
        *_recalls(given, confidence),
        Line("one_face", one_face, _number(content["one_face"], None, None, one_face)),
        Line("measures_beyond_chance", measures, _counted(given.craniofacial, measures)),
    ]


def given_numbers(given: Given, lines: list[Line]) -> Row:
    """All that a machine asks for, by name: the headlines, and how many generated files are true ones."""
    files = given.headlines["copied_files"]
    nothing = {"low": None, "high": None, "n": files["of"], "chance": None}
    copied = {"value": files["own_name"] + files["other_name"], **nothing, "own_name": files["own_name"]}
    return {line.name: line.number for line in lines} | {"copied_files": copied}


def _ceilings(given: Given) -> list[Line]:
    """The judge itself on the true faces, where labels say what is true: its word is worth no more than that."""
    judge, drawn = given.facial["judge"], given.facial["guidance"][given.identity["guidance"]]["labels"]
    lines = []
    for name, title, scale in (
        ("gender_accuracy", "Ceiling: the judge on true faces, gender by label", (0.0, 1.0)),
        ("age_r", "Ceiling: the judge on true faces, age by label (r)", (-0.4, 1.0)),
    ):
        if judge[name]["value"] is not None:
            beside = f"generated faces, by label {number(drawn[name]['value'])}"
            said = UNKNOWN, "how far the judge itself agrees with the labels"
            card = compared_card(title, judge[name], None, said, beside, scale)
            lines.append(Line(f"judge_{name}", card, _number(judge[name], None, None, card)))
    return lines


def _recalls(given: Given, confidence: float) -> list[Line]:
    """Own face found: the first of all, among the first few of all, and of the same gender, the honest one."""
    first, lines = given.headlines["found_among"], []
    everybody, same_gender = given.weight["recall"], given.weight["recall_same_gender"]
    ks = sorted({int(key.removeprefix("at_")) for key in everybody if key.startswith("at_")} & {1, first})
    for k, recall, name, of in (
        *((k, everybody, f"recall_at_{k}", "") for k in ks),
        (first, same_gender, f"recall_at_{first}_same_gender", ", of the same gender"),
    ):
        among = "is the first" if k == 1 else f"is among the first {k}"
        gallery = f"{recall['gallery']:.0f}" if recall["gallery"] > 1 else "all"
        title, control = f"Own face {among} of {gallery}{of}", recall_control(recall, k)
        row, p = recall[f"at_{k}"], recall[f"at_{k}"]["shuffled_p"]
        lines.append(_line(name, title, row, control, p, "chance", (0, 1), confidence, 2))
    return lines


def recall_control(recall: Row, k: int) -> Row:
    """Its chance; none where nobody could be missed."""
    row = recall[f"at_{k}"]
    if row["chance"] is None or row["chance"] == 1:
        return {"value": None, "reason": f"everybody is among the first {k} of {recall['gallery']:.0f}"}
    return {"value": chance_of(row)}


def held_against(row: Row, control: Row) -> Row:
    """The number, or no number where there is nothing to hold it against."""
    if row["value"] is None or control["value"] is not None:
        return row
    why = (control.get("reason") or "there is nobody else").removeprefix("not available: ")
    return {"value": None, "n": row["n"], "reason": f"not available: nothing to hold it against, {why}"}


def _line(
    name: str,
    title: str,
    row: Row,
    control: Row,
    p: float | None,
    said: str,
    scale: tuple[float, float],
    confidence: float,
    digits: int,
) -> Line:
    row, chance = held_against(row, control), control["value"]
    beside = f"{said or 'shuffled pairs'} {number(chance, digits)}"
    card = compared_card(title, row, chance, verdict(row, chance, p, confidence), beside, scale, digits=digits)
    return Line(name, card, _number(row, chance, p, card))


def _number(row: Row, chance: float | None, p: float | None, card: Headline) -> Row:
    known = {key: row.get(key) for key in ("value", "low", "high")}
    known |= {"n": row.get("n", 0), "chance": None if chance is None or row["value"] is None else round(chance, 6)}
    if row["value"] is None:
        return known | {"reason": row.get("reason") or "not available"}
    known |= {"people": row.get("people", row["n"]), "p": None if p is None else float(f"{p:.4g}")}
    return known | {"verdict": card.verdict}


def _counted(content: Row, card: Headline) -> Row:
    """How many measures; a count has no interval."""
    rows = content["measures"]
    empty = {"value": None, "low": None, "high": None, "n": card.n, "chance": None}
    if all(row["r"] is None for row in rows.values()):
        return empty | {"reason": card.verdict}
    return empty | {"value": len(beyond_chance(content)), "of": len(rows), "verdict": card.verdict}


def given_warnings(given: Given) -> list[str]:
    """Sentences a reader needs before any number, beside that there is none."""
    said, identity = [*given.beware, *given.notes, *_copied(given)], given.identity
    between, true = (given.weight["variety"][key] for key in ("between_people", "between_true_faces"))
    if between["value"] is not None and true["value"] and between["value"] < ALIKE * true["value"]:
        said.append(
            f"All generated faces look alike: their variety is {estimate(between, 3)}, the true faces' "
            f"{estimate(true, 3)}."
        )
    if nothing_seen(given):
        return said
    if lost := given.facial["without_true_face"]:
        said.append(f"Of {given.facial['voices']} true pictures {lost} show no face that was judged.")
    if identity["no_face"] or identity["several_faces"]:
        said.append(
            f"Of {identity['pictures']} generated pictures {identity['no_face']} show no face and "
            f"{identity['several_faces']} several; what cannot be judged is left out and counted."
        )
    for side, count in identity["without_embedding"].items():
        if count:
            said.append(f"In {count} {side} pictures a face was found, and its embedding is no number.")
    return said


def nothing_seen(given: Given) -> list[str]:
    """That there is nothing to compare, where no picture of one side shows a face."""
    sides = {"true": given.facial["true_faces"], "generated": given.identity}
    blank = [
        f"of the {row['pictures']} {side} pictures" for side, row in sides.items() if row["no_face"] == row["pictures"]
    ]
    return [f"No face was found in any {' or '.join(blank)}, so nothing can be compared."] if blank else []


def _copied(given: Given) -> list[str]:
    """That generated files are true ones, if they are."""
    files = given.headlines["copied_files"]
    own, other = files["own_name"], files["other_name"]
    if not own + other:
        return []
    whose = "of the same name" if not other else "of another name" if not own else f"{own} of them of the same name"
    are = "is a true picture's file" if own + other == 1 else "are true pictures' files"
    return [f"Of {files['of']} generated pictures {own + other} {are}, byte for byte ({whose}): copied, not generated."]

"""The report's tables of the headlines by group of voices, and of each w beside the reference's; what they come to."""

from typing import Any

from s2f.reporting.headlines import FEWEST, HEADLINE_NAMES
from s2f.reporting.tables import NONE, Table, counted, estimate, number, p_value, with_p

TITLES = {
    "gender_accuracy": "gender accuracy",
    "age_r": "age r",
    "cosine": "cosine",
    "recall_by_face": "own face found",
    "recall_by_voice": "found by voice",
    "one_face": "one face",
    "enlarging_cosine_gain": "gain in cosine",
}
ENLARGING = "enlarging_cosine_gain"
DIGITS = {"cosine": 3, ENLARGING: 3}


def groups(content: dict[str, Any]) -> Table:
    """Each group's headlines; a mark where the group does worse than all others beyond chance."""
    rows, reasons = [], []
    alike = _same_for_all(peopled(content["groups"]))
    for group in peopled(content["groups"]):
        cells = [f"{group['by']}: {group['group']}", f"{group['voices']} of {group['people']}"]
        for name in HEADLINE_NAMES:
            row = group["headlines"].get(name, {})
            worse = " ▼" if is_worse(row, content["confidence"]) else ""
            chance = None if name in alike else row.get("chance")
            cells.append(
                (NONE if row.get("value") is None else _beside_chance(row, chance, DIGITS.get(name, 2))) + worse
            )
            if row.get("reason"):
                reasons.append(f"{TITLES[name]} of {group['group']} is {row['reason']}")
        rows.append(cells)
    head = ["group", "voices of people", *(TITLES[name] for name in HEADLINE_NAMES)]
    first = content["found_among"]
    notes = [
        f"At w = {content['guidance']}. Groups are by label where there is one, else as the judge sees the true face. "
        f"▼: below all other voices beyond chance, corrected for every cell. Found: among the first {first} of all.",
        "In parentheses: chance, what other people's faces score in this group's place.",
    ]
    if alike:
        told = ", ".join(f"{number(chance)} ({TITLES[name]})" for name, chance in alike.items())
        notes.append(f"Chance that is the same for every group: {told}.")
    if any(group["by"] == "age" and "age_r" not in group["headlines"] for group in content["groups"]):
        notes.append(f"Age r is {NONE} in bands of age, for inside a band there is little age to correlate with.")
    if reasons:
        notes.append(f"{NONE} elsewhere: {'; '.join(reasons)}.")
    notes += group_sentences(content)
    return Table("The headlines by group", head, rows, notes + could_be_seen(content["groups"]))


def enlarging(content: dict[str, Any]) -> Table:
    """Super-resolution's gain on bicubic by group of portraits."""
    rows = []
    for group in peopled(content["enlarging_groups"]):
        row = group["headlines"][ENLARGING]
        worse = " ▼" if is_worse(row, content["confidence"]) else ""
        rows.append([f"{group['by']}: {group['group']}", f"{row['n']} of {group['people']}", estimate(row, 3) + worse])
    notes = sentences(content["enlarging_groups"], content["confidence"], (ENLARGING,))
    return Table("Gain in cosine by group", ["group", "portraits of people", TITLES[ENLARGING]], rows, notes)


def _same_for_all(groups: list[dict[str, Any]]) -> dict[str, float]:
    """Of the headlines whose chance is the same in every group, that chance."""
    chances = {name: {group["headlines"].get(name, {}).get("chance") for group in groups} for name in HEADLINE_NAMES}
    known = {name: values - {None} for name, values in chances.items()}
    return {name: next(iter(values)) for name, values in known.items() if len(values) == 1}


def _beside_chance(row: dict[str, Any], chance: float | None, digits: int) -> str:
    """'0.88 [0.79, 0.94] (0.53)'."""
    return estimate(row, digits) + ("" if chance is None else f" ({number(chance, digits)})")


def peopled(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those somebody is in."""
    return [group for group in groups if group["people"]]


def could_be_seen(groups: list[dict[str, Any]]) -> list[str]:
    """In a sentence, of each headline the smallest difference of a group from the others that its interval could show.

    That is half the width of the narrowest interval of a difference, of groups with people enough.
    """
    least = []
    for name in HEADLINE_NAMES:
        found = [
            group["headlines"].get(name, {}).get("difference", {}) for group in groups if group["people"] >= FEWEST
        ]
        halves = [(one["high"] - one["low"]) / 2 for one in found if one.get("value") is not None]
        if halves and min(halves) > 0:
            least.append(f"{number(min(halves), DIGITS.get(name, 2))} ({TITLES[name]})")
    if not least:
        return []
    return [
        f"Differences smaller than about {', '.join(least)} could not be seen at these N: half the width of the "
        "narrowest interval of a group's difference from the others; other groups' are wider."
    ]


def is_worse(row: dict[str, Any], confidence: float) -> bool:
    """Whether a group is below the others, by interval and by p corrected for all groups."""
    difference = row.get("difference", {})
    p = difference.get("p_holm")
    return p is not None and p <= 1 - confidence and difference["high"] < 0


def group_sentences(content: dict[str, Any]) -> list[str]:
    """For whom the headlines are worse, and of whom there are too few to say."""
    return sentences(content["groups"], content["confidence"], HEADLINE_NAMES)


def sentences(groups: list[dict[str, Any]], confidence: float, names: tuple[str, ...]) -> list[str]:
    """The same of any groups and any headlines of theirs."""
    said = []
    if nobody := [group["group"] for group in groups if not group["people"]]:
        said.append(f"Nobody is {' or '.join(nobody)}.")
    few = [f"{group['group']} ({group['people']})" for group in peopled(groups) if group["people"] < FEWEST]
    if few:
        said.append(f"Too few people to say anything of: {', '.join(few)}.")
    for group in groups:
        for name in names:
            row = group["headlines"].get(name, {})
            if group["people"] >= FEWEST and is_worse(row, confidence):
                digits = DIGITS.get(name, 2)
                said.append(
                    f"Works less well for {group['group']}: {TITLES[name]} {estimate(row, digits)}, "
                    f"{number(abs(row['difference']['value']), digits)} below the others "
                    f"(p = {p_value(row['difference']['p_holm'])})."
                )
    if groups and len(said) == bool(nobody) + bool(few):
        said.append("No group of enough people does worse than the others beyond chance.")
    return said


def by_guidance(content: dict[str, Any]) -> Table:
    """What another w changes, paired voice by voice."""
    names = [name for name in HEADLINE_NAMES if name != "recall_by_voice"]
    rows = []
    for w, row in content["by_guidance"].items():
        if w != content["guidance"]:
            cells = [_difference(row[name], DIGITS.get(name, 2)) for name in names]
            rows.append([w, *cells, counted(row[name].get("difference", {}) for name in names)])
    reference = content["guidance"]
    notes = [
        f"Each w less w = {reference}, on the same voices; the interval draws people, p exchanges the two weights' "
        "answers person by person and is corrected for the whole table."
    ]
    head = ["w", *(TITLES[one] for one in names), "N"]
    return Table(f"What guidance changes, beside w = {reference}", head, rows, notes)


def _difference(row: dict[str, Any], digits: int) -> str:
    difference = row.get("difference", {})
    return with_p(estimate(difference, digits), difference.get("p_holm"))

"""The report's tables of the craniofacial measures: the paper's table 3 beside ours, and how each is taken."""

from typing import Any

from s2f.faces import anthropometry
from s2f.faces.anthropometry import Landmarker
from s2f.reporting import paper
from s2f.reporting.tables import NONE, Table, by_luck, counted, estimate, number, p_value

PROTOCOLS: dict[Landmarker, str] = {
    "mesh": "MediaPipe's mesh turned to the front",
    "dlib": "dlib's 68 points, lifted to a mean face's depth and turned to the front",
}
ON: dict[Landmarker, str] = {"mesh": "", "dlib": ", on dlib's 68 points"}


def craniofacial(content: dict[str, Any], landmarker: Landmarker = "mesh") -> Table:
    """The paper's table 3 beside ours, by one landmarker."""
    head = ["measure", "r", "p", "p (Holm)", "N", "random pairs", "paper r", "paper p", "Speech2Face r"]
    rows = []
    for name, row in content["measures"].items():
        theirs = paper.CRANIOFACIAL.get(name)
        rows.append(
            [
                paper.WORDS.get(name, name) + claim(row),
                estimate({"value": row["r"], **row}),
                p_value(row["p"]),
                p_value(row["p_holm"]),
                str(row["n"]),
                by_luck(row["shuffled"]["mean"]),
                number(theirs.r if theirs else None),
                theirs.p if theirs else NONE,
                number(theirs.speech2face_r if theirs else None),
            ]
        )
    share = content["turned_away_share"]
    notes = [
        f"Generated at w = {content['guidance']}; r takes the mean of {content['samples']} faces per voice, "
        "the paper's protocol is 'one sample' in the table 'Beside r'. p is Student's, of both sides; behind random "
        "pairs: how often they get as far.",
        f"True faces turned more than {content['max_yaw_degrees']:g}° are left out: {content['turned_away']}"
        + (f" ({share:.1%})" if share is not None else "")
        + f"; {content['without_mesh']} had no mesh, and {content['generated_without_mesh']} of "
        f"{content['generated']} generated pictures. No outlier was removed.",
        f"Three protocols stand side by side and are not comparable: {PROTOCOLS[landmarker]} (ours), "
        "dlib on frontalised photographs of real people (paper), two normalised reconstructions of "
        "theirs (Speech2Face). "
        f"The paper's random pairs: r = {number(paper.RANDOM_PAIRS_R)} for the nasal index.",
    ]
    if without := content.get("dlib", {}).get("reason"):
        notes.append(f"On dlib's 68 points, the paper's landmarks, {without}.")
    return Table(f"Eleven craniofacial measures{ON[landmarker]}", head, rows, notes + law_notes(content))


def beside_r(content: dict[str, Any], landmarker: Landmarker = "mesh") -> Table:
    """What ranks, the noise of single samples and gender make of each measure's r."""
    keys = ("spearman", "within_gender", "single", "reliability", "unattenuated")
    rows = [
        [paper.WORDS.get(name, name), *(estimate(row[key]) for key in keys), str(row["single"]["n"])]
        for name, row in content["measures"].items()
    ]
    notes = [
        "Spearman and within gender take the mean of a voice's samples. Within gender: r once each gender's own means "
        "are taken off, for men's jaws are wide, drawn or not.",
        "Reliability: the share of the spread of single samples that lies between voices. Endless samples: r of one "
        "over its root; the interval takes the reliability as known.",
    ]
    head = ["measure", "Spearman", "within gender", "one sample", "reliability", "endless samples", "N"]
    return Table(f"Beside r{ON[landmarker]}: ranks, gender, and the noise of sampling", head, rows, notes)


def beside_r_by_luck(content: dict[str, Any]) -> Table:
    """What shuffled pairs reach where each measure is asked for otherwise."""
    keys = {"single": "one sample", "spearman": "Spearman", "within_gender": "within gender"}
    rows = [
        [
            paper.WORDS.get(name, name),
            *(by_luck(row["shuffled"][key]) for key in keys),
            counted(row["shuffled"][key] for key in keys),
        ]
        for name, row in content["measures"].items()
    ]
    notes = [
        "As above with other people's faces, within gender with those of the same gender; in brackets the reach of "
        "luck. p: how often luck gets as far, of each measure alone: one in twenty is at .05 by luck."
    ]
    return Table("Beside r, of shuffled pairs", ["measure", *keys.values(), "N"], rows, notes)


def by_landmarker(content: dict[str, Any]) -> dict[Landmarker, dict[str, Any]]:
    """The mesh's results and, where a predictor file was named, dlib's."""
    found: dict[Landmarker, dict[str, Any]] = {"mesh": content}
    return found | ({"dlib": content["dlib"]} if "measures" in content.get("dlib", {}) else {})


def together(content: dict[str, Any], guidance: str) -> Table:
    """The mean r of all measures, by w beside the reference's and there by group beside all other voices."""
    named = {f"w = {w}": row for w, row in content["by_guidance"].items()}
    named |= {f"w = {guidance}, {row['by']}: {row['group']}": row for row in content["groups"]}
    rows, missing = [], []
    for name, row in named.items():
        difference, known = row.get("difference", {}), row["value"] is not None
        apart = NONE if difference.get("value") is None else estimate(difference)
        cells = [estimate(row), by_luck(row["shuffled"]) if known else NONE, str(row["measures"]), apart]
        rows.append([name, *cells, p_value(difference.get("p_holm")), str(row["n"])])
        if known and difference.get("reason"):
            missing.append(f"Difference of {name}: {difference['reason']}.")
    notes = [
        f"Difference: from w = {guidance} on the same voices; of a group, from all other voices. p: corrected for all "
        "w, and for all groups.",
        "The mean is of the measures that nearly everybody has and that have an r at every w with any; in a group's "
        "row, inside the group and, if there are any, among the others. Random pairs, all measures at once: in "
        "brackets the reach of luck, p: how often it gets as far.",
    ]
    head = ["of", "mean r", "random pairs", "measures", "difference", "p (Holm)", "N"]
    return Table("The mean r of the measures", head, rows, notes + missing)


def definitions() -> Table:
    """How each craniofacial measure is taken, by either landmarker."""
    rows = [
        [
            entry.title,
            entry.definition,
            *(cell for by in PROTOCOLS for cell in (anthropometry.spelled(name, by), entry.certainty[by])),
            entry.source,
        ]
        for name, entry in anthropometry.TABLE.items()
    ]
    notes = [
        "Points by their usual abbreviations in anthropometry, then by index (of MediaPipe's 478, of dlib's 68 from "
        "0); + is halfway between two. Distances are divided by that of the outer eye corners (ex–ex).",
        "Certainty: how sure it is that a landmarker's points are the anthropometric ones.",
    ]
    head = ["measure", "definition", "on the mesh", "certainty", "on dlib's points", "certainty", "source"]
    return Table("How each measure is taken", head, rows, notes, words=True)


def claim(row: dict[str, Any]) -> str:
    """What the corpus's law says of a measure, behind its name."""
    return " (tied)" if row["tied"] else " (free)" if row["free"] else ""


def law_notes(content: dict[str, Any]) -> list[str]:
    """Whether what a known law puts into the voice was found, and nothing of what it keeps out; empty without a law."""
    measures, level = content["measures"], 1 - content["confidence"]
    notes = []
    for key, says in (("tied", "puts them into the voice"), ("free", "keeps them out of it")):
        names = [name for name, row in measures.items() if row[key]]
        if not names:
            continue
        above = [name for name in names if (measures[name]["low"] or 0.0) > 0]
        sure = [name for name in above if measures[name]["p_holm"] <= level]
        found = f" ({', '.join(paper.WORDS.get(name, name) for name in above)})" if above else ""
        notes.append(
            f"{key.capitalize()}, {len(names)} measures: the corpus's law {says}. Interval above 0: {len(above)} of "
            f"{len(names)}{found}; beyond chance after Holm's correction: {len(sure)}; by luck alone "
            f"{number(len(names) * level / 2, 1)} would be above 0." + _against(measures, names, level)
        )
    if notes and not all(row["tied"] or row["free"] for row in measures.values()):
        notes.append("Of the other measures the law claims neither.")
    return notes


def _against(measures: dict[str, Any], names: list[str], level: float) -> str:
    """Which of them run against the true faces' beyond chance, if any do."""
    below = [name for name in names if (measures[name]["high"] or 0.0) < 0 and measures[name]["p_holm"] <= level]
    named = ", ".join(paper.WORDS.get(name, name) for name in below)
    return f" Below 0 beyond chance: {named}." if below else ""

"""The tables of a report on given pictures: what our own report has by w stands here one below the other.

Nothing of the paper's stands beside it: these are somebody else's faces.
"""

from dataclasses import replace
from typing import Any

from s2f.reporting import craniofacial_tables, facial_tables, group_tables
from s2f.reporting.craniofacial_tables import by_landmarker
from s2f.reporting.given_headlines import Given, held_against, recall_control
from s2f.reporting.tables import NONE, Table, by_luck, estimate, number, p_value

Row = dict[str, Any]
PAPERS = ("paper r", "paper p", "Speech2Face r")


def given_tables(given: Given) -> dict[str, list[Table]]:
    """Every table, by section."""
    key = given.identity["guidance"]
    facial, shuffled = given.facial["guidance"][key], given.facial["shuffled"][key]
    labelled = any(given.facial["judge"][one]["value"] is not None for one in ("age_r", "gender_accuracy"))
    return {
        "facial": [
            _age_and_gender(given.facial, facial, shuffled),
            *([_labels(given.facial["judge"], facial["labels"], shuffled["labels"])] if labelled else []),
            without(facial_tables.confusion(given.facial), "w"),
            _age_confusion(given.facial, key),
        ],
        "craniofacial": [
            *_measures(given.craniofacial),
            *_beside_r(given.craniofacial),
            craniofacial_tables.beside_r_by_luck(given.craniofacial),
            _together(given.headlines["mean_r"]),
            craniofacial_tables.definitions(),
        ],
        "identity": [
            _likeness(given.weight),
            _retrieval(given.weight, given.headlines["found_among"]),
            _distances(given.identity, given.weight["distance"]),
        ],
        "groups": [_groups(given.headlines)],
        "networks": [
            Table("Networks that looked", ["role", "name", "sha256"], list(map(list, given.networks)), words=True)
        ],
    }


def without(table: Table, *heads: str) -> Table:
    """The table less the columns of these heads."""
    kept = [place for place, head in enumerate(table.head) if head not in heads]
    rows = [[row[place] for place in kept] for row in table.rows]
    return replace(table, head=[table.head[place] for place in kept], rows=rows)


def _age_and_gender(content: Row, facial: Row, shuffled: Row) -> Table:
    rows = []
    for name, key, digits in (
        ("gender accuracy, one picture", "gender_accuracy", 2),
        ("gender accuracy, mean of samples", "gender_accuracy_mean", 2),
        ("age r, one picture", "age_r", 2),
        ("age r, mean of samples", "age_r_mean", 2),
        ("age r, as of endless samples", "age_r_unattenuated", 2),
        ("age r by rank (Spearman)", "age_spearman", 2),
        ("age r within gender", "age_r_within_gender", 2),
        ("years off, one picture", "age_error_years", 1),
    ):
        if content["samples"] == 1 and "samples" in name:
            continue
        first = facial["age_r" if key.startswith("age") else "gender_accuracy"]
        row = facial[key] if first["value"] is not None else first  # one reason for all that hangs on it
        control = shuffled.get(key, {}) if row["value"] is not None else {}
        beside = [estimate(control, digits), p_value(control.get("p"))]
        rows.append([name, estimate(row, digits), *beside, str(row["n"])])
    majority = content["majority_accuracy"]
    rows.append(["always the commoner gender", estimate(majority), NONE, NONE, str(majority["n"])])
    notes = [
        f"Truth is the judge's estimate of the true face. {_of_each(content)}; by rank and within gender their mean "
        "counts. Endless samples: r of one over the root of its reliability.",
        "Shuffled: every generated face beside another person's true one; the bracket is the reach of luck. p: how "
        "often luck reaches the number.",
        f"Intervals count people ({content['people']}), not pictures.",
        f"No face, several, a tiny one (its box is under {content['tiny_face_px']:g} px), not judged: "
        f"{facial_tables.found(facial)} generated pictures, {facial_tables.found(content['true_faces'])} true ones. Of "
        "several faces the largest is judged.",
    ]
    return Table("Age and gender", ["what", "measured", "shuffled pairs", "p", "N"], rows, notes)


def _of_each(content: Row) -> str:
    return "1 generated picture of each" if content["samples"] == 1 else f"{content['samples']} generated ones of each"


def _labels(judge: Row, generated: Row, shuffled: Row) -> Table:
    rows = []
    for name, row, control in (
        ("judge on true faces", judge, judge["shuffled"]),
        ("generated faces", generated, shuffled),
    ):
        cells = [name]
        for key in ("age_r", "gender_accuracy"):
            cells += [estimate(row[key]), by_luck(control[key]), str(row[key]["n"])]
        rows.append(cells)
    error = judge["age_error_years"]
    notes = ["The first row is the ceiling: what the judge makes of the true faces themselves."]
    if error["value"] is not None:
        notes.append(f"On true faces the judge is off by {estimate(error, 1)} years on average, N = {error['n']}.")
    head = ["faces", "age r", "shuffled", "N", "gender accuracy", "shuffled", "N"]
    return Table("Against the labels", head, rows, notes)


def _age_confusion(content: Row, key: str) -> Table:
    table = facial_tables.age_confusion(content, key)
    counts = "Counts of pictures by judged years: true face down, generated face across."
    return replace(table, notes=[counts, *table.notes[1:]])


def _measures(content: Row) -> list[Table]:
    """By the mesh and, where it looked, by dlib."""
    found = [craniofacial_tables.craniofacial(one, by) for by, one in by_landmarker(content).items()]
    share = content["turned_away_share"]
    notes = [
        f"{_of_each(content)}, of which r takes the mean. True faces turned more than "
        f"{content['max_yaw_degrees']:g}° are left out: {content['turned_away']}"
        + (f" ({share:.1%})" if share is not None else "")
        + f"; {content['without_mesh']} had no mesh, and {content['generated_without_mesh']} of "
        f"{content['generated']} generated pictures. No outlier was removed. p (Holm): corrected for all of the table."
    ]
    return [replace(without(table, *PAPERS), notes=notes) for table in found]


def _beside_r(content: Row) -> list[Table]:
    """Ranks and gender and, of several pictures of each, the noise of a single one."""
    notes = [
        "Spearman and within gender take the mean of a person's pictures. Within gender: r once each gender's own "
        "means are taken off, for men's jaws are wide, drawn or not."
    ]
    found = [craniofacial_tables.beside_r(one, by) for by, one in by_landmarker(content).items()]
    if content["samples"] == 1:
        return [replace(without(one, "one sample", "reliability", "endless samples"), notes=notes) for one in found]
    notes.append(
        "Reliability: the share of the spread of single pictures that lies between people. Endless samples: r of one "
        "over its root; the interval takes the reliability as known."
    )
    return [replace(table, notes=notes) for table in found]


def _together(content: Row) -> Table:
    """The mean r of all measures, of everybody and by group."""
    everybody = f"w = {content['guidance']}"
    table = craniofacial_tables.together(content, content["guidance"])
    names = [row[0].removeprefix(f"{everybody}, ").replace(everybody, "everybody") for row in table.rows]
    rows = [[name, *row[1:]] for name, row in zip(names, table.rows, strict=True)]
    notes = ["Difference: of a group from everybody else. p: corrected for all groups.", *table.notes[1:]]
    notes = [note.replace(" at every w with any", "").replace(f"{everybody}, ", "") for note in notes]
    return replace(table, rows=rows, notes=notes)


def _likeness(weight: Row) -> Table:
    rows = []
    for name, key in (("cosine with the true face", "raw"), ("the same, each side centred", "centred")):
        row = weight["cosine"][key]
        known = row["own"]["value"] is not None
        beside = [estimate(row["other"], 3), p_value(row.get("p"))] if known else [NONE, NONE]
        rows.append([name, estimate(row["own"], 3), *beside, str(row["own"]["n"])])
    variety = weight["variety"]
    for name, key in (
        ("variety between samples of one", "within_voice"),
        ("variety between people, generated", "between_people"),
        ("variety between people, true", "between_true_faces"),
    ):
        rows.append([name, estimate(variety[key], 3), NONE, NONE, str(variety[key]["n"])])
    rows.append(["pictures with exactly one face", estimate(weight["detected"]), NONE, NONE, str(weight["pictures"])])
    notes = [
        "Read a cosine only beside other people's: a mean face resembles everybody a little.",
        "Variety is one minus the mean cosine of two faces.",
    ]
    return Table("Likeness to the true face", ["what", "measured", "other people", "p", "N"], rows, notes)


def _retrieval(weight: Row, first: int) -> Table:
    rows = []
    for recall, of in ((weight["recall"], "all"), (weight["recall_same_gender"], "the same gender")):
        for key in (key for key in recall if key.startswith("at_")):
            row, k = recall[key], int(key.removeprefix("at_"))
            beside = [number(row["chance"]), estimate(row["shuffled"] or {}), p_value(row["shuffled_p"])]
            found = estimate(held_against(row, recall_control(recall, k)))
            rows.append([f"among the first {k} of {of}", found, *beside, f"{recall['gallery']:.0f}", str(row["n"])])
    notes = [
        "Is a person's own true face among the first k of all true faces, for the mean of the generated ones? Both "
        "sides are centred; ties count against the generated face; other pictures of a person are neither hits nor "
        f"rivals. The headline is the first {first}.",
        "Same gender only is the honest row: hearing a man and showing any man is not recognition.",
    ]
    return Table(
        "Finding the own face", ["own face", "found", "chance", "shuffled pairs", "p", "gallery", "N"], rows, notes
    )


def _distances(identity: Row, distance: Row) -> Table:
    """How far all generated faces together are from all true ones, beside true ones from true ones."""
    baseline, frechet, kernel = identity["true_faces_halves"], distance["frechet"], distance["kernel"]
    halves = estimate(frechet.get("halves", baseline["frechet"]), 3)
    rows = [["Fréchet", estimate(frechet, 3), halves, NONE, str(frechet["n"])]]
    if frechet["value"] is not None:
        rows.append(["Fréchet without bias", estimate(frechet["corrected"], 3), NONE, NONE, str(frechet["n"])])
    beside = [estimate(baseline["kernel"], 4), p_value(kernel.get("p"))]
    rows.append(["kernel", estimate(kernel, 4), *beside, str(kernel["n"])])
    notes = [
        "Embeddings of all generated faces against those of all true ones; lower is nearer. It asks whether they look "
        "like people, not whether they look like the right ones. Below the halves is no praise: little variety comes "
        "out there.",
        "Kernel: 0 is no difference, at every N. p: how often it comes out as large when people's true and generated "
        "faces change places.",
        f"Left out, for want of a face: {distance['left_out']}.",
    ]
    return Table("Distance from true faces", ["distance", "generated", "halves of true faces", "p", "N"], rows, notes)


def _groups(content: Row) -> Table:
    table = without(group_tables.groups(content), group_tables.TITLES["recall_by_voice"])
    about = (
        "Groups are by label where there is one, else as the judge sees the true face. ▼: below all others beyond "
        f"chance, corrected for every cell. Found: among the first {content['found_among']} of all."
    )
    head = ["faces of people" if one == "voices of people" else one for one in table.head]
    return replace(table, head=head, notes=[about, *table.notes[1:]])

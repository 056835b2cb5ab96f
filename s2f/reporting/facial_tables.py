"""The report's tables of age and gender: by w beside the paper's, against labels, and who was taken for whom."""

from typing import Any

from s2f.reporting import confusions, paper
from s2f.reporting.tables import Table, by_luck, counted, estimate, number, p_value

OTHERWISE = {
    "age_r_mean": "mean of samples",
    "age_spearman": "Spearman, mean",
    "age_r_within_gender": "within gender, mean",
}

PAPER = "paper (real people)"


def ages(content: dict[str, Any]) -> Table:
    """The age half of the paper's table 2 beside ours, and in years."""
    head = ["w", "r", PAPER, "shuffled", "p (Holm)", "N", "years off", "years off, shuffled", "years a year"]
    rows = []
    for w, row in content["guidance"].items():
        theirs, shuffled = paper.FACIAL.get(w), content["shuffled"][w]
        cells = [w, estimate(row["age_r"]), number(theirs.age_r if theirs else None), estimate(shuffled["age_r"])]
        cells += [p_value(shuffled["age_r"]["p_holm"]), str(row["age_r"]["n"])]
        cells += [estimate(row["age_error_years"], 1), by_luck(shuffled["age_error_years"], 1)]
        rows.append([*cells, estimate(row["age_slope"])])
    notes = [
        *_protocol(content),
        "Years off: the mean distance from the true age. Years a year: how many years a generated face ages with each "
        "of the true one's; r asks for the order alone, and is as high where all years are stretched.",
    ]
    constant = next((row["age_error_of_one_age"] for row in content["guidance"].values()), {"value": None})
    if constant["value"] is not None:
        notes.append(
            f"Always answering the true ages' median is {estimate(constant, 1)} years off, N = {constant['n']}."
        )
    return Table("Age by guidance w", head, rows, notes)


def ages_otherwise(content: dict[str, Any]) -> Table:
    """r without the noise of sampling, of ranks and inside genders."""
    keys = ("age_r_mean", "age_reliability", "age_r_unattenuated", "age_spearman", "age_r_within_gender")
    rows = [
        [w, *(estimate(row[key]) for key in keys), counted(row[key] for key in keys)]
        for w, row in content["guidance"].items()
    ]
    notes = [
        "Reliability: the share of a single sample's spread that lies between voices. Endless samples: r of one sample "
        "over its root, which is what the sampling noise alone takes from r.",
        "Within gender: what is left of r inside each gender; a model that hears sex alone has nothing there.",
    ]
    middle = ["reliability", "endless samples"]
    head = ["w", OTHERWISE["age_r_mean"], *middle, OTHERWISE["age_spearman"], OTHERWISE["age_r_within_gender"], "N"]
    return Table("Age, asked otherwise", head, rows, notes)


def ages_by_luck(content: dict[str, Any]) -> Table:
    """What shuffled pairs reach where age is asked for otherwise."""
    rows = [
        [w, *(by_luck(row[key]) for key in OTHERWISE), counted(row[key] for key in OTHERWISE)]
        for w, row in content["shuffled"].items()
    ]
    notes = [
        "As above with other people's faces, within gender with those of the same gender; in brackets the reach of "
        "luck. p: how often luck reaches ours, corrected for so many w (Holm)."
    ]
    return Table("Age, asked otherwise of shuffled pairs", ["w", *OTHERWISE.values(), "N"], rows, notes)


def genders(content: dict[str, Any]) -> Table:
    """The gender half of the paper's table 2 beside ours, and how many pictures could not be judged."""
    head = ["w", "accuracy", PAPER, "shuffled", "p (Holm)", "N", "mean of samples", "the same, shuffled"]
    head.append("no face, several, tiny, not judged")
    rows = []
    for w, row in content["guidance"].items():
        theirs, shuffled = paper.FACIAL.get(w), content["shuffled"][w]
        cells = [w, estimate(row["gender_accuracy"]), number(theirs.gender_accuracy if theirs else None)]
        cells += [estimate(shuffled["gender_accuracy"]), p_value(shuffled["gender_accuracy"]["p_holm"])]
        cells += [str(row["gender_accuracy"]["n"]), estimate(row["gender_accuracy_mean"])]
        rows.append([*cells, by_luck(shuffled["gender_accuracy_mean"]), found(row)])
    majority = content["majority_accuracy"]
    notes = ["Truth, samples, shuffled pairs, p and intervals: as where age stands by w.", _judged(content)]
    if majority["value"] is not None:
        notes.append(f"Always answering the commoner gender scores {estimate(majority)}, N = {majority['n']}.")
    return Table("Gender by guidance w", head, rows, notes)


def _protocol(content: dict[str, Any]) -> list[str]:
    return [
        "Truth is the judge's estimate of the true face, and one generated face is judged at a time, as in the paper; "
        f"{content['samples']} per voice. Mean of samples: judged together.",
        "Shuffled: every voice beside other people's faces; the bracket is the reach of luck, not of error. "
        "p: how often luck reaches ours, corrected for so many w. A mean near chance rules out no leak.",
        f"Intervals count people ({content['people']}), not clips or samples.",
    ]


def _judged(content: dict[str, Any]) -> str:
    return (
        f"Of several faces the largest is judged. Tiny: its box is under {content['tiny_face_px']:g} px; it is judged, "
        f"too. Not judged: a face that the judge did not see. Of the true faces: {found(content['true_faces'])}."
    )


def found(row: dict[str, Any]) -> str:
    """How many pictures show no face, several, a tiny one, and one that was not judged."""
    counts = ", ".join(str(row[key]) for key in ("no_face", "several_faces", "tiny_face", "not_judged"))
    return f"{counts} of {row['pictures']}"


def labels(content: dict[str, Any]) -> Table:
    """Against the labels: generated faces by w, and the judge's own ceiling."""
    judge = content["judge"]
    rows = []
    for name, row, control in (
        ("judge on true faces", judge, judge["shuffled"]),
        *((f"w = {w}", row["labels"], content["shuffled"][w]["labels"]) for w, row in content["guidance"].items()),
    ):
        cells = [name]
        for key in ("age_r", "gender_accuracy"):
            cells += [estimate(row[key]), by_luck(control[key]), str(row[key]["n"])]
        rows.append(cells)
    notes = ["The first row is the ceiling: what the judge makes of the true faces themselves."]
    error = judge["age_error_years"]
    if error["value"] is not None:
        notes.append(f"On true faces the judge is off by {estimate(error, 1)} years on average, N = {error['n']}.")
    head = ["faces", "age r", "shuffled", "N", "gender accuracy", "shuffled", "N"]
    return Table("Against the corpus's labels", head, rows, notes)


def confusion(content: dict[str, Any]) -> Table:
    """Generated pictures by gender of the true face, as judged and as labelled, and by that of the generated one."""
    keys = ("f_as_f", "f_as_m", "m_as_f", "m_as_m")
    rows = []
    for w, row in content["guidance"].items():
        for truth, counts in (("judged", row["confusion"]), ("labelled", row["labels"]["confusion"])):
            total = sum(counts.values())
            if total or truth == "judged":
                rows.append([w, truth, *(str(counts[key]) for key in keys), str(total)])
    head = ["w", "true gender", "women drawn as women", "women as men", "men as women", "men drawn as men", "N"]
    return Table("Gender, true face against generated ones (pictures)", head, rows)


def age_confusion(content: dict[str, Any], w: str) -> Table:
    """For one w: bands of the true face's judged age down, of the generated faces' across; empty bands are left out."""
    whole = confusions.ages(content, w)
    counts, shown = whole.counts, confusions.occupied(whole)
    across = [sum(column) for column in zip(*counts, strict=True)]
    rows = [[band, *map(str, row), str(sum(row))] for band, row in zip(shown.true, shown.counts, strict=True)]
    total = sum(across)
    rows.append(["N", *(str(count) for count in across if count), str(total)])
    notes = [f"Generated at w = {w}; counts of pictures by judged years: true face down, generated face across."]
    if total:
        band, shuffled = content["guidance"][w]["age_band"], content["shuffled"][w]["age_band"]
        beside = "" if band["value"] is None else f"; shuffled pairs reach {by_luck(shuffled)}, corrected for all w"
        notes.append(f"In the true face's band: {estimate(band)}, N = {band['n']}{beside}.")
    notes += confusions.left_out(whole)
    return Table("Age, true face against generated ones (pictures)", ["true age", *shown.drawn, "N"], rows, notes)

"""The report's tables as plain cells, the same for the page and for its Markdown twin."""

from dataclasses import dataclass, field
from typing import Any

from s2f.faces import anthropometry
from s2f.faces.anthropometry import Landmarker
from s2f.reporting import paper
from s2f.reporting.departures import departures
from s2f.reporting.sources import Funnel, Results

NONE = "–"
LOOKERS = {
    "detector_near": "face detector, near",
    "detector_far": "face detector, far",
    "mesh": "face mesh",
    "dlib": "68 landmarks (dlib)",
    "arcface": "face embedding (ArcFace)",
    "age_gender": "age and gender judge",
    "age_gender_detector": "that judge's face detector",
    "age_gender_landmarks": "that judge's landmarks",
}


@dataclass(frozen=True)
class Table:
    """A caption, column heads, rows whose first cell is their head, and what to know when reading."""

    caption: str
    head: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)


def number(value: float | None, digits: int = 2) -> str:
    """A number with a true minus, or a dash where there is none."""
    text = NONE if value is None else f"{value:.{digits}f}".replace("-", "−")
    return text.removeprefix("−") if text.strip("−0.") == "" else text


def estimate(row: dict[str, Any], digits: int = 2) -> str:
    """'0.91 [0.83, 0.96]', or why there is no number."""
    if row.get("value") is None:
        return row.get("reason") or NONE
    interval = ", ".join(number(row[key], digits) for key in ("low", "high"))
    return f"{number(row['value'], digits)} [{interval}]"


def p_value(p: float | None) -> str:
    """As in print: '<.001', '.034'."""
    if p is None:
        return NONE
    return "<.001" if p < 0.001 else f"{p:.3f}".lstrip("0") if p < 1 else "1"


PROTOCOLS: dict[Landmarker, str] = {
    "mesh": "MediaPipe's mesh turned to the front",
    "dlib": "dlib's 68 points, lifted to a mean face's depth and turned to the front",
}


def craniofacial(content: dict[str, Any], landmarker: Landmarker = "mesh") -> Table:
    """The paper's table 3 beside ours, by one landmarker."""
    head = ["measure", "r", "p", "p (Holm)", "N", "random pairs", "one sample", "paper r", "paper p", "Speech2Face r"]
    rows = []
    for name, row in content["measures"].items():
        theirs = paper.CRANIOFACIAL.get(name)
        shuffled = {"value": row["random_r"], "low": row["random_low"], "high": row["random_high"]}
        rows.append(
            [
                paper.WORDS.get(name, name) + claim(row),
                estimate({"value": row["r"], **row}),
                p_value(row["p"]),
                p_value(row["p_holm"]),
                str(row["n"]),
                estimate(shuffled),
                estimate(row["single"]),
                number(theirs.r if theirs else None),
                theirs.p if theirs else NONE,
                number(theirs.speech2face_r if theirs else None),
            ]
        )
    share = content["turned_away_share"]
    notes = [
        f"Generated at w = {content['guidance']}; r takes the mean of {content['samples']} faces per voice, "
        "the paper's protocol is the column 'one sample'.",
        f"True faces turned more than {content['max_yaw_degrees']:g}° are left out: {content['turned_away']}"
        + (f" ({share:.1%})" if share is not None else "")
        + f"; {content['without_mesh']} had no mesh. No outlier was removed.",
        f"Three protocols stand side by side and are not comparable: {PROTOCOLS[landmarker]} (ours), "
        "dlib on frontalised photographs (paper), two normalised reconstructions (Speech2Face). "
        f"The paper's random pairs: r = {number(paper.RANDOM_PAIRS_R)} for the nasal index.",
    ]
    if without := content.get("dlib", {}).get("reason"):
        notes.append(f"On dlib's 68 points, the paper's landmarks, {without}.")
    caption = "Eleven craniofacial measures" + (", on dlib's 68 points" if landmarker == "dlib" else "")
    return Table(caption, head, rows, notes + law_notes(content))


def craniofacial_by_dlib(content: dict[str, Any]) -> Table | None:
    """The same by dlib, where a predictor file was named."""
    return craniofacial(content["dlib"], "dlib") if "measures" in content.get("dlib", {}) else None


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
    return Table("How each measure is taken", head, rows, notes)


def claim(row: dict[str, Any]) -> str:
    """What the corpus's law says of a measure, behind its name."""
    return " (tied)" if row["tied"] else " (free)" if row["free"] else ""


def law_notes(content: dict[str, Any]) -> list[str]:
    """Whether what a known law puts into the voice was found, and nothing of what it keeps out; empty without a law."""
    measures = content["measures"]
    notes = []
    for key, says in (("tied", "puts them into the voice"), ("free", "keeps them out of it")):
        names = [name for name, row in measures.items() if row[key]]
        if not names:
            continue
        above = [name for name in names if (measures[name]["low"] or 0.0) > 0]
        sure = [name for name in above if measures[name]["p_holm"] <= 1 - content["confidence"]]
        found = f" ({', '.join(paper.WORDS.get(name, name) for name in above)})" if above else ""
        notes.append(
            f"{key.capitalize()}, {len(names)} measures: the corpus's law {says}. Interval above 0: {len(above)} of "
            f"{len(names)}{found}; beyond chance after Holm's correction: {len(sure)}; by luck alone "
            f"{number(len(names) * (1 - content['confidence']) / 2, 1)} would be above 0."
        )
    if notes and not all(row["tied"] or row["free"] for row in measures.values()):
        notes.append("Of the other measures the law claims neither.")
    return notes


def identity(content: dict[str, Any]) -> Table:
    """Likeness, detection and variety by w."""
    head = ["w", "cosine", "other people", "centred cosine", "other people", "N", "exactly one face"]
    rows = []
    for w, row in content["by_guidance"].items():
        raw, centred, variety = row["cosine"]["raw"], row["cosine"]["centred"], row["variety"]
        cells = [estimate(raw["own"], 3), estimate(raw["other"], 3), estimate(centred["own"], 3)]
        cells += [estimate(centred["other"], 3), str(raw["own"]["n"]), estimate(row["detected"])]
        cells.append(f"{row['no_face']}, {row['several_faces']} of {row['pictures']}")
        keys = ("within_voice", "between_people", "between_true_faces")
        rows.append([w, *cells, *(estimate(variety[key], 3) for key in keys)])
    notes = [
        "Cosine of ArcFace embeddings with the true face. Read it only beside other people's: a mean face resembles "
        "everybody a little.",
        "Variety is one minus the mean cosine: between samples of one voice, between voices, between true faces.",
    ]
    head += ["no face, several", "variety within a voice", "between voices", "between true faces"]
    return Table("Likeness to the true face", head, rows, notes)


def retrieval(content: dict[str, Any]) -> Table:
    """Recall by the voice, among the same gender, and by the generated faces."""
    voice = content["voice"]
    asks = {"voice's embedding": voice["recall"], "the same, same gender only": voice["recall_same_gender"]}
    for w, row in content["by_guidance"].items():
        asks |= {f"generated face, w = {w}": row["recall"]}
        asks |= {f"generated face, w = {w}, same gender only": row["recall_same_gender"]}
    keys = [key for key in voice["recall"] if key.startswith("at_")]
    head = ["who asks", "N", "gallery"]
    for key in keys:
        k = key.removeprefix("at_")
        head += [f"recall@{k}", "chance (shuffled)"]
    rows = []
    for name, recall in asks.items():
        cells = [name, str(recall[keys[0]]["n"]), f"{recall['gallery']:.0f}"]
        for key in keys:
            row = recall[key]
            shuffled = number((row["shuffled"] or {}).get("value"), 3)
            cells += [
                estimate(row),
                f"{number(row['chance'], 3)} ({shuffled})" if row["shuffled"] else number(row["chance"], 3),
            ]
        rows.append(cells)
    notes = [
        "Is the speaker's true face among the first k of all true faces? Both sides are centred; ties count against "
        "us; other clips of the same person are neither hits nor rivals.",
        "Chance takes every face for another person's; the shuffled share knows who has several, and may be higher.",
        "Same gender only is the honest row: hearing a man and showing any man is not recognition.",
    ]
    return Table("Finding the speaker's face", head, rows, notes)


def funnel(caption: str, content: Funnel) -> Table:
    """Counts by reason."""
    rows = [[reason.replace("_", " "), f"{count:,}", f"{count / max(content.tried, 1):.1%}"]
            for reason, count in {"ok": content.ok, **content.by_reason}.items()]  # fmt: skip
    splits = ", ".join(f"{name} {count:,}" for name, count in content.by_split.items())
    notes = [f"{content.tried:,} tried." + (f" Kept: {splits}." if splits else "")]
    return Table(caption, ["reason", "items", "share"], rows, notes)


def models(results: Results) -> Table:
    """What was trained and what looked at faces, with hashes; where what was trained is not the paper's."""
    rows = [
        [
            model.name.replace("_", " "),
            f"{model.numbers:,} numbers, {model.steps or NONE} steps" if model.numbers else "no weights found",
            model.sha256 or NONE,
        ]
        for model in results.models
    ]
    params = results.params.face_models
    named = {
        "arcface": (params.arcface, params.arcface_sha256 or NONE),
        "age_gender": (params.age_gender, params.age_gender_sha256 or NONE),
    }
    rows += [[LOOKERS.get(name, name), *about] for name, about in (named | results.face_models).items()]
    notes = [f"Not the paper's: {sentence}" for sentence in departures(results.params)]
    notes += params.licences()
    return Table("Models", ["model", "what", "sha256"], rows, notes)

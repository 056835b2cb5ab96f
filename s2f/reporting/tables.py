"""The report's tables as plain cells, the same for the page and for its Markdown twin."""

from dataclasses import dataclass, field
from typing import Any

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


def by_luck(row: dict[str, Any], digits: int = 2) -> str:
    """'0.00 [−0.16, 0.16], p = .002': what shuffled pairs reach, and how often they reach ours, corrected if it is."""
    p = None if row.get("value") is None else row.get("p_holm", row.get("p"))
    return with_p(estimate(row, digits), p)


def with_p(said: str, p: float | None) -> str:
    """'0.41 [0.30, 0.51], p = .002', or what is said alone."""
    return said if p is None else f"{said}, p {'' if p < 0.001 else '= '}{p_value(p)}"


def p_value(p: float | None) -> str:
    """As in print: '<.001', '.034'."""
    if p is None:
        return NONE
    return "<.001" if p < 0.001 else f"{p:.3f}".lstrip("0") if p < 1 else "1"


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
        "A ceiling: true faces of two clips of one person have "
        f"{estimate(content['same_person'], 3)}, N = {content['same_person']['n']}.",
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

"""The report's tables as plain cells, the same for the page and for its Markdown twin."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from s2f.reporting.sources import Funnel

NONE = "–"
LOOKERS = {
    "detector_near": "face detector, near",
    "detector_far": "face detector, far",
    "mesh": "face mesh",
    "dlib": "68 landmarks (dlib)",
    "arcface": "face embedding",
    "age_gender": "age and gender judge",
    "age_gender_detector": "that judge's face detector",
    "age_gender_landmarks": "that judge's landmarks",
}


@dataclass(frozen=True)
class Table:
    """A caption, column heads, rows whose first cell is their head, and what to know when reading.

    A cell of numbers stays on one line; one of `words` breaks where the page is narrow.
    """

    caption: str
    head: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)
    words: bool = False


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


def counted(rows: Iterable[dict[str, Any]]) -> str:
    """N of numbers that stand side by side: '153', or '150 to 153'."""
    counts = {row["n"] for row in rows if "n" in row}
    return " to ".join(str(one) for one in sorted({min(counts), max(counts)})) if counts else NONE


def likeness(content: dict[str, Any]) -> Table:
    """Likeness to the true face, and whether there is a face at all, by w."""
    head = [
        "w",
        "cosine",
        "other people",
        "centred cosine",
        "other people",
        "N",
        "exactly one face",
        "no face, several",
    ]
    rows = []
    for w, row in content["by_guidance"].items():
        raw, centred = row["cosine"]["raw"], row["cosine"]["centred"]
        cells = [cell for one in (raw, centred) for cell in (estimate(one["own"], 3), _other(one))]
        cells += [str(raw["own"]["n"]), estimate(row["detected"])]
        rows.append([w, *cells, f"{row['no_face']}, {row['several_faces']} of {row['pictures']}"])
    notes = [
        "Cosine of face embeddings with the true face. Read it only beside other people's: a mean face resembles "
        "everybody a little. p: how often shuffled pairs get as far, of each w alone.",
    ]
    ceiling = content["same_person"]
    if ceiling["value"] is not None:
        clips = f"N = {ceiling['n']} clips of {ceiling['people']} people"
        notes.append(
            f"A ceiling: true faces of one person's clips have {estimate(ceiling, 3)} with each other, {clips}."
        )
    return Table("Likeness to the true face", head, rows, notes)


def _other(cosine: dict[str, Any]) -> str:
    """What other people's faces have, and how often luck reaches one's own."""
    return by_luck(cosine["other"] | {"p": cosine.get("p")}, 3)


def variety(content: dict[str, Any]) -> Table:
    """How much generated faces differ, by w, beside true ones."""
    keys = ("within_voice", "between_people", "between_true_faces")
    rows = [
        [w, *(estimate(row["variety"][key], 3) for key in keys), str(row["variety"]["between_people"]["n"])]
        for w, row in content["by_guidance"].items()
    ]
    head = ["w", "samples of one voice", "different voices", "true faces of different people", "N"]
    notes = ["Variety is one minus the mean cosine of two faces' embeddings; 0: the same face."]
    return Table("Variety of the faces", head, rows, notes)


def retrieval(content: dict[str, Any], among: str = "recall") -> Table:
    """Recall by the voice and by the generated faces, of all faces or (`recall_same_gender`) of the same gender's."""
    asks = {"the voice": content["voice"][among]}
    asks |= {f"face, w = {w}": row[among] for w, row in content["by_guidance"].items()}
    rows = []
    for key in (key for key in content["voice"][among] if key.startswith("at_")):
        for name, recall in asks.items():
            row = recall[key]
            cells = [name, key.removeprefix("at_"), estimate(row), number(row["chance"], 3)]
            cells += [estimate(row["shuffled"] or {}, 3), p_value(row["shuffled_p"])]
            rows.append([*cells, f"{recall['gallery']:.0f}", str(row["n"])])
    head = ["who asks", "k", "found", "chance", "shuffled pairs", "p", "gallery", "N"]
    if among != "recall":
        notes = ["The honest table: hearing a man and showing any man is not recognition."]
        return Table("Finding the speaker's face among the same gender's", head, rows, notes)
    notes = [
        "Is the speaker's true face among the first k of all true faces, for the embedding heard in the voice or for "
        "the generated face? Both sides are centred; ties count against us; other clips of the same person are neither "
        "hits nor rivals.",
        "Chance takes every face for another person's; the shuffled share knows who has several, and may be higher: in "
        "brackets the reach of luck, p: how often it gets as far as ours, of each number alone.",
    ]
    return Table("Finding the speaker's face", head, rows, notes)


def funnel(caption: str, content: Funnel) -> Table:
    """Counts by reason."""
    rows = [[reason.replace("_", " "), f"{count:,}", f"{count / max(content.tried, 1):.1%}"]
            for reason, count in {"ok": content.ok, **content.by_reason}.items()]  # fmt: skip
    splits = ", ".join(f"{name} {count:,}" for name, count in content.by_split.items())
    notes = [f"{content.tried:,} tried." + (f" Kept: {splits}." if splits else "")]
    return Table(caption, ["reason", "items", "share"], rows, notes)

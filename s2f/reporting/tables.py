"""The report's tables as plain cells, the same for the page and for its Markdown twin."""

from dataclasses import dataclass, field
from typing import Any

from s2f.reporting import paper
from s2f.reporting.sources import Funnel, Results

NONE = "–"


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


def facial(content: dict[str, Any]) -> Table:
    """The paper's table 2 beside ours."""
    head = ["w", "age r", "paper", "mean of samples", "shuffled", "gender accuracy", "paper", "mean of samples"]
    rows = []
    for w, row in content["guidance"].items():
        theirs, shuffled = paper.FACIAL.get(w), content["shuffled"][w]
        rows.append(
            [
                w,
                estimate(row["age_r"]),
                number(theirs.age_r if theirs else None),
                estimate(row["age_r_mean"]),
                estimate(shuffled["age_r"]),
                estimate(row["gender_accuracy"]),
                number(theirs.gender_accuracy if theirs else None),
                estimate(row["gender_accuracy_mean"]),
                estimate(shuffled["gender_accuracy"]),
                str(row["gender_accuracy"]["n"]),
                str(row["no_face"]),
            ]
        )
    notes = [
        "Truth is the judge's estimate of the true face, as in the paper.",
        f"The plain columns judge one generated face at a time, as the paper does; {content['samples']} per voice.",
        "Shuffled: every voice beside other people's faces; the bracket is the reach of luck, not of error.",
        f"Intervals count people ({content['people']}), not clips or samples.",
    ]
    if content["majority_accuracy"] is not None:
        notes.append(f"Always answering the commoner gender scores {number(content['majority_accuracy'])}.")
    return Table("Age and gender by guidance w", [*head, "shuffled", "N", "no face"], rows, notes)


def labels(content: dict[str, Any]) -> Table:
    """Against the labels: generated faces by w, and the judge's own ceiling."""
    judge = content["judge"]
    rows = [["judge on true faces", estimate(judge["age_r"]), estimate(judge["gender_accuracy"])]]
    for w, row in content["guidance"].items():
        rows.append([f"w = {w}", estimate(row["labels"]["age_r"]), estimate(row["labels"]["gender_accuracy"])])
    notes = ["The first row is the ceiling: what the judge makes of the true faces themselves."]
    if judge["age_error_years"] is not None:
        notes.append(f"On true faces the judge is off by {number(judge['age_error_years'], 1)} years on average.")
    return Table("Against the corpus's labels", ["faces", "age r", "gender accuracy"], rows, notes)


def confusion(content: dict[str, Any]) -> Table:
    """Generated pictures by judged gender of the true and of the generated face."""
    keys = ("f_as_f", "f_as_m", "m_as_f", "m_as_m")
    rows = [[w, *(str(row["confusion"][key]) for key in keys)] for w, row in content["guidance"].items()]
    head = ["w", "women drawn as women", "women as men", "men as women", "men drawn as men"]
    return Table("Gender, counted in pictures", head, rows)


def craniofacial(content: dict[str, Any]) -> Table:
    """The paper's table 3 beside ours."""
    tied = any(row["tied"] for row in content["measures"].values())
    head = ["measure", "r", "p", "p (Holm)", "N", "random pairs", "one sample", "paper r", "paper p", "Speech2Face r"]
    rows = []
    for name, row in content["measures"].items():
        theirs = paper.CRANIOFACIAL.get(name)
        shuffled = {"value": row["random_r"], "low": row["random_low"], "high": row["random_high"]}
        rows.append(
            [
                paper.WORDS.get(name, name) + (" (tied)" if row["tied"] else ""),
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
        "Three protocols stand side by side and are not comparable: MediaPipe's mesh turned to the front (ours), "
        "dlib on frontalised photographs (paper), two normalised reconstructions (Speech2Face). "
        f"The paper's random pairs: r = {number(paper.RANDOM_PAIRS_R)} for the nasal index.",
    ]
    if tied:
        notes.append("Tied: the embedded sample's law puts this measure into the voice; the others it does not.")
    return Table("Eleven craniofacial measures", head, rows, notes)


def identity(content: dict[str, Any]) -> Table:
    """Likeness, detection and variety by w."""
    head = ["w", "cosine", "other people", "centred cosine", "other people", "exactly one face", "no face, several"]
    rows = []
    for w, row in content["by_guidance"].items():
        raw, centred, variety = row["cosine"]["raw"], row["cosine"]["centred"], row["variety"]
        cells = [estimate(raw["own"], 3), estimate(raw["other"], 3), estimate(centred["own"], 3)]
        cells += [estimate(centred["other"], 3), estimate(row["detected"]), f"{row['no_face']}, {row['several_faces']}"]
        keys = ("within_voice", "between_people", "between_true_faces")
        rows.append([w, *cells, *(number(variety[key], 3) for key in keys)])
    notes = [
        "Cosine of ArcFace embeddings with the true face. Read it only beside other people's: a mean face resembles "
        "everybody a little.",
        "Variety is one minus the mean cosine: between samples of one voice, between voices, between true faces.",
    ]
    head += ["variety within a voice", "between voices", "between true faces"]
    return Table("Likeness to the true face", head, rows, notes)


def retrieval(content: dict[str, Any]) -> Table:
    """Recall by the voice, among the same gender, and by the generated faces."""
    asks = {"voice": content["voice"]["recall"], "voice, same gender only": content["voice"]["recall_same_gender"]}
    asks |= {f"generated face, w = {w}": row["recall"] for w, row in content["by_guidance"].items()}
    keys = [key for key in content["voice"]["recall"] if key.startswith("at_")]
    head = ["who asks", "gallery"]
    for key in keys:
        k = key.removeprefix("at_")
        head += [f"recall@{k}", "chance (shuffled)"]
    rows = []
    for name, recall in asks.items():
        cells = [name, f"{recall['gallery']:.0f}"]
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
        "Same gender only is the honest row: hearing a man and showing any man is not recognition.",
    ]
    return Table("Finding the speaker's face", head, rows, notes)


def super_resolution(content: dict[str, Any]) -> Table:
    """Cosines to the true portrait."""
    rows = [
        ["super-resolution (ours)", estimate(content["cosine"], 3)],
        ["bicubic", estimate(content["bicubic_cosine"], 3)],
        ["difference, picture by picture", estimate(content["difference"], 3)],
        ["another person's portrait", estimate(content["other_cosine"], 3)],
    ]
    found = content["found"]
    lost = ", ".join(f"{name.replace('_', '-')} {found[name]['no_face']}" for name in found)
    notes = [f"N = {content['n']} portraits found in all three pictures; without a face: {lost}."]
    return Table("Embedding cosine to the true portrait", ["enlarged by", "cosine"], rows, notes)


def funnel(caption: str, content: Funnel) -> Table:
    """Counts by reason."""
    rows = [[reason.replace("_", " "), f"{count:,}", f"{count / max(content.tried, 1):.1%}"]
            for reason, count in {"ok": content.ok, **content.by_reason}.items()]  # fmt: skip
    splits = ", ".join(f"{name} {count:,}" for name, count in content.by_split.items())
    notes = [f"{content.tried:,} tried." + (f" Kept: {splits}." if splits else "")]
    return Table(caption, ["reason", "items", "share"], rows, notes)


def models(results: Results) -> Table:
    """What was trained and what looked at faces, with hashes."""
    rows = [
        [
            model.name.replace("_", " "),
            f"{model.numbers:,} numbers, {model.steps or NONE} steps" if model.numbers else "no weights found",
            model.sha256 or NONE,
        ]
        for model in results.models
    ]
    params = results.params.face_models
    params = results.params.face_models
    looked = {"arcface": (params.arcface, params.arcface_sha256 or NONE)} | results.face_models
    looked["age and gender judge"] = (params.age_gender, params.age_gender_sha256 or NONE)
    rows += [[name, *about] for name, about in looked.items()]
    return Table("Models", ["model", "what", "sha256"], rows)

"""What the sample's pack can do on drawn people it has never seen, measured through the project's own face code."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from s2f.faces.arcface import FaceEmbedder
from s2f.faces.attributes import decode_genderage
from s2f.faces.onnx_models import load_model
from s2f.sample.pack_faces import person

View = tuple[np.ndarray, np.ndarray, list[int]]  # aligned, boxed, whose: as detected_faces returns them


@dataclass(frozen=True)
class PackReport:
    """Numbers of one judging; `worse` pictures are shrunk, blurred or compressed first."""

    people: int
    verification: (
        float  # share of pairs told right at the best single threshold: same person, or another of the same sex
    )
    verification_worse: float
    same_cosine: float
    other_cosine: float
    rank_1: float  # the same person is nearest among all
    age_r: float
    age_error: float  # mean absolute, years
    gender_accuracy: float
    age_r_worse: float
    gender_accuracy_worse: float


def judge_pack(pack: Path, views: list[View]) -> PackReport:
    """Judge `pack` on three pictures of each person, the third a worse one."""
    embedder = FaceEmbedder(str(pack / "arcface.onnx"))
    whose = sorted(set.intersection(*(set(view[2]) for view in views)))
    vectors = [embedder.embed(aligned[[found.index(i) for i in whose]]) for aligned, _, found in views]
    male = np.array([person(index).sex == "m" for index in whose])
    cosines = vectors[0] @ vectors[1].T
    estimates = [judge_ages(pack, view) for view in (views[0], views[2])]
    return PackReport(
        people=len(whose),
        verification=verification(cosines, male),
        verification_worse=verification(vectors[0] @ vectors[2].T, male),
        same_cosine=float(np.diag(cosines).mean()),
        other_cosine=float(cosines[~np.eye(len(whose), dtype=bool)].mean()),
        rank_1=float((cosines.argmax(1) == np.arange(len(whose))).mean()),
        age_r=estimates[0][0],
        age_error=estimates[0][1],
        gender_accuracy=estimates[0][2],
        age_r_worse=estimates[1][0],
        gender_accuracy_worse=estimates[1][2],
    )


def verification(cosines: np.ndarray, male: np.ndarray) -> float:
    """Accuracy of "same person" at the best threshold, as many pairs of different people of one sex as of the same.

    `cosines` is (n, n) between two pictures of each of n people; the pairs (i, next of i's sex) are the different ones.
    """
    same = np.diag(cosines)
    other = np.empty(len(same))
    for sex in (False, True):
        who = np.flatnonzero(male == sex)
        other[who] = cosines[who, np.roll(who, 1)]
    thresholds = np.sort(np.concatenate([same, other]))
    return float(max(((same >= t).mean() + (other < t).mean()) / 2 for t in thresholds))


def judge_ages(pack: Path, view: View) -> tuple[float, float, float]:
    """Age r, mean absolute age error in years, gender accuracy."""
    model = load_model(str(pack / "genderage.onnx"), None, "genderage")
    _, boxed, found = view
    pixels = (boxed.astype(np.float32) - model.input_mean) / model.input_std
    outputs = model.session.run(None, {model.input_name: np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))})[0]
    guesses = np.array([decode_genderage(row) for row in outputs])
    ages = np.array([person(index).age for index in found])
    male = np.array([person(index).sex == "m" for index in found])
    r = float(np.corrcoef(guesses[:, 0], ages)[0, 1])
    return r, float(np.abs(guesses[:, 0] - ages).mean()), float(((guesses[:, 1] > 0.5) == male).mean())


def write_report(pack: Path, report: PackReport, people: int, pictures: int) -> None:
    """Print it, and write it beside the files."""
    sizes = {path.name: path.stat().st_size for path in sorted(pack.glob("*.onnx"))}
    lines = [
        "# The sample's pack",
        "",
        "Stand-ins for insightface's weights, for **drawn faces only**: they know nothing of real people.",
        "Rebuilt by `python -m s2f.sample.train_pack`, which also writes this file.",
        "",
        f"Trained on {people:,} drawn people, {pictures} pictures each. "
        + "Files: "
        + ", ".join(f"`{name}` {size / 1e6:.2f} MB" for name, size in sizes.items())
        + ".",
        "",
        f"On {report.people} unseen drawn people, found and aligned by MediaPipe:",
        "",
        "| | clean | shrunk, blurred or compressed |",
        "|---|---|---|",
        "| same or different person (of the same sex), accuracy at the best threshold "
        + f"| {report.verification:.3f} | {report.verification_worse:.3f} |",
        f"| nearest of all is the same person | {report.rank_1:.3f} | |",
        f"| mean cosine, same person / different | {report.same_cosine:.2f} / {report.other_cosine:.2f} | |",
        f"| age: r | {report.age_r:.3f} | {report.age_r_worse:.3f} |",
        f"| age: mean absolute error, years | {report.age_error:.1f} | |",
        f"| gender accuracy | {report.gender_accuracy:.3f} | {report.gender_accuracy_worse:.3f} |",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    (pack / "README.md").write_text(text, encoding="utf-8")

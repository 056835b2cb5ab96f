"""inaFaceAnalyzer as a judge that is asked line by line: `make judge` and s2f/faces/process_judge.py start this.

It runs in the environment that `make judge` makes, and imports the standard library and inaFaceAnalyzer alone.

    python -I inaface_worker.py HOME [PICTURES] < questions > answers

First it says, as a line of JSON, its version and the sha256 of each file of weights; then to each line
[[file, [left, top, right, bottom]], …] it answers [[file, age, male], …], null twice for a face that it does not see.
HOME is a folder of its own, with inaFaceAnalyzer's downloads. When the questions end, by whatever end of who asks, it
clears PICTURES and ends. What cannot be had is one sentence, the last on standard error, and exit code 2.
"""

import hashlib
import json
import math
import os
import socket
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn, TextIO

# The classifier first: it is the one that judges. The names are inaFaceAnalyzer's, of remote_utils.dmodels.
WEIGHTS = ".keras/inaFaceAnalyzer"  # below HOME, as Keras has it; in a container's /root of that name, they go first
FILES = ("keras_resnet50_fairface_GRA.h5", "libfacedetection-yunet.onnx", "shape_predictor_68_face_landmarks.dat")
SAME_FACE = 0.5  # overlap over the smaller box, as in s2f/faces/detect.py
SILENCE_S = 60  # after which a download has failed
Box = list[float]


def main(home: Path, pictures: Path | None) -> None:
    """Answer until there is no question left."""
    answers = _take_standard_output()
    # Processors alone, and none of the user's own settings of Keras: the same numbers for everybody.
    os.environ |= {"HOME": str(home.resolve()), "KERAS_HOME": str(home.resolve() / ".keras")}
    os.environ |= {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "Agg"}
    try:
        sha256 = _fetch(home / WEIGHTS)
        analyzer = _load(home / WEIGHTS)
        _tell(answers, {"version": version("inaFaceAnalyzer"), "weights": sha256})
        for line in sys.stdin:
            _tell(answers, judge(analyzer, json.loads(line)))
    finally:
        if pictures is not None:
            _clear(pictures)


def _take_standard_output() -> TextIO:
    """What was standard output; whatever else prints there from now on, Keras's downloads too, is mere chatter."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _tell(answers: TextIO, what: Any) -> None:
    print(json.dumps(what), file=answers, flush=True)


def _fetch(weights: Path) -> dict[str, str]:
    """Sha256 of each file, which inaFaceAnalyzer downloads where it is not there yet."""
    from inaFaceAnalyzer.remote_utils import get_remote  # takes TensorFlow's seconds

    socket.setdefaulttimeout(SILENCE_S)
    try:
        return {name: _sha256(get_remote(name)) for name in FILES}
    except Exception as error:  # Keras raises bare ones
        _end(
            f"inaFaceAnalyzer's weights cannot be had ({_line(error)}); run `make judge` where its release page can be "
            f"reached, or lay {', '.join(FILES)} into {weights} and run it then."
        )


def _load(weights: Path) -> Any:
    """The whole of inaFaceAnalyzer, as it comes: its detector, its alignment, its ResNet-50 for age and gender.

    Its classifiers would also take faces that are cropped and aligned already. But they were trained on squares around
    its own detector's boxes, upright by dlib's eyes, and MediaPipe's boxes are others: what they would say of such
    crops would be another judge's word than the paper's. The price is faces that its detector does not see.
    """
    from inaFaceAnalyzer import ImageAnalyzer

    try:
        return ImageAnalyzer()  # LibFaceDetection, Dlib68FaceAlignment, Resnet50FairFaceGRA
    except Exception as error:  # h5py's, dlib's, onnxruntime's
        _end(f"inaFaceAnalyzer cannot use its weights ({_line(error)}); delete {weights} and run `make judge`.")


def judge(analyzer: Any, faces: list[tuple[str, Box]]) -> list[tuple[str, float | None, float | None]]:
    """(file, age in years, probability of male) of each face, in their order; None twice where none is seen there."""
    seen: dict[str, list[Any]] = {}
    for row in analyzer([file for file, _ in faces]).itertuples():
        seen.setdefault(row.frame, []).append(row)
    return [(file, *_opinion(seen.get(file, []), box)) for file, box in faces]


def _opinion(rows: Iterable[Any], box: Box) -> tuple[float | None, float | None]:
    """Of the face that lies where `box` does."""
    there = [row for row in rows if overlap(row.bbox, box)[1] >= SAME_FACE]
    if not there:
        return None, None
    row = max(there, key=lambda row: overlap(row.bbox, box)[0])
    # Its decision function is one output, above 0 for men. The sigmoid keeps that bound, at 0.5; nobody calibrated it.
    return float(row.age_label), 1 / (1 + math.exp(-max(-500.0, min(500.0, float(row.sex_decfunc)))))


def overlap(one: Iterable[float], other: Iterable[float]) -> tuple[float, float]:
    """Common area of two boxes (left, top, right, bottom): over their union's, and over the smaller one's."""
    (left, top, right, bottom), (x0, y0, x1, y1) = one, other
    common = max(0.0, min(right, x1) - max(left, x0)) * max(0.0, min(bottom, y1) - max(top, y0))
    areas = (right - left) * (bottom - top), (x1 - x0) * (y1 - y0)
    return (common / (sum(areas) - common), common / min(areas)) if min(areas) > 0 else (0.0, 0.0)


def _sha256(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _end(sentence: str) -> NoReturn:
    print(f"error: {sentence}", file=sys.stderr, flush=True)
    raise SystemExit(2)


def _clear(pictures: Path) -> None:
    """Remove what is left to judge; whoever wrote it may be dead."""
    for path in pictures.glob("*.png"):
        path.unlink(missing_ok=True)
    if pictures.is_dir():
        pictures.rmdir()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)

"""Measure every face that evaluation needs: the true ones, the generated ones, and those enlarged in two ways.

Beside the rows, manifest.json names the networks that looked, each with its sha256.

python -m s2f.stages.measure_faces --speech-faces data/speech_faces --generated data/generated --out data/measured
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from importlib.metadata import distribution
from itertools import islice
from pathlib import Path
from typing import Any

from s2f.dataset.schemas import MEASURED
from s2f.dataset.shards import shard_name, shard_paths, write_shard
from s2f.evaluation.measuring import Broken, Picture, count_pictures, measure_pictures, pictures_to_measure
from s2f.faces.arcface import FaceEmbedder
from s2f.faces.dlib_landmarks import DlibLandmarks
from s2f.faces.judges import Judge, open_judge
from s2f.params.base import read_section
from s2f.params.face_models import FaceModelsParams
from s2f.runtime import InputError, file_sha256, progress, replace_file, run_command

SHARD_ROWS = 4096  # some 10 MB
# What s2f/faces/detect.py and landmarks.py have MediaPipe load, in its package.
MEDIAPIPE = {
    "detector_near": "face_detection/face_detection_short_range.tflite",
    "detector_far": "face_detection/face_detection_full_range_sparse.tflite",
    "mesh": "face_landmark/face_landmark_with_attention.tflite",
}


def main(speech_faces: Path, generated: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Write one row per picture, as shards, to `out`."""
    models = read_section(params, "face_models", FaceModelsParams)
    total = count_pictures(speech_faces, generated)
    if not total:
        raise InputError(f"no faces in {speech_faces / 'test'} and {generated}; run their stages first.")
    with open_judge(models) as judge:
        write_measured(pictures_to_measure(speech_faces, generated), total, models, judge, out)


def write_measured(
    pictures: Iterable[Picture],
    total: int,
    models: FaceModelsParams,
    judge: Judge,
    out: Path,
    broken: Broken | None = None,
) -> None:
    """Rows of the pictures, of which there are `total`, as shards in `out`, and who looked as manifest.json.

    Raises:
        InputError: weights, or a picture without `broken`, cannot be read, or the judge is gone.
    """
    written: list[Path] = []
    manifest = json.dumps({"dataset": "measured", "recipe": identities(models, judge)}, indent=2)
    with closing(measure_pictures(pictures, models, judge, broken=broken)) as measured:
        rows = _shown(measured, total)
        while shard := list(islice(rows, SHARD_ROWS)):
            written.append(out / shard_name(len(written)))
            write_shard(shard, MEASURED, written[-1])
    for stale in set(shard_paths(out)) - set(written):  # of an earlier, larger run
        stale.unlink()
    replace_file(out / "manifest.json", (manifest + "\n").encode())


def identities(models: FaceModelsParams, judge: Judge) -> dict[str, dict[str, str]]:
    """Name and sha256 of each network that looks at a face, as a manifest has them; of the judge its version, too."""
    mediapipe = distribution("mediapipe")
    files = {role: Path(str(mediapipe.locate_file(f"mediapipe/modules/{file}"))) for role, file in MEDIAPIPE.items()}
    found = {
        role: {"name": f"MediaPipe {mediapipe.version}, {file.stem}", "sha256": file_sha256(file)}
        for role, file in files.items()
    }
    arcface = FaceEmbedder(models.arcface, models.arcface_sha256)
    found["arcface"] = {"name": Path(arcface.name).name, "sha256": arcface.sha256}
    if models.dlib_predictor is not None:
        dlib = DlibLandmarks(models.dlib_predictor, models.dlib_predictor_sha256)
        found["dlib"] = {"name": dlib.name, "sha256": dlib.sha256}
    judging = {"age_gender": (judge.name, judge.sha256)}
    judging |= {f"age_gender_{role}": weights for role, weights in judge.others.items()}
    return found | {
        role: {"name": f"{judge.version}, {name}", "sha256": sha256} for role, (name, sha256) in judging.items()
    }


def _shown(rows: Iterator[dict[str, Any]], total: int) -> Iterator[dict[str, Any]]:
    with progress() as bar:
        task = bar.add_task("measuring faces", total=total, note="")
        without = 0
        for row in rows:
            without += row["faces"] == 0
            bar.update(task, advance=1, note=f"{without} without a face")
            yield row


if __name__ == "__main__":
    run_command(main)

"""Measure every face that evaluation needs: the true ones, the generated ones, and those enlarged in two ways.

python -m s2f.stages.measure_faces --speech-faces data/speech_faces --generated data/generated --out data/measured
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from s2f.dataset.schemas import MEASURED
from s2f.dataset.shards import shard_name, shard_paths, write_shard
from s2f.evaluation.measuring import count_pictures, measure_pictures, pictures_to_measure
from s2f.params.base import read_section
from s2f.params.face_models import FaceModelsParams
from s2f.runtime import InputError, progress, run_command

SHARD_ROWS = 4096  # some 10 MB


def main(speech_faces: Path, generated: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Write one row per picture, as shards, to `out`."""
    models = read_section(params, "face_models", FaceModelsParams)
    total = count_pictures(speech_faces, generated)
    if not total:
        raise InputError(f"no faces in {speech_faces / 'test'} and {generated}; run their stages first.")
    rows = _shown(measure_pictures(pictures_to_measure(speech_faces, generated), models), total)
    written: list[Path] = []
    while shard := list(islice(rows, SHARD_ROWS)):
        written.append(out / shard_name(len(written)))
        write_shard(shard, MEASURED, written[-1])
    for stale in set(shard_paths(out)) - set(written):  # of an earlier, larger run
        stale.unlink()


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

"""Stage: age and gender of the generated faces against the true ones, by w, beside shuffled pairs.

python -m s2f.stages.evaluate_facial --measured data/measured --speech-faces data/speech_faces
    --out data/evaluation/facial.json
"""

from pathlib import Path

from s2f.evaluation.facial import evaluate_facial
from s2f.evaluation.pictures import read_pictures
from s2f.evaluation.results import read_plan, write_result
from s2f.evaluation.tables import line_up, read_people
from s2f.runtime import run_command


def main(measured: Path, speech_faces: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Judge age and gender."""
    pictures = read_pictures(measured, embeddings=False)
    voices = line_up(pictures["true"], pictures["generated"], read_people(speech_faces))
    write_result(evaluate_facial(pictures["true"], pictures["generated"], voices, read_plan(params)), out)


if __name__ == "__main__":
    run_command(main)

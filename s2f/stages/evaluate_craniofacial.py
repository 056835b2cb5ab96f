"""Stage: eleven measures of the generated faces against the true ones, beside random pairs.

python -m s2f.stages.evaluate_craniofacial --measured data/measured --speech-faces data/speech_faces
    --out data/evaluation/craniofacial.json
"""

from pathlib import Path

from s2f.evaluation.craniofacial import evaluate_craniofacial
from s2f.evaluation.results import read_plan, write_result
from s2f.evaluation.tables import line_up, read_people, read_pictures
from s2f.params.base import read_section
from s2f.params.evaluation import MEASURES, EvaluationParams
from s2f.runtime import run_command


def main(measured: Path, speech_faces: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Compare the measures."""
    section = read_section(params, "evaluation", EvaluationParams)
    pictures = read_pictures(measured)
    voices = line_up(pictures["true"], pictures["generated"], read_people(speech_faces))
    result = evaluate_craniofacial(
        pictures["true"],
        pictures["generated"],
        voices,
        section.craniofacial_guidance,
        section.max_yaw_degrees,
        MEASURES,
        section.tied_measures,
        section.free_measures,
        read_plan(params, "craniofacial"),
    )
    write_result(result, out)


if __name__ == "__main__":
    run_command(main)

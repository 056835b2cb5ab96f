"""Stage: eleven measures of the generated faces against the true ones, beside random pairs, by either landmarker.

python -m s2f.stages.evaluate_craniofacial --measured data/measured --speech-faces data/speech_faces
    --out data/evaluation/craniofacial.json
"""

from pathlib import Path
from typing import Any

from s2f.evaluation.craniofacial import NO_DLIB, by_dlib, evaluate_craniofacial
from s2f.evaluation.pictures import Pictures, read_pictures
from s2f.evaluation.results import read_plan, write_result
from s2f.evaluation.tables import line_up, read_people
from s2f.params.base import read_section
from s2f.params.evaluation import MEASURES, EvaluationParams
from s2f.runtime import run_command


def main(measured: Path, speech_faces: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Compare the measures."""
    section = read_section(params, "evaluation", EvaluationParams)
    pictures = read_pictures(measured, embeddings=False)
    true, generated = pictures["true"], pictures["generated"]
    voices = line_up(true, generated, read_people(speech_faces))
    plan = read_plan(params)

    def evaluate(true: Pictures, generated: Pictures) -> dict[str, Any]:
        return evaluate_craniofacial(
            true,
            generated,
            voices,
            section.guidance,
            section.max_yaw_degrees,
            MEASURES,
            section.tied_measures,
            section.free_measures,
            plan,
        )

    seen = true.measures_dlib or generated.measures_dlib
    dlib = evaluate(by_dlib(true), by_dlib(generated)) if seen else {"reason": NO_DLIB}
    write_result(evaluate(true, generated) | {"dlib": dlib}, out)


if __name__ == "__main__":
    run_command(main)

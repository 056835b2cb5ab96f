"""Stage: likeness, retrieval, variety and distances of the generated faces; super-resolution against bicubic.

python -m s2f.stages.evaluate_identity --measured data/measured --generated data/generated
    --speech-faces data/speech_faces --out data/evaluation/identity.json
"""

from pathlib import Path

from s2f.evaluation.enlarging import evaluate_super_resolution
from s2f.evaluation.identity import evaluate_identity
from s2f.evaluation.pictures import read_pictures
from s2f.evaluation.results import read_plan, write_result
from s2f.evaluation.tables import line_up, read_heard, read_people, read_portrayed
from s2f.params.base import read_section
from s2f.params.evaluation import EvaluationParams
from s2f.runtime import run_command


def main(measured: Path, generated: Path, speech_faces: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Judge identity, and super-resolution."""
    section = read_section(params, "evaluation", EvaluationParams)
    plan = read_plan(params)
    pictures = read_pictures(measured)
    voices = line_up(pictures["true"], pictures["generated"], read_people(speech_faces))
    result = evaluate_identity(
        pictures["true"],
        pictures["generated"],
        voices,
        read_heard(generated / "heard"),
        section.guidance,
        section.recall_at,
        plan,
    )
    portrayed = read_portrayed(generated / "enlarged")
    write_result(result | {"super_resolution": evaluate_super_resolution(pictures, plan, portrayed)}, out)


if __name__ == "__main__":
    run_command(main)

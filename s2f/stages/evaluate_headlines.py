"""Stage: the headlines again, by gender and age, and of each w beside the reference's.

python -m s2f.stages.evaluate_headlines --measured data/measured --generated data/generated
    --speech-faces data/speech_faces --out data/evaluation/headlines.json
"""

from pathlib import Path

from s2f.evaluation.groups import enlarging_by_group, evaluate_headlines
from s2f.evaluation.headlines import study_of
from s2f.evaluation.measures_by import evaluate_mean_r
from s2f.evaluation.pictures import read_pictures
from s2f.evaluation.results import read_plan, write_result
from s2f.evaluation.tables import read_portrayed
from s2f.params.base import read_section
from s2f.params.evaluation import EvaluationParams
from s2f.runtime import run_command


def main(measured: Path, generated: Path, speech_faces: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Compare groups and weights."""
    section = read_section(params, "evaluation", EvaluationParams)
    pictures, plan = read_pictures(measured), read_plan(params)
    study = study_of(pictures, speech_faces, generated)
    result = evaluate_headlines(study, section.guidance, section.headline_recall, plan)
    portrayed = read_portrayed(generated / "enlarged")
    result |= {"mean_r": evaluate_mean_r(study, section.guidance, section.max_yaw_degrees, plan)}
    write_result(result | {"enlarging_groups": enlarging_by_group(pictures, portrayed, plan)}, out)


if __name__ == "__main__":
    run_command(main)

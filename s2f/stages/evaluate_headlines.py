"""Stage: the headlines again, by gender and age, and of each w beside the reference's.

python -m s2f.stages.evaluate_headlines --measured data/measured --generated data/generated
    --speech-faces data/speech_faces --out data/evaluation/headlines.json
"""

from pathlib import Path

from s2f.evaluation.groups import evaluate_headlines
from s2f.evaluation.headlines import read_study
from s2f.evaluation.results import read_plan, write_result
from s2f.params.base import read_section
from s2f.params.evaluation import EvaluationParams
from s2f.runtime import run_command


def main(measured: Path, generated: Path, speech_faces: Path, out: Path, params: Path = Path("params.yaml")) -> None:
    """Compare groups and weights."""
    section = read_section(params, "evaluation", EvaluationParams)
    study = read_study(measured, speech_faces, generated)
    plan = read_plan(params, "headlines")
    write_result(evaluate_headlines(study, section.craniofacial_guidance, section.headline_recall, plan), out)


if __name__ == "__main__":
    run_command(main)

"""First stage: check all of params.yaml before any work.

Its output never changes, so an edit to one section re-runs this half second and then only what reads that section.

    python -m s2f.stages.check_params --out data/params.ok
"""

from pathlib import Path

from s2f.params.experiment import read_experiment
from s2f.runtime import run_command


def main(out: Path, params: Path = Path("params.yaml")) -> None:
    """Check every section and each against the others."""
    read_experiment(params)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("params.yaml fits its schema\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(main)

"""Last stage: the report, from files alone.

python -m s2f.stages.report --evaluation data/evaluation --models data/models --speech-faces data/speech_faces
    --portraits data/portraits --ledger data/ledger --generated data/generated --measured data/measured --out reports
"""

import json
from pathlib import Path

from s2f.reporting.examples import read_ages, read_portraits, read_voices
from s2f.reporting.metrics import build_metrics
from s2f.reporting.plots import plot_tables
from s2f.reporting.render import diagrams, png_files, render_html, render_markdown
from s2f.reporting.sources import read_results
from s2f.runtime import replace_file, run_command

PORTRAITS_SHOWN = 6


def main(
    evaluation: Path,
    models: Path,
    speech_faces: Path,
    portraits: Path,
    ledger: Path,
    generated: Path,
    measured: Path,
    out: Path,
    params: Path = Path("params.yaml"),
) -> None:
    """Write index.html, report.md, metrics.json, figures and plots."""
    results = read_results(evaluation, models, (portraits, speech_faces, measured), ledger, params)
    voices = read_voices(speech_faces, generated, measured, results.params.evaluation.example_voices)
    enlarged = read_portraits(generated, PORTRAITS_SHOWN)
    drawn = diagrams(results, read_ages(measured, results.identity["guidance"]))
    sheets = png_files(drawn, voices, enlarged)
    for name, content in sheets.items():
        replace_file(out / "figures" / f"{name}.png", content)
    replace_file(out / "index.html", render_html(results, voices, enlarged, drawn).encode())
    replace_file(out / "report.md", render_markdown(results, drawn, sheets).encode())
    for name, plot in plot_tables(results).items():
        replace_file(out / "plots" / name, plot.encode())
    metrics = json.dumps(build_metrics(results), indent=1, allow_nan=False, ensure_ascii=False)
    replace_file(out / "metrics.json", (metrics + "\n").encode())


if __name__ == "__main__":
    run_command(main)

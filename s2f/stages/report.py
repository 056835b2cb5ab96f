"""Last stage: the report, from files alone.

python -m s2f.stages.report --evaluation data/evaluation --models data/models --speech-faces data/speech_faces
    --portraits data/portraits --ledger data/ledger --generated data/generated --measured data/measured --out reports
"""

import json
from pathlib import Path

from ruamel.yaml import YAML

from s2f.reporting.examples import read_ages, read_portraits, read_voices
from s2f.reporting.metrics import build_metrics
from s2f.reporting.plots import plot_tables
from s2f.reporting.previous import read_previous, read_revision
from s2f.reporting.render import diagrams, png_files, render_html, render_markdown, render_model_card
from s2f.reporting.sources import read_results
from s2f.reporting.stage_times import ended_on, read_times, stages_of, times
from s2f.reporting.this_run import ThisRun, changes, facts
from s2f.runtime import replace_file, run_command
from s2f.timing import TIMES

PORTRAITS_SHOWN = 6
SAMPLE_PIPELINE = "s2f/sample/dvc.yaml"  # runs before the project's own, where the sample is what is built from


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
    noted: Path = TIMES,
    pipelines: Path = Path(),
) -> None:
    """Write index.html, report.md, MODEL_CARD.md, metrics.json, figures and plots.

    `noted` and `pipelines`, a folder with dvc.yaml, are for the page's account of the run alone.
    """
    results = read_results(evaluation, models, (portraits, speech_faces, measured), ledger, params)
    voices = read_voices(speech_faces, generated, measured, results.params.evaluation.example_voices)
    enlarged = read_portraits(generated, PORTRAITS_SHOWN)
    drawn = diagrams(results, read_ages(measured, results.identity["guidance"]))
    sheets = png_files(drawn, voices, enlarged)
    for name, content in sheets.items():
        replace_file(out / "figures" / f"{name}.png", content)
    metrics = build_metrics(results)
    settings = YAML(typ="safe").load(results.params_text)
    sentences, tables = changes(read_previous(out / "metrics.json", params), metrics, settings)
    taken, drawing = read_times(noted), [pipelines / SAMPLE_PIPELINE] if results.is_sample else []
    tables.append(times(taken, stages_of([*drawing, pipelines / "dvc.yaml"])))
    this_run = ThisRun(facts(ended_on(taken), read_revision(params.parent, out)), sentences, tables)
    replace_file(out / "index.html", render_html(results, voices, enlarged, drawn, this_run).encode())
    replace_file(out / "report.md", render_markdown(results, drawn, sheets).encode())
    replace_file(out / "MODEL_CARD.md", render_model_card(results).encode())
    for name, plot in plot_tables(results).items():
        replace_file(out / "plots" / name, plot.encode())
    numbers = json.dumps(metrics, indent=1, allow_nan=False, ensure_ascii=False)
    replace_file(out / "metrics.json", (numbers + "\n").encode())


if __name__ == "__main__":
    run_command(main)

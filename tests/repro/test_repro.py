"""The whole chain through `dvc repro`, at toy scale: made, left alone, changed, killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2f.faces.anthropometry import MEASURES

CORPUS, LEDGER = "data/speech_faces", "data/ledger/speech_faces"


@pytest.fixture(scope="module")
def finished(new_project: Callable[[], Any]) -> Any:
    """A project in which everything has run once."""
    project = new_project()
    project.first_run = project.dvc("repro")
    project.commit()
    return project


def stages_run(said: str) -> set[str]:
    return set(in_order(said))


def in_order(said: str) -> list[str]:
    return re.findall(r"^Running stage '(\w+)'", said, flags=re.MULTILINE)


def test_the_chain_ends_in_a_report_with_every_promised_number(finished: Any) -> None:
    reports = finished.folder / "reports"
    assert "</html>" in (reports / "index.html").read_text(encoding="utf-8")
    assert (reports / "report.md").is_file() and list((reports / "figures").glob("*.png"))
    metrics = json.loads((reports / "metrics.json").read_text())
    assert {"gender_accuracy", "age_r", "cosine", "recall_at_10_by_face", "one_face"} <= set(metrics)
    assert metrics["clips_kept"] == 16


def test_corpora_are_checked_before_days_of_training(finished: Any) -> None:
    order = in_order(finished.first_run)
    assert order[0] == "check_params"
    assert order.index("check_corpora") < min(order.index(stage) for stage in order if stage.startswith("train_"))


def test_repro_again_has_nothing_to_do(finished: Any) -> None:
    said = finished.dvc("repro")
    assert "Data and pipelines are up to date." in said
    assert stages_run(said) == set()


def test_an_experiment_runs_what_it_changes_and_its_metrics_differ(finished: Any) -> None:
    said = finished.dvc("exp", "run", "-S", "face_decoder_training.steps=3")
    assert stages_run(said) == {
        "check_params",
        "check_corpora",
        "train_face_decoder",
        "export_pipeline",
        "generate_faces",
        "measure_faces",
        "evaluate_facial",
        "evaluate_craniofacial",
        "evaluate_identity",
        "evaluate_headlines",
        "report",
    }
    compared = json.loads(finished.dvc("metrics", "diff", "--all", "--json"))["reports/metrics.json"]
    reported = json.loads((finished.folder / "reports" / "metrics.json").read_text())
    assert set(compared) == {name for name, value in reported.items() if value is not None}
    assert compared["clips_kept"] == {"old": 16, "new": 16, "diff": 0}
    [row] = json.loads(finished.dvc("exp", "show", "--json"))[1]["experiments"]
    shown = row["revs"][0]["data"]
    assert shown["params"]["params.yaml"]["data"]["face_decoder_training"]["steps"] == 3
    assert set(shown["metrics"]["reports/metrics.json"]["data"]) == set(compared)


def test_plots_show_training_and_validation_side_by_side(finished: Any, tmp_path: Path) -> None:
    finished.dvc("plots", "show", "--out", str(tmp_path))
    specifications = re.findall(r"var spec = (\{.*\});?$", (tmp_path / "index.html").read_text(), flags=re.MULTILINE)
    drawn = {one["title"]["text"]: one["data"]["values"] for one in map(json.loads, specifications)}
    for model in ("Speech encoder", "Face decoder", "Super-resolution"):
        shown = {row["filename::field"] for row in drawn[model]}
        assert shown == {"loss.tsv::loss", "validation_loss.tsv::validation_loss"}
    assert {row["guidance"] for row in drawn["What guidance changes"]} == {"0", "1"}
    assert {row["measure"] for row in drawn["Craniofacial measures"]} == {name.replace("_", " ") for name in MEASURES}


def test_a_killed_flow_keeps_its_finished_shards_and_ends_in_the_same_bytes(
    finished: Any, new_project: Callable[[], Any]
) -> None:
    project, total = new_project(), len(list((finished.folder / LEDGER).glob("*.parquet")))
    command = [sys.executable, "-m", "dvc", "repro", "build_speech_faces"]
    with subprocess.Popen(
        command, cwd=project.folder, env=project.environment, start_new_session=True, stdout=subprocess.DEVNULL
    ) as process:
        while not list((project.folder / LEDGER).glob("*.parquet")) and process.poll() is None:
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)  # DVC, the flow and its ffmpeg alike
    kept = {path: state(path) for path in (project.folder / LEDGER).glob("*.parquet")}
    kept |= {path: state(path) for shard in list(kept) for path in project.folder.glob(f"{CORPUS}/*/{shard.name}")}
    finished_shards = len({path.name for path in kept})
    assert process.returncode == -signal.SIGKILL
    assert 0 < finished_shards < total
    assert f"{total} shards: {total - finished_shards} to build" in project.dvc("repro", "build_speech_faces")
    assert {path: state(path) for path in kept} == kept
    for folder in (CORPUS, LEDGER):
        assert contents(project.folder / folder) == contents(finished.folder / folder)


def state(path: Path) -> tuple[int, int]:
    return path.stat().st_ino, path.stat().st_mtime_ns


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

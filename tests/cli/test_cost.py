import re
import sys
from pathlib import Path

import pytest

from s2f.cli.main import main
from s2f.params.experiment import read_experiment
from s2f.training.cost import cost_of

ROOT = Path(__file__).parents[2]


def run(monkeypatch, capsys, *words):
    """Exit code and what was said, in one line."""
    monkeypatch.setattr(sys, "argv", ["s2f", "cost", *map(str, words)])
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out, said.err


def cells(table):
    """Of a printed table: title → its three cells."""
    lines = (re.split(r"\s*[│┃]\s*", line.strip("│┃ ")) for line in table.splitlines())
    return {title: others for title, *others in lines if len(others) == 3}


def test_the_table_holds_what_was_computed_and_what_a_speed_makes_of_it(monkeypatch, capsys):
    paper = ROOT / "params.paper.yaml"
    code, out, _ = run(monkeypatch, capsys, "--params", paper, "--tflops", 400, "--days", 2)
    rows = cells(out)
    cost = cost_of("super_resolution", read_experiment(paper))
    assert code == 0
    assert rows["parameters"][2] == f"{cost.parameters:,}"
    assert rows["GFLOP a row"][2] == f"{cost.flops_per_row / 1e9:,.1f}"
    assert rows["TFLOP/s"] == ["400"] * 3
    seconds = cost.flops / cost.steps / 400e12
    assert rows["seconds a step"][2] == f"{seconds:.3g}"
    assert rows["steps in 2 days"][2] == f"{int(2 * 86_400 / seconds):,}"
    assert "…" not in out


def test_without_a_speed_nothing_is_said_of_days(monkeypatch, capsys):
    code, out, _ = run(monkeypatch, capsys, "--params", ROOT / "params.yaml")
    assert code == 0 and "GB of memory" in out and "days" not in out


@pytest.mark.parametrize(("processes", "title"), [(1, "seconds a step"), (2, "seconds a step by one process")])
def test_a_measure_is_of_this_machine_and_of_one_process(monkeypatch, capsys, tmp_path, processes, title):
    (tmp_path / "params.yaml").write_text(re.sub(r"\n  batch: \d+", "\n  batch: 4", (ROOT / "params.yaml").read_text()))
    words = ("--params", tmp_path / "params.yaml", "--measure", 1, "--processes", processes)
    code, out, _ = run(monkeypatch, capsys, *words)
    assert code == 0
    assert all(0 < float(one) < 60 for one in cells(out)[title])


def test_how_many_processes_share_a_batch_is_asked_where_launch_does_not_say(monkeypatch, capsys, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(
        (ROOT / "params.yaml").read_text().replace("launch: python", "launch: torchrun --nproc-per-node gpu")
    )
    code, _, said = run(monkeypatch, capsys, "--params", path)
    assert code == 2 and "does not say how many processes it starts; allowed: with --processes" in said
    code, out, _ = run(monkeypatch, capsys, "--params", path, "--processes", 8)
    assert code == 0 and "8 processes" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(("--days", 3), "--days needs to know how fast"), (("--measure", 1, "--tflops", 9), "allowed: one of them"),
     (("--tflops", 0), "--tflops 0 is no speed"), (("--params", "nowhere.yaml"), "nowhere.yaml")],
)  # fmt: skip
def test_what_cannot_be_answered_is_one_sentence(monkeypatch, capsys, words, sentence):
    code, _, said = run(monkeypatch, capsys, *words)
    assert code == 2 and sentence in said and "Traceback" not in said

import csv
import json
import sys

import torch

from s2f.timing import timed
from s2f.training.history import Means
from s2f.training.record import Record


def validated(loss):
    means = Means()
    means.add("loss", torch.tensor([loss]))
    return means


def learn(record, loss):
    record.history.interval.add_losses(torch.tensor([loss, loss]), None)


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_that_goes_on_leaves_the_files_of_one_that_never_stopped(tmp_path):
    for name in ("through", "halved"):
        record = Record(tmp_path / name, tmp_path / f"{name}-kept", None)
        for step in (8, 16):
            learn(record, 1 / step)
            record.add_picture(step, b"picture")
            record.close_interval(step, validated(0.5), 0.1, {})
            if name == "halved" and step == 8:
                for path in (tmp_path / name).rglob("*.csv"):
                    path.unlink()  # as DVC does with all of them
                record = Record(tmp_path / name, tmp_path / f"{name}-kept", record.history.state())
    assert files(tmp_path / "through") == files(tmp_path / "halved")
    assert {"history.csv", "samples/0000008.png", "samples/0000016.png"} < set(files(tmp_path / "through"))


def test_pictures_of_another_run_are_not_kept(tmp_path):
    Record(tmp_path / "out", tmp_path / "kept", None).add_picture(3, b"old")
    Record(tmp_path / "new", tmp_path / "kept", None).write()
    assert set(files(tmp_path / "new")) == {"history.csv"}


def test_dvc_s_files_say_what_the_history_says(tmp_path):
    record = Record(tmp_path / "out", tmp_path / "kept", None)
    learn(record, 0.25)
    record.close_interval(8, validated(0.5), 0.1, {})
    with (tmp_path / "out/live/plots/metrics/validation_loss.tsv").open() as file:
        assert list(csv.DictReader(file, delimiter="\t")) == [{"step": "8", "validation_loss": "0.5"}]


def test_without_dvclive_the_history_is_all_there_is(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dvclive", None)
    record = Record(tmp_path / "out", tmp_path / "kept", None)
    learn(record, 0.25)
    record.close_interval(8, validated(0.5), 0.1, {})
    assert set(files(tmp_path / "out")) == {"history.csv"}


def test_only_a_run_that_had_finished_before_is_noted_as_such(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("DVC_STAGE", "train")
    monkeypatch.delenv("RANK", raising=False)

    def noted(state, *steps):
        with timed():
            record = Record(tmp_path / "out", tmp_path / "kept", state)
            for step in steps:
                learn(record, 0.25)
                record.close_interval(step, validated(0.5), 0.1, {})
            record.write()
        return record.history.state(), "found_finished" in json.loads((tmp_path / "data/times/train.json").read_text())

    half, of_new = noted(None, 8)
    whole, of_resumed = noted(half, 16)
    assert (of_new, of_resumed, noted(whole)[1]) == (False, False, True)

import csv

import torch

from s2f.training.history import COLUMNS, History, Means


def validated(loss):
    means = Means()
    means.add("loss", torch.tensor([loss]))
    return means


def test_means_weigh_every_value_alike_and_know_nothing_of_empty_ones():
    means = Means()
    means.add("loss", torch.tensor([1.0, 2.0, 3.0]))
    means.add("loss", torch.tensor([6.0]))
    means.add("loss_q1", torch.tensor([]))
    assert means.means() == {"loss": 3.0}


def test_a_history_comes_back_from_its_text_to_the_last_bit(tmp_path):
    one = History()
    one.interval.add("loss", torch.tensor([1 / 3]))
    one.close_interval(8, validated(1 / 7), 0.1, {})
    one.interval.add("loss", torch.tensor([1e-9, 0.7]))
    other = History(one.state())
    for history, name in ((one, "a.csv"), (other, "b.csv")):
        history.interval.add("loss", torch.tensor([0.1]))
        history.close_interval(16, validated(0.3), 0.1, {})
        history.write(tmp_path / name)
    assert one.state() == other.state()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_the_file_has_every_column_and_leaves_what_a_model_lacks_empty(tmp_path):
    history = History()
    history.interval.add("loss", torch.tensor([0.25]))
    history.close_interval(8, validated(0.5), 0.1, {})
    history.interval.add("loss", torch.tensor([0.125]))
    history.close_interval(9, validated(0.75), 0.1, {})
    history.write(tmp_path / "history.csv")
    with (tmp_path / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["step"], row["loss"], row["validation_loss"], row["loss_q1"]) for row in rows] == [
        ("8", "0.25", "0.5", ""),
        ("9", "0.125", "0.75", ""),
    ]

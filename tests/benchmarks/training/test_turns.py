"""The benchmark runs: contestants are built in their processes, take a turn, and stand in the table."""

from contextlib import ExitStack

from tests.benchmarks.training import sizes
from tests.benchmarks.training.__main__ import everyone, measure
from tests.benchmarks.training.contestant import Contestant, FailedError
from tests.benchmarks.training.table import section


def test_one_turn_of_ours_and_of_diffusers(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as `--threads 1`: other tests may be running
    task = sizes.task("super_resolution", "sample", batch=1)
    with ExitStack() as stack:
        found = measure(everyone(task, None, True, stack), turns=1, steps=1)
    rows = [line.split(" | ") for line in section(task, found) if line.startswith("| ")]
    assert {"| ours", "| diffusers"} <= {row[0] for row in rows}
    assert all(float(row[3].split()[0]) > 0 for row in rows[1:])


def test_the_encoder_is_measured_alone(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    task = sizes.task("speech_encoder", "sample", batch=2)
    with ExitStack() as stack:
        found = measure(everyone(task, None, True, stack), turns=1, steps=1)
    assert set(found) == {"ours", "matmul", "convolution"}
    (row,) = [line for line in section(task, found) if line.startswith("| ours")]
    assert "GFLOP/s" not in row and float(row.split(" | ")[4]) > 0  # rows a second


def test_who_cannot_be_built_says_why():
    task = sizes.task("face_decoder", "sample", batch=1)
    try:
        Contestant("python3", "nobody", task)
    except FailedError as error:
        assert "nobody" in str(error) or "torch" in str(error)
    else:
        raise AssertionError("nobody was built")

"""The benchmark runs: contestants are built in their processes, draw, and stand in the table."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from tests.benchmarks.sampling.__main__ import drawing_of_scale, everyone, measure, refuse_others
from tests.benchmarks.sampling.table import section
from tests.benchmarks.sampling.task import drawing_of


def test_one_turn_of_ours_and_of_diffusers(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as `--threads 1`: other tests may be running
    drawing = replace(drawing_of_scale("sample", 1), steps=2, enlarging=1)
    with ExitStack() as stack:
        found = measure(everyone(drawing, None, stack), turns=1, draws=1)
    assert found["ours"]["about"]["pictures"] == [[1, 3, 32, 32], [1, 3, 128, 128]]
    rows = {line.split(" | ")[0]: line.split(" | ") for line in section(drawing, found) if line.startswith("| ")}
    assert {"| ours", "| diffusers"} <= set(rows)
    assert all(float(rows[name][2].split()[0]) > 0 for name in ("| ours", "| diffusers"))


def test_what_is_drawn_is_of_the_scales_size():
    drawing = drawing_of_scale("paper", 2)
    assert (drawing.decoder.side, drawing.enlarger.low, drawing.enlarger.side) == (64, 64, 512)
    assert drawing.decoder.bf16
    assert drawing_of(drawing.as_json()) == drawing
    assert replace(drawing, steps=8, guidance=1.0).evaluations[0] == 16
    assert replace(drawing, steps=8, guidance=0.0).evaluations[0] == 8


def test_who_draws_something_else_is_no_comparison():
    drawing = drawing_of_scale("sample", 1)
    ours = {"pictures": [[1, 3, 32, 32], [1, 3, 128, 128]], "parameters": [1000, 1000]}
    refuse_others(drawing, "diffusers", {**ours, "parameters": [1040, 960]}, ours)
    with pytest.raises(SystemExit, match=r"diffusers draws \[\[1, 3, 64, 64\]\]"):
        refuse_others(drawing, "diffusers", {**ours, "pictures": [[1, 3, 64, 64]]}, ours)
    with pytest.raises(SystemExit, match=r"super_resolution .*\+6\.0%"):
        refuse_others(drawing, "diffusers", {**ours, "parameters": [1000, 1060]}, ours)

"""A network whose rows are shared out among the cores says what it says of all of them together."""

import threading

import pytest
import torch
from torch import nn

from s2f.pipeline.cores import on_all_cores


@pytest.fixture
def threads():
    """Three, whatever this machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield 3
    torch.set_num_threads(before)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 16])
def test_rows_come_back_in_their_order(threads: int, rows: int) -> None:
    torch.manual_seed(0)
    network = nn.Bilinear(5, 4, 6)
    left, right = torch.randn(rows, 5), torch.randn(rows, 4)
    found = on_all_cores(network)(left, right)
    torch.testing.assert_close(found, network(left, right).detach())
    assert not found.requires_grad


def test_every_core_has_a_part_at_the_same_time(threads: int) -> None:
    all_there = threading.Barrier(threads)
    seen: list[tuple[int, int]] = []

    def network(rows: torch.Tensor) -> torch.Tensor:
        all_there.wait(timeout=60)  # breaks if they came one after the other
        seen.append((len(rows), torch.get_num_threads()))
        return rows

    on_all_cores(network)(torch.zeros(7, 2))
    assert sorted(seen) == [(2, 1), (2, 1), (3, 1)]


def test_few_rows_have_several_threads_each() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(5)
    try:
        seen: list[int] = []
        on_all_cores(lambda rows: seen.append(torch.get_num_threads()) or rows)(torch.zeros(2, 2))
        assert seen == [2, 2]
    finally:
        torch.set_num_threads(before)


def test_other_threads_keep_theirs(threads: int) -> None:
    on_all_cores(lambda rows: rows)(torch.zeros(3, 2))
    seen = [torch.get_num_threads()]
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert seen == [3, 3]


def test_an_error_of_a_part_is_an_error(threads: int) -> None:
    def network(rows: torch.Tensor) -> torch.Tensor:
        if len(rows) > 2:
            raise ValueError("too many")
        return rows

    with pytest.raises(ValueError, match="too many"):
        on_all_cores(network)(torch.zeros(7, 2))

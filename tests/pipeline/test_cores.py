"""A network whose rows are shared out among the cores says what it says of all of them together."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from s2f.pipeline.cores import MOST_PARTS, Cores, all_cores


@pytest.fixture
def three() -> Iterator[None]:
    """Torch's threads, whatever this machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 16])
@torch.inference_mode()
def test_rows_come_back_in_their_order(three: None, rows: int) -> None:
    torch.manual_seed(0)
    network = nn.Bilinear(5, 4, 6)
    left, right = torch.randn(rows, 5), torch.randn(rows, 4)
    torch.testing.assert_close(Cores(3).share(network)(left, right), network(left, right))


@pytest.mark.parametrize(("threads", "parts", "each"), [(3, 3, 1), (19, MOST_PARTS, 2)])
def test_every_thread_has_a_part_at_the_same_time(three: None, threads: int, parts: int, each: int) -> None:
    all_there = threading.Barrier(parts)
    seen: list[tuple[int, int]] = []

    def network(rows: torch.Tensor) -> torch.Tensor:
        all_there.wait(timeout=60)  # breaks if they came one after the other
        seen.append((len(rows), torch.get_num_threads()))
        return rows

    Cores(threads).share(network)(torch.zeros(2 * parts + 1, 2))
    assert sorted(seen) == [*[(2, each)] * (parts - 1), (3, each)]


def test_fewer_rows_than_threads_stay_together(three: None) -> None:
    seen: list[int] = []
    Cores(3).share(lambda rows: seen.append(len(rows)) or rows)(torch.zeros(2, 2))
    assert seen == [2]


def test_other_threads_keep_theirs(three: None) -> None:
    cores = Cores(3)
    cores.share(lambda rows: rows)(torch.zeros(3, 2))
    with ThreadPoolExecutor(1) as other:
        assert torch.get_num_threads() == other.submit(torch.get_num_threads).result() == 3


def test_all_pipelines_have_the_same_threads(three: None) -> None:
    with ThreadPoolExecutor(8) as many:
        found = set(many.map(lambda _: all_cores(), range(8)))
    assert len(found) == 1 and found.pop().parts == 3


def test_an_error_of_a_part_is_an_error(three: None) -> None:
    def network(rows: torch.Tensor) -> torch.Tensor:
        if len(rows) > 2:
            raise ValueError("too many")
        return rows

    with pytest.raises(ValueError, match="too many"):
        Cores(3).share(network)(torch.zeros(7, 2))

"""On a processor, a network's rows are shared out among its cores.

Layers this small lose more to waiting for each other's threads than they gain: on two cores a batch of 16 took 5.9 ms a
row of the sample's decoder instead of 6.7, and beside other programs the difference is larger.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Barrier

import torch
from torch import Tensor

Network = Callable[..., Tensor]


def on_all_cores(network: Network) -> Network:
    """The network, called for a part of the rows on each thread that torch may use, all at once, without gradients.

    All its inputs are tensors of as many rows. On a GPU it is called as it is.
    """

    def shared(*inputs: Tensor) -> Tensor:
        rows, threads = len(inputs[0]), torch.get_num_threads()
        count = min(rows, threads)
        if count < 2 or inputs[0].device.type != "cpu":
            return _call(network, inputs)
        parts = zip(*(one.tensor_split(count) for one in inputs), strict=True)
        return torch.cat(list(_pool(count, threads // count).map(lambda part: _call(network, part), parts)))

    return shared


@torch.inference_mode()
def _call(network: Network, inputs: tuple[Tensor, ...]) -> Tensor:
    return network(*inputs)


@lru_cache(maxsize=4)
def _pool(count: int, threads: int) -> ThreadPoolExecutor:
    """So many threads, each of which may use so many of torch's."""
    everyone = torch.get_num_threads()
    pool, all_there = ThreadPoolExecutor(count, "cores", _use, (threads,)), Barrier(count)
    list(pool.map(lambda _: all_there.wait(), range(count)))
    torch.set_num_threads(everyone)  # else threads to come would have what these were given
    return pool


def _use(threads: int) -> None:
    """Let this thread use so many of torch's."""
    torch.set_num_threads(threads)
    torch.get_num_threads()  # a thread takes the number of all when it first asks, and would ask later

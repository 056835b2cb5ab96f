"""On a processor, a network's rows are shared out among its cores.

Small layers lose to waiting for each other's threads. On two quiet cores batches of 16 and 32 of the sample's decoder
took 9 to 19 % less time, of its super-resolution up to 18 % less and once 7 % more (EXPERIMENTS.md).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier, Lock

import torch
from torch import Tensor

Network = Callable[..., Tensor]

MOST_PARTS = 8  # Python itself runs one thread at a time; not measured beyond two cores
BUILDING = Lock()


class Cores:
    """Threads that each see a part of a batch; together they use as many of torch's as there were when it was made."""

    def __init__(self, threads: int) -> None:
        self.parts = min(threads, MOST_PARTS)
        all_there = Barrier(self.parts)
        self._pool = ThreadPoolExecutor(self.parts, "cores", _use, (threads // self.parts,))
        list(self._pool.map(lambda _: all_there.wait(), range(self.parts)))
        torch.set_num_threads(threads)  # else threads to come would have what these were given

    def share(self, network: Network) -> Network:
        """The network, called for a part of the rows by each thread, all at once, without gradients.

        All its inputs are tensors of as many rows. Of fewer rows than threads it is called as it is.
        """

        def shared(*inputs: Tensor) -> Tensor:
            if not 1 < self.parts <= len(inputs[0]):
                return network(*inputs)
            parts = zip(*(one.tensor_split(self.parts) for one in inputs), strict=True)
            return torch.cat(list(self._pool.map(lambda part: _call(network, part), parts)))

        return shared


def all_cores() -> Cores:
    """As many as torch may use threads now; made once, for every pipeline."""
    with BUILDING:
        return _cores(torch.get_num_threads())


_cores = cache(Cores)


@torch.inference_mode()
def _call(network: Network, inputs: tuple[Tensor, ...]) -> Tensor:
    return network(*inputs)


def _use(threads: int) -> None:
    """Let this thread use so many of torch's."""
    torch.set_num_threads(threads)
    torch.get_num_threads()  # a thread takes the number of all when it first asks, and would ask later

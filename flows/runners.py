"""Where tasks run: threads of this machine, or the workers of a Dask or Ray cluster, by one parameter and an address.

What a cluster's workers need: this project and its corpus packages, the same folders under the same paths, and a
Prefect server that they reach (PREFECT_API_URL). They load their networks once, and keep them from shard to shard.
"""

import concurrent.futures
import importlib.util
import ipaddress
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

from prefect.settings import PREFECT_API_URL
from prefect.task_runners import ThreadPoolTaskRunner

from s2f.media.stopping import STOP
from s2f.params.building import ALLOWED, BuildingParams
from s2f.runtime import InputError

PACKAGES = {"dask": "prefect_dask", "ray": "prefect_ray"}
ANSWERS_WITHIN_S = 5.0  # Ray itself would try a wrong address for three minutes and then end the process


class Workers(Protocol):
    """Who builds shards. A future is what `submit` returns: it has a `result()`."""

    def submit(self, task: Any, parameters: dict[str, Any]) -> Any:
        """Hand over a task; its future, at once."""

    def ended(self, futures: Sequence[Any], within_s: float) -> list[Any]:
        """Those that have ended, as soon as one has; none after so many seconds."""

    def count(self) -> int:
        """Tasks that can run at a time; 0 where no worker is left, or the cluster does not say."""

    def died(self, error: Exception) -> bool:
        """Whether `result()` raised this because a worker died, and not because of the task."""

    def gone(self, error: Exception) -> bool:
        """Whether `result()` raised this because the cluster is gone, scheduler and all."""


@contextmanager
def open_workers(building: BuildingParams, count: int) -> Iterator[Workers]:
    """The workers of the cluster at `building.address`, or `count` of this machine's own while the block takes.

    Raises:
        InputError: the cluster's packages are not installed, or nothing answers at its address.
    """
    check_cluster(building)
    if building.runner == "dask":
        from flows.dask_workers import dask_workers

        with dask_workers(building.address, count) as workers:
            yield workers
    elif building.runner == "ray":
        from flows.ray_workers import ray_workers

        with ray_workers(building.address, building.place, count) as workers:
            yield workers
    else:
        threads: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=count)
        try:
            with threads, STOP.where_this_ends():  # leaving the runner waits for its threads
                yield Threads(threads, count)
        finally:
            STOP.over()


class Threads:
    """Of this process: none dies alone."""

    def __init__(self, runner: ThreadPoolTaskRunner[Any], count: int) -> None:
        self._runner, self._count = runner, count

    def submit(self, task: Any, parameters: dict[str, Any]) -> Any:
        """Hand over a task."""
        return self._runner.submit(task, parameters)

    def ended(self, futures: Sequence[Any], within_s: float) -> list[Any]:
        """Those that have ended."""
        wrapped = [future.wrapped_future for future in futures]
        concurrent.futures.wait(wrapped, within_s, concurrent.futures.FIRST_COMPLETED)
        return [future for future in futures if future.wrapped_future.done()]

    def count(self) -> int:
        """As many as were asked for."""
        return self._count

    def died(self, error: Exception) -> bool:
        """Never."""
        return False

    def gone(self, error: Exception) -> bool:
        """Never."""
        return False


def check_cluster(building: BuildingParams) -> None:
    """Refuse a cluster that cannot be used, before it is asked for anything.

    Raises:
        InputError: its packages are not installed, nothing answers at its address, or its workers could not reach
            Prefect's server.
    """
    if building.runner in PACKAGES and importlib.util.find_spec(PACKAGES[building.runner]) is None:
        raise InputError(
            f"building.runner: {building.runner} is not installed; `pip install '.[cluster]'` installs it."
        )
    if building.place is None:
        return
    host, port = building.place
    server = PREFECT_API_URL.value()
    if not is_this_machine(host) and (server is None or _only_here(server)):
        raise InputError(
            f"building.address: {host} is another machine, whose workers cannot reach Prefect's server at "
            f"{server or '127.0.0.1'}; start one with `prefect server start --host 0.0.0.0` and set "
            "PREFECT_API_URL to http://HOST:4200/api, HOST being this machine's name there."
        )
    trouble = silence(host, port)
    if trouble is not None:
        raise InputError(
            f"building.address: nothing answers at {building.address} ({trouble}); "
            f"allowed: {ALLOWED[building.runner]} of a cluster that is up, or null."
        )


def cluster_is_gone(place: tuple[str, int] | None) -> str:
    """In a sentence."""
    where = " at {}:{}".format(*place) if place else ""
    return (
        f"The cluster{where} does not answer any more; nothing that was finished is lost. "
        "Start it and run the same command again: it goes on from here."
    )


def silence(host: str, port: int) -> str | None:
    """Why nothing answers there; None if something does."""
    try:
        socket.create_connection((host, port), timeout=ANSWERS_WITHIN_S).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def is_this_machine(host: str) -> bool:
    """Whether a name or address is one of this machine's: only to those can a socket be bound.

    A name that nobody knows is: there is no other machine of that name.
    """
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except OSError:
        return True
    for family, kind, protocol, _, address in found:
        try:
            with socket.socket(family, kind, protocol) as probe:
                probe.bind(address)
            return True
        except OSError:
            continue
    return False


def _only_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified

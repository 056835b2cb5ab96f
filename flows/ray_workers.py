"""Workers of a Ray cluster: one that is up, or processes of this machine for one build.

Nothing is left behind: no file in the home folder, no process, no folder but where this process itself was killed.

One case has no sentence: where a head dies in the very second in which a build connects to it, Ray's own code ends the
process with exit code 1. Later deaths end as they should.
"""

import logging
import os
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

# Read as Ray is imported: else what is asked after a connection is lost starts a cluster of its own, with a login in
# the home folder that every other cluster of this account then asks for.
os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"

import ray
from prefect_ray import RayTaskRunner
from prefect_ray.context import remote_options
from ray.exceptions import (
    LocalRayletDiedError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RaySystemError,
    WorkerCrashedError,
)

from flows.runners import cluster_is_gone, silence
from s2f.runtime import LATER

QUIET = {"logging_level": logging.CRITICAL, "log_to_driver": False}
STORE_BYTES = 100 * 2**20  # for results in passing; a shard's is a few hundred bytes
WATCH_S, LAST_S = 2.0, 45.0  # Ray ends a process whose calls have been waiting for 60 s, with a word of its own
LONGEST_FOLDER = 20  # characters: what Ray puts into it has names of up to 107 characters, the system's bound


@contextmanager
def ray_workers(address: str | None, place: tuple[str, int] | None, count: int) -> Iterator["RayWorkers"]:
    """Of the cluster at `address`, which is `place`, or `count` processes."""
    logging.getLogger("prefect.task_runner").setLevel(logging.CRITICAL)  # what it reports, a build reports too
    if address is not None and place is not None:
        with _watched(place), _entered(RayTaskRunner(address=address, init_kwargs=QUIET)) as workers:
            yield workers
        return
    # Ray listens on every network: strangers are kept out by a word that is in no file. It reports to nobody.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    short = None if len(tempfile.gettempdir()) <= LONGEST_FOLDER else "/tmp"
    with tempfile.TemporaryDirectory(prefix="s2f-ray-", dir=short, ignore_cleanup_errors=True) as folder:
        own = {
            "num_cpus": count,
            "num_gpus": 0,
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
            "_temp_dir": folder,
        }
        with _entered(RayTaskRunner(init_kwargs=QUIET | own)) as workers:
            yield workers


@contextmanager
def _watched(place: tuple[str, int]) -> Iterator[None]:
    """End this process in a sentence when a head stays silent in the middle of a call: Ray would, in none of ours."""
    left = threading.Event()

    def watch() -> None:
        answered = time.monotonic()
        while not left.wait(WATCH_S):
            if silence(*place) is None:
                answered = time.monotonic()
            elif time.monotonic() - answered > LAST_S:
                print(f"stopped: {cluster_is_gone(place)}", file=sys.stderr, flush=True)
                os._exit(LATER)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        left.set()


@contextmanager
def _entered(runner: RayTaskRunner) -> Iterator["RayWorkers"]:
    runner.__enter__()
    try:
        yield RayWorkers(runner)
    finally:
        if ray.is_initialized():  # else the connection was lost, and there is nothing to shut down
            runner.__exit__(None, None, None)


class RayWorkers:
    """See `flows.runners.Workers`."""

    def __init__(self, runner: RayTaskRunner) -> None:
        self._runner = runner

    def submit(self, task: Any, parameters: dict[str, Any]) -> Any:
        """Hand over a task, to be tried once: who submits it counts."""
        with remote_options(max_retries=0):
            return self._runner.submit(task, parameters)

    def ended(self, futures: Sequence[Any], within_s: float) -> list[Any]:
        """Those that have ended."""
        of = {future.wrapped_future: future for future in futures}
        if not ray.wait(list(of), timeout=within_s)[0]:
            return []
        return [of[one] for one in ray.wait(list(of), num_returns=len(of), timeout=0)[0]]

    def count(self) -> int:
        """Processors of all machines."""
        return round(sum(node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]))

    def died(self, error: Exception) -> bool:
        """The process, or its machine."""
        return isinstance(error, WorkerCrashedError | NodeDiedError | OutOfMemoryError | ObjectLostError)

    def gone(self, error: Exception) -> bool:
        """The connection to the cluster is lost."""
        return not ray.is_initialized() or isinstance(error, LocalRayletDiedError | RaySystemError | ConnectionError)

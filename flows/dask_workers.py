"""Workers of a Dask cluster: one that is up, or processes of this machine for one build."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dask
import distributed
from distributed.scheduler import KilledWorker
from distributed.utils import CancelledError
from prefect_dask import DaskTaskRunner

from flows.runners import ANSWERS_WITHIN_S

# What a worker of one build's own would print between the build's lines. Prefect's server is told all the same.
QUIET = {
    "DASK_LOGGING__DISTRIBUTED": "critical",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
    "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL": "CRITICAL",
}


@contextmanager
def dask_workers(address: str | None, count: int) -> Iterator["DaskWorkers"]:
    """Of the scheduler at `address`, or `count` processes of one thread each."""
    for name in (
        "distributed",
        "distributed.client",
        "prefect.task_runner",
    ):  # what they report, a build reports too, in a sentence
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if address is not None:
        runner = DaskTaskRunner(address=address, client_kwargs={"timeout": ANSWERS_WITHIN_S})
        with runner:
            yield DaskWorkers(runner)
        return
    with tempfile.TemporaryDirectory(prefix="s2f-dask-", ignore_cleanup_errors=True) as folder:
        own = {
            "n_workers": count,
            "threads_per_worker": 1,
            "dashboard_address": None,
            "silence_logs": logging.CRITICAL,
        }
        environment = "distributed.nanny.pre-spawn-environ"  # in time for what a worker imports first
        with (
            dask.config.set({"temporary-directory": folder, environment: dask.config.get(environment) | QUIET}),
            DaskTaskRunner(cluster_kwargs=own) as runner,
        ):
            yield DaskWorkers(runner)


class DaskWorkers:
    """See `flows.runners.Workers`."""

    def __init__(self, runner: DaskTaskRunner) -> None:
        self._runner, self._client = runner, runner.client

    def submit(self, task: Any, parameters: dict[str, Any]) -> Any:
        """Hand over a task."""
        return self._runner.submit(task, parameters)

    def ended(self, futures: Sequence[Any], within_s: float) -> list[Any]:
        """Those that have ended."""
        wrapped = [future.wrapped_future for future in futures]
        try:
            with self._client.as_current():
                distributed.wait(wrapped, within_s, distributed.client.FIRST_COMPLETED)
        except (TimeoutError, CancelledError):
            pass
        return [future for future in futures if future.wrapped_future.done()]

    def count(self) -> int:
        """Threads of all workers."""
        try:
            return sum(worker["nthreads"] for worker in self._client.scheduler_info()["workers"].values())
        except OSError:
            return 0

    def died(self, error: Exception) -> bool:
        """Dask has tried it on several workers, and each was killed."""
        return isinstance(error, KilledWorker)

    def gone(self, error: Exception) -> bool:
        """The client has lost the scheduler, and with it all that was handed over."""
        return isinstance(error, CancelledError)

"""Hand jobs to workers, some ahead of them, and take what is finished, whoever finishes first.

Workers die: what one of them was at is handed over again, and so is what Prefect's server was not there for. Clusters
die: a build ends in one sentence instead of waiting for ever, and the same command goes on with what is missing.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from flows.runners import Workers, cluster_is_gone, silence
from flows.served import server_is_gone, unserved, wait_for_server
from s2f.runtime import TryAgainLater

AHEAD = 3  # jobs handed over per worker: enough that none waits, few enough to stop soon
TRIES = 3  # of a job whose worker died: once is the machine's fault, three times the job's
POLL_S = 10.0  # how often a cluster is asked whether it is still there, while nothing ends
AGAIN_S = 1.0  # before a cluster that did not answer is asked again
SILENT_S = 20.0  # of a scheduler; Ray ends this process when its own is silent for 60, and takes 20 to let go of it
PATIENCE_S = 600.0  # with a cluster that has no worker: machines are started, or rebooted, in less

J = TypeVar("J")


def collect(
    workers: Workers,
    jobs: Mapping[str, J],
    submit: Callable[[str, J], Any],
    place: tuple[str, int] | None = None,
    hold: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[J, Any]]:
    """Every job with its result, as they end; `submit` hands one over, and `place` is the cluster's host and port.

    While `hold` is true, and others are under way, none is handed over.

    What one job raises ends all, after those under way where it is TryAgainLater.

    Raises:
        TryAgainLater: a job's; no worker is left, the cluster or Prefect's server is gone, or a job's worker died each
            time.
    """
    cluster = Cluster(workers, place)
    try:
        yield from _collect(cluster, workers, jobs, submit, hold)
    except TryAgainLater:
        raise
    except Exception as error:
        if workers.gone(error):
            raise cluster.is_gone() from error
        raise


def _collect(
    cluster: "Cluster",
    workers: Workers,
    jobs: Mapping[str, J],
    submit: Callable[[str, J], Any],
    hold: Callable[[], bool],
) -> Iterator[tuple[J, Any]]:
    waiting, running = deque(jobs), dict[Any, str]()
    deaths = Counter[str]()
    later: TryAgainLater | None = None
    while running or (waiting and later is None):
        held = hold()
        while waiting and later is None and len(running) < AHEAD * cluster.count and cluster.answers():
            if running and held:
                break
            name = waiting.popleft()
            running[submit(name, jobs[name])] = name
        for future in cluster.ended(running):
            name = running.pop(future)
            try:
                result = future.result()
            except TryAgainLater as stopped:
                later = later or stopped
            except Exception as error:
                lost = unserved(error)
                if not lost and not workers.died(error):
                    raise
                deaths[name] += 1
                if deaths[name] == TRIES:
                    later = later or (server_is_gone(error) if lost else _worker_died(name, error))
                    continue
                waiting.append(name)
                if lost:
                    wait_for_server(error)
            else:
                yield jobs[name], result
    if later is not None:
        raise later


class Cluster:
    """What is known of a cluster, which is asked only where it answers: Ray ends the process that asks in vain."""

    def __init__(self, workers: Workers, place: tuple[str, int] | None) -> None:
        self._workers, self._place = workers, place
        self._asked = self._answered = self._worked = time.monotonic()
        self._workers_left = workers.count()

    @property
    def count(self) -> int:
        """Of workers; one to come where there is none, so that something waits for it."""
        return max(self._workers_left, 1)

    def answers(self) -> bool:
        """Whether its scheduler does.

        Raises:
            TryAgainLater: it has not for too long.
        """
        if self._place is None or silence(*self._place) is None:
            self._answered = time.monotonic()
            return True
        if time.monotonic() - self._answered > SILENT_S:
            raise self.is_gone()
        return False

    def ended(self, running: Mapping[Any, str]) -> list[Any]:
        """Those of the futures that have ended; none after a while.

        Raises:
            TryAgainLater: the cluster does not answer, or had no worker, for too long.
        """
        if not running:  # none could be handed over
            time.sleep(AGAIN_S)
        ended = self._workers.ended(list(running), POLL_S)
        if ended:
            self._worked = time.monotonic()
        if time.monotonic() - self._asked > POLL_S and self.answers():
            self._asked = time.monotonic()
            self._workers_left = self._workers.count()
            if self._workers_left > 0:
                self._worked = self._asked
        if time.monotonic() - self._worked > PATIENCE_S:
            raise TryAgainLater(
                f"No worker is left in the cluster since {PATIENCE_S / 60:g} minutes; nothing that was finished is "
                "lost. Start workers and run the same command again: it goes on from here."
            )
        return ended

    def is_gone(self) -> TryAgainLater:
        """In a sentence."""
        return TryAgainLater(cluster_is_gone(self._place))


def _worker_died(name: str, error: Exception) -> TryAgainLater:
    return TryAgainLater(
        f"{name}: its worker died in each of {TRIES} tries ({type(error).__name__}), as it does where memory is short; "
        "nothing that was finished is lost. Give workers more, and run the same command again: it goes on from here."
    )

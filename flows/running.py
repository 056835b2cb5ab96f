"""Run a flow as a command: against the Prefect server that is configured, or a temporary one."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prefect import Flow, tags

from flows.local_server import prefect_server
from flows.runners import check_cluster
from flows.served import UNSERVED, server_is_gone
from flows.shards import forget_plan, shards_of
from s2f.corpus.manifest import check_trainable
from s2f.corpus.recipe import Recipe
from s2f.params.building import BuildingParams
from s2f.runtime import ToldToEnd


def run_flow(
    flow: Flow[..., dict[str, int]], recipe: Recipe, building: BuildingParams, out: Path, **arguments: Any
) -> dict[str, int]:
    """Run `flow(out, building=building, **arguments)`, which builds `recipe`.

    Raises:
        InputError: a list, folder or cluster that cannot be used, before the flow starts; or, when all is written,
            nothing to train on, so that no later stage begins.
        TryAgainLater: the disk is nearly full, a host refuses, a cluster or Prefect's server is dead, or a signal came.
    """
    check_cluster(building)
    for name in ("httpx", "prefect.task_runs"):  # a line per request or shard hides the bar; a flow reports its tasks
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with _ending_in_a_sentence(), prefect_server() as server:
        forget_plan()
        shards_of(recipe)
        recipe.fingerprint()  # weights that cannot be had are refused here
        recipe.rows(out)  # its imports take as long as the server does to start
        if server:
            server.wait()
            server.keep_alive()
        with tags("s2f", recipe.name), _server_needed():
            reasons = flow(out=out, building=building, **arguments)
    check_trainable(out)
    return reasons


@contextmanager
def _ending_in_a_sentence() -> Iterator[None]:
    """Ctrl-C and SIGTERM, which Prefect passes on when it has written down that the flow was interrupted."""

    def terminate(number: int, frame: object) -> None:
        raise ToldToEnd(number)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except KeyboardInterrupt:
        raise ToldToEnd(signal.SIGINT) from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _server_needed() -> Iterator[None]:
    """A server that died, or whose database did, ends the command in a sentence."""
    try:
        yield
    except UNSERVED as error:
        raise server_is_gone(error) from None

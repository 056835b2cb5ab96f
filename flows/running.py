"""Run a flow as a command: against the Prefect server that is configured, or a temporary one."""

import logging
from pathlib import Path
from typing import Any

from prefect import Flow, tags

from flows.local_server import prefect_server
from flows.shards import shards_of
from s2f.corpus.manifest import check_trainable
from s2f.corpus.recipe import Recipe


def run_flow(flow: Flow[..., dict[str, int]], recipe: Recipe, out: Path, **arguments: Any) -> dict[str, int]:
    """Run `flow(out, **arguments)`, which builds `recipe`.

    Raises:
        InputError: a list or folder that cannot be used, before the flow starts; or, when all is written, nothing to
            train on, so that no later stage begins.
        TryAgainLater: the disk is nearly full, or a host refuses.
    """
    for name in ("httpx", "prefect.task_runs"):  # a line per request or shard hides the bar; a flow reports its tasks
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with prefect_server() as server:
        shards_of.cache_clear()
        shards_of(recipe)
        recipe.fingerprint()  # weights that cannot be had are refused here
        recipe.rows(out)  # its imports take as long as the server does to start
        if server:
            server.wait()
        with tags("s2f", recipe.name):
            reasons = flow(out=out, **arguments)
    check_trainable(out)
    return reasons

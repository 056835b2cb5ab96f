"""What Prefect's page shows of a build: how far it is, the funnel, what failed with examples, a sheet of faces.

Watching is not building: whatever happens to the server, a build goes on without its artifacts.
"""

import base64
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.exceptions import PrefectException

from flows.served import server_answers
from s2f.corpus.contact_sheet import contact_sheet
from s2f.corpus.queries import FAILURES, FUNNEL, query
from s2f.dataset.shards import shard_paths
from s2f.runtime import InputError

REFRESH_S = 30.0  # of all but the progress: they read the ledger, and nobody looks more often
LOST_S = 60.0  # before a server that did not answer is asked again

logger = logging.getLogger(__name__)


class Artifacts:
    """The artifacts of one build; made when it starts, kept up to date while it goes on."""

    def __init__(self, name: str, out: Path, ledger: Path) -> None:
        self._name, self._out, self._ledger = name.replace("_", "-"), out, ledger  # Prefect's keys have no underscore
        self._made: dict[str, UUID] = {}
        self._refreshed = float("-inf")
        self._lost_until = float("-inf")

    def show(self, done: int, total: int, last: bool = False) -> None:
        """So many shards are done; what takes longer to draw is drawn now and then, and at last."""
        if time.monotonic() < self._lost_until and not last:
            return
        try:
            if not server_answers():
                raise ConnectionError("its server does not answer")
            progress = 100 * done / total if total else 100.0
            self._put("progress", "shards built", progress, create_progress_artifact, progress)
            if last or time.monotonic() - self._refreshed > REFRESH_S:
                self._refreshed = time.monotonic()
                self._refresh()
        except (httpx.HTTPError, PrefectException, InputError, OSError, RuntimeError) as error:
            self._lost_until = time.monotonic() + LOST_S
            logger.warning("Prefect's page does not show how far this build is (%s); the build goes on.", error)

    def _refresh(self) -> None:
        if not shard_paths(self._ledger):  # nothing was finished yet
            return
        funnel, failures = query(FUNNEL, self._ledger)[0], query(FAILURES, self._ledger)
        steps = [{"step": step.replace("_", " "), "items": items} for step, items in funnel.items()]
        self._table("funnel", "items left after each step", steps)
        self._table("failures", "why items were not kept, with an example of each", failures)
        sheet = contact_sheet(self._out)
        if sheet is not None:
            picture = f"![faces](data:image/jpeg;base64,{base64.b64encode(sheet).decode()})"
            self._put("faces", "some of the faces that were kept", picture, create_markdown_artifact, picture)

    def _table(self, what: str, description: str, rows: list[dict[str, Any]]) -> None:
        cells = [{key: plain(f"{value}") for key, value in row.items()} for row in rows]
        self._put(what, description, cells, create_table_artifact, cells)

    def _put(self, what: str, description: str, data: Any, create: Callable[..., Any], content: Any) -> None:
        """Make the artifact, or write other data into the one that was made."""
        if what in self._made:
            with get_client(sync_client=True) as client:
                stored = (
                    json.dumps(data) if isinstance(data, list) else data
                )  # as Prefect's own function stores a table
                client.update_artifact(self._made[what], ArtifactUpdate(data=stored))
        else:
            self._made[what] = create(content, key=f"{self._name}-{what}", description=description)


def plain(text: str) -> str:
    """Words from outside, ids and messages, as words: Prefect's page takes a cell for Markdown, HTML included."""
    return text.replace("<", "‹").replace(">", "›").replace("](", "] (")

"""The Prefect server that a run records into: the one that is up, or one for this run, which ends with it.

Prefect would start a server for one run itself. This one is started before the flow's own imports, so that the two
overlap, is given longer than twenty seconds (a first start creates the database), and does not survive a killed run.

    python -m flows.local_server --ui     (a lasting one with its page: make ui)
    python -m flows.local_server PORT     (ends when its standard input does)
"""

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from urllib.request import urlopen

import prefect
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

MOST_STARTS = 5  # of a server that dies: then something is wrong that no start mends
PATIENCE_S = 180  # for a first start, which creates the database, on a busy machine

logger = logging.getLogger(__name__)

# For a server's environment, where the user has not set them: no telemetry, and task runs recorded in batches (one by
# one, the server falls behind at 25 a second and loses some).
SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "500",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "500",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}
TASK_RUN_RECORDER = "prefect.server.services.task_run_recorder"
FOR_ONE_RUN = {"PREFECT_UI_ENABLED": "false", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}


class LocalServer:
    """A server process, perhaps still starting; another one at the same place if it dies while it is needed."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._needed = True
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "flows.local_server", str(self.port)]
        # Its standard input is a pipe that closes when this process ends, however it ends.
        return subprocess.Popen(command, stdin=subprocess.PIPE, env=SETTINGS | FOR_ONE_RUN | os.environ)

    def keep_alive(self) -> None:
        """From now on start it again when it dies: Prefect's client asks for half a minute before it gives up."""
        threading.Thread(target=self._watch, name="prefect-server", daemon=True).start()

    def _watch(self) -> None:
        for _ in range(MOST_STARTS):
            code = self.process.wait()
            if not self._needed:
                return
            logger.warning("The temporary Prefect server ended with code %s; it is started again.", code)
            self.process = self._start()

    @property
    def api_url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}/api"

    def wait(self) -> None:
        """Until it answers.

        Raises:
            RuntimeError: it ended, or took too long.
        """
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the temporary Prefect server ended with code {self.process.returncode}")
            if is_up(self.api_url):
                return
            time.sleep(0.1)
        raise RuntimeError(f"the temporary Prefect server did not answer within {PATIENCE_S} s")

    def stop(self) -> None:
        """End it, kindly if it will."""
        self._needed = False
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def is_up(api_url: str) -> bool:
    """Whether a healthy Prefect server of this version's kind answers there, and not something else."""
    try:
        healthy, version = (_answer(f"{api_url}/{question}") for question in ("health", "admin/version"))
    except (OSError, HTTPException, ValueError):
        return False
    return healthy is True and str(version).split(".")[0] == prefect.__version__.split(".")[0]


def _answer(url: str) -> Any:
    with urlopen(url, timeout=5) as response:
        return json.loads(response.read(1000))


def lasting_server() -> str | None:
    """Where the server answers that `make ui` started; None if none is up."""
    place = get_current_settings().server.api
    url = f"http://{place.host}:{place.port}/api"
    return url if is_up(url) else None


@contextmanager
def prefect_server() -> Iterator[LocalServer | None]:
    """The server that is configured or up already (None), or one for this run, to be waited for before a flow runs."""
    if PREFECT_API_URL.value():
        yield None
        return
    server, url = None, lasting_server()
    if url is not None:
        logger.info("Prefect's server at %s records this run.", url)
    else:
        server = LocalServer()
        url = server.api_url
    try:
        with temporary_settings({PREFECT_API_URL: url}):
            yield server
    finally:
        EventsWorker.drain_all()  # else the last task runs and log lines find no one to record them
        APILogWorker.drain_all()
        if server:
            server.stop()


def serve(port: int) -> None:
    """Run a server until standard input ends."""
    import uvicorn

    logging.getLogger(TASK_RUN_RECORDER).addFilter(nothing_was_lost)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host="127.0.0.1",
        port=port,
        log_level="error",
        lifespan="on",
    )


def nothing_was_lost(record: logging.LogRecord) -> bool:
    """A logging filter: leaves out a write that the server's end interrupts, for its last write makes up for it."""
    interrupted = record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not (interrupted and ", 0 dropped" in record.getMessage())


def serve_page() -> None:
    """Become a lasting server, with its page."""
    command = [sys.executable, "-m", "prefect", "server", "start"]
    os.execve(command[0], command, SETTINGS | os.environ)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    serve_page() if sys.argv[1] == "--ui" else serve(int(sys.argv[1]))

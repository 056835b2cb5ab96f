"""Prefect's server may die while a build goes on: what asked it in vain is handed over again once it answers."""

import time
from urllib.error import HTTPError
from urllib.request import urlopen

import httpx
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL

from s2f.runtime import TryAgainLater

UNSERVED = (ConcurrencySlotAcquisitionError, httpx.TransportError, PrefectHTTPStatusError)
PATIENCE_S = 180.0  # with a server that somebody, or this program itself, starts again
POLL_S = 0.5


def unserved(error: BaseException | None) -> bool:
    """Whether a task failed for want of a server; a cluster's worker sends the error, and not always its cause."""
    while error is not None:
        if isinstance(error, UNSERVED):
            return True
        error = error.__cause__ or error.__context__
    return False


def wait_for_server(error: Exception) -> None:
    """Until Prefect's server answers again.

    Raises:
        TryAgainLater: it has not for minutes.
    """
    until = time.monotonic() + PATIENCE_S
    while not server_answers():
        if time.monotonic() > until:
            raise server_is_gone(error)
        time.sleep(POLL_S)


def server_is_gone(error: BaseException) -> TryAgainLater:
    """In a sentence."""
    return TryAgainLater(
        f"Prefect's server does not answer any more ({error}); what was built is kept. "
        "Run the same command again: it goes on from here."
    )


def server_answers() -> bool:
    """Whether there is one; asked once, where Prefect's own functions would try for a minute."""
    url = PREFECT_API_URL.value()
    if not url:  # then there is none to wait for
        return True
    try:
        urlopen(f"{url}/health", timeout=5).close()
    except HTTPError as answer:  # one with a password answers too
        return answer.code < 500
    except (OSError, ValueError):
        return False
    return True

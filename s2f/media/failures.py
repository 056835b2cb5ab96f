"""Why an item was not used: a closed set of reasons, each of one kind, and the exception that carries one.

A rule that drops an item says which reason; reasons are counted, kept in the ledger and reported. The kind says what
to do about it: a permanent failure stays, a transient one is tried again in the same run, a blocked one was never
answered. The next run tries transient and blocked ones again only where nothing of their shard was kept.
"""

import functools
import logging
import re
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What a reason means for the item."""

    PERMANENT = "permanent"  # it will not come back
    TRANSIENT = "transient"  # worth another try: `fetch_attempts` of them in one run
    BLOCKED = "blocked"  # the host refuses everything for a while: says nothing about the item
    BAD_MEDIA = "bad_media"  # it came, and cannot be used
    FILTERED = "filtered"  # it can be read, and is not what is looked for


REASONS = {
    "bad_row": Kind.PERMANENT,  # a row of the list that cannot be read, or an id that is not one
    "removed": Kind.PERMANENT,
    "private": Kind.PERMANENT,
    "members_only": Kind.PERMANENT,
    "age_restricted": Kind.PERMANENT,
    "geo_blocked": Kind.PERMANENT,
    "no_format": Kind.PERMANENT,
    "live": Kind.PERMANENT,  # a stream that has not ended: no clip of a list can be in it
    "too_large": Kind.PERMANENT,
    "bot_check": Kind.BLOCKED,
    "rate_limited": Kind.BLOCKED,
    "network": Kind.TRANSIENT,
    "forbidden": Kind.TRANSIENT,
    "timeout": Kind.TRANSIENT,
    "internal_error": Kind.TRANSIENT,  # what nobody foresaw: a library's, a disk's or this program's own
    "corrupt": Kind.BAD_MEDIA,
    "no_audio": Kind.BAD_MEDIA,
    "no_video": Kind.BAD_MEDIA,
    "too_short": Kind.BAD_MEDIA,
    "no_face": Kind.FILTERED,
    "multiple_faces": Kind.FILTERED,
    "face_off_centre": Kind.FILTERED,
}


class Step(StrEnum):
    """What an item must pass, in order."""

    ROW = "readable row"
    FETCHED = "fetched"
    DECODED = "decoded"
    ONE_FACE = "exactly one face"
    KEPT = "in its place: kept"


OK = "ok"
STATUSES = (OK, "filtered", "failed", "blocked")

logger = logging.getLogger(__name__)


class Failure(Exception):  # noqa: N818 - an outcome, not an error in the program
    """One item's end: a reason of `REASONS`, the tool's own words, and how often it was tried."""

    def __init__(self, reason: str, message: str, attempts: int = 1) -> None:
        super().__init__(reason, message, attempts)  # all of it: a worker process pickles what it raises
        self.reason = reason
        self.kind = REASONS[reason]
        self.message = message
        self.attempts = attempts

    @property
    def status(self) -> str:
        """The ledger's word: filtered, failed or blocked."""
        return self.kind.value if self.kind in (Kind.FILTERED, Kind.BLOCKED) else "failed"

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


def lost_at(reason: str, attempts: int) -> Step:
    """The step that an item with this reason did not pass.

    Without an attempt at fetching it (too short by its list) it was not fetched, and an internal error counts so too.
    """
    kind = REASONS.get(reason)
    if reason == "bad_row":
        return Step.ROW
    if attempts == 0 or kind in (Kind.PERMANENT, Kind.TRANSIENT, Kind.BLOCKED):
        return Step.FETCHED
    if kind is Kind.BAD_MEDIA:
        return Step.DECODED
    return Step.ONE_FACE if reason in ("no_face", "multiple_faces") else Step.KEPT


def unforeseen(error: Exception, name: str) -> Failure:
    """internal_error, with the error's class and words; logged with its traceback, for it should be looked into."""
    logger.error("%s: an error that nobody foresaw", name, exc_info=error)
    return Failure("internal_error", tidy(f"{type(error).__name__}: {error}"))


def tidy(message: str) -> str:
    """A tool's words in one line, without what differs from run to run: colours, addresses, this machine's folders."""
    message = re.sub(r"\x1b\[[0-9;]*m|\r", "", message).replace(_here(), "")
    message = re.sub(r"0x[0-9a-f]{6,}", "0x…", message)
    return storable(" ".join(message.split()))[:500]


def storable(text: str) -> str:
    r"""Text that UTF-8, and so a table, can hold: half a surrogate pair, of broken JSON or a file's name, as \udxxx."""
    return text.encode("utf-8", "backslashreplace").decode()


@functools.cache
def _here() -> str:
    return f"{Path.cwd()}/"

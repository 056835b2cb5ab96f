"""Why an item was not used: a closed set of reasons, each of one class, and the exception that carries one.

A rule that drops an item says which reason; reasons are counted, kept in the ledger and reported. The class says what
to do about it: what is permanent or filtered stays so, what is transient or blocked may yet come, and is asked again.
"""

import errno
import functools
import logging
import re
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from s2f.runtime import TryAgainLater


class Kind(StrEnum):
    """The class of a reason: what it means for the item."""

    PERMANENT = "permanent"  # it will not come, or came and cannot be used
    TRANSIENT = "transient"  # worth another try: some of them in the same run
    BLOCKED = "blocked"  # the host refuses everything for a while: says nothing about the item
    FILTERED = "filtered"  # it can be read, and is not what is looked for


class Step(StrEnum):
    """What an item must pass, in order."""

    ROW = "readable row"
    FETCHED = "fetched"
    DECODED = "decoded"
    ONE_FACE = "exactly one face"
    KEPT = "in its place: kept"


class Reason(NamedTuple):
    """Its class, and the step that an item with it did not pass."""

    kind: Kind
    step: Step


REASONS = {
    "bad_row": Reason(Kind.PERMANENT, Step.ROW),  # a row of the list that cannot be read, or an id that is not one
    "duplicate": Reason(Kind.FILTERED, Step.ROW),  # the same bytes as a picture before it
    "removed_on_request": Reason(Kind.PERMANENT, Step.FETCHED),  # by whom it shows: never asked for again
    "removed": Reason(Kind.PERMANENT, Step.FETCHED),
    "private": Reason(Kind.PERMANENT, Step.FETCHED),
    "members_only": Reason(Kind.PERMANENT, Step.FETCHED),
    "age_restricted": Reason(Kind.PERMANENT, Step.FETCHED),
    "geo_blocked": Reason(Kind.PERMANENT, Step.FETCHED),
    "no_format": Reason(Kind.PERMANENT, Step.FETCHED),
    "live": Reason(Kind.PERMANENT, Step.FETCHED),  # a stream that has not ended: no clip of a list can be in it
    "too_large": Reason(Kind.PERMANENT, Step.FETCHED),
    "unsafe_address": Reason(Kind.PERMANENT, Step.FETCHED),  # a page that leads to this machine's own network
    "bot_check": Reason(Kind.BLOCKED, Step.FETCHED),
    "rate_limited": Reason(Kind.BLOCKED, Step.FETCHED),
    "network": Reason(Kind.TRANSIENT, Step.FETCHED),
    "forbidden": Reason(Kind.TRANSIENT, Step.FETCHED),
    "timeout": Reason(Kind.TRANSIENT, Step.FETCHED),
    "internal_error": Reason(Kind.TRANSIENT, Step.FETCHED),  # what nobody foresaw: a library's or this program's own
    "corrupt": Reason(Kind.PERMANENT, Step.DECODED),
    "no_audio": Reason(Kind.PERMANENT, Step.DECODED),
    "no_video": Reason(Kind.PERMANENT, Step.DECODED),
    "too_short": Reason(Kind.PERMANENT, Step.DECODED),
    "no_face": Reason(Kind.FILTERED, Step.ONE_FACE),
    "multiple_faces": Reason(Kind.FILTERED, Step.ONE_FACE),
    "face_off_centre": Reason(Kind.FILTERED, Step.KEPT),
}


DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
OK = "ok"
STATUSES = (OK, *Kind)  # of the ledger

logger = logging.getLogger(__name__)


class Failure(Exception):  # noqa: N818 - an outcome, not an error in the program
    """One item's end: a reason of `REASONS`, the tool's own words, how often it was tried, whether a host was met."""

    def __init__(self, reason: str, message: str, attempts: int = 1, met_host: bool = True) -> None:
        super().__init__(reason, message, attempts, met_host)  # all of it: a worker process pickles what it raises
        self.reason = reason
        self.kind = REASONS[reason].kind
        self.message = message
        self.attempts = attempts
        self.met_host = met_host

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"

    @property
    def says_nothing(self) -> bool:
        """Whether it is the host's refusal of everybody, or its absence, and no word on this item."""
        absent = self.kind is Kind.TRANSIENT and not self.met_host and self.reason != "internal_error"
        return self.kind is Kind.BLOCKED or absent

    def after(self, attempts: int) -> "Failure":
        """The same, after so many attempts."""
        return Failure(self.reason, self.message, attempts, self.met_host)


def status_of(reason: str) -> str:
    """The ledger's word for an item that ended so: ok, or the reason's class."""
    return OK if reason == OK else REASONS[reason].kind.value


def lost_at(reason: str, attempts: int) -> Step:
    """The step that an item with this reason did not pass; without an attempt at fetching it, it was not fetched.

    A reason that nobody knows, of an older ledger or a newer one, counts as the last step's.
    """
    step = REASONS[reason].step if reason in REASONS else Step.KEPT
    return Step.FETCHED if attempts == 0 and step is not Step.ROW else step


def unforeseen(error: Exception, name: str) -> Failure:
    """internal_error, with the error's class and words; logged with its traceback, for it should be looked into.

    Raises:
        OSError: a full disk is no end of one item, but of the work.
        TryAgainLater: likewise.
    """
    if isinstance(error, TryAgainLater) or (isinstance(error, OSError) and error.errno in DISK_FULL):
        raise error
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

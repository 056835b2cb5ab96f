"""From what a site answered, in a status or in a sentence, to one of the reasons of `failures.py`."""

import errno
import os
import re
from collections.abc import Iterator

from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import DownloadError, GeoRestrictedError, YoutubeDLError

from s2f.media.failures import DISK_FULL, Failure, tidy, unforeseen
from s2f.media.guard import Guard, Refused
from s2f.media.stopping import STOP

# yt-dlp's and the sites' own sentences, in the order they are looked for; the first that fits decides.
SENTENCES = (
    ("bot_check", r"confirm you.re not a bot"),
    # YouTube's own sentence for a session that asked too much; elsewhere "later" is said of one video, or of nothing.
    ("rate_limited", r"\brate.?limit|too many requests|content isn.t available, try again later"),
    ("network", r"try again later"),
    ("members_only", r"members.only|join this channel|available to this channel's members|music premium members"),
    ("members_only", r"requires payment"),
    ("private", r"private video|video is private"),
    ("age_restricted", r"confirm your age|age.restricted|inappropriate for some users"),
    ("geo_blocked", r"(in|from) your (country|location|region)|geo.?restrict"),
    ("removed", r"no such file|is a directory|video unavailable|no longer available|been removed|has been terminated"),
    ("removed", r"removed by|not exist|account .*(closed|deleted)|(video|recording) is not available"),
    ("removed", r"live event has ended|blocked it on copyright grounds"),
    ("no_format", r"requested format|no video formats|unsupported url|drm protected|redirect loop|not a video"),
    ("no_format", r"ffmpeg could not be found"),  # a stream that only ffmpeg could fetch, and it must not
    ("live", r"live event will begin|premieres in"),
    ("timeout", r"timed? ?out"),
)
# What a status says of the video itself. Any other refuses the request: a proxy's bill, a method, somebody's firewall.
HTTP_REASONS = {
    401: "private",
    402: "network",  # a proxy's that wants to be paid
    404: "removed",
    407: "network",  # a proxy's that does not know its user
    408: "timeout",
    410: "removed",
    429: "rate_limited",
    451: "geo_blocked",
}
PROXY_AUTHENTICATION = 407
# What yt-dlp names in front of its words or within them: a video, addresses, files. They may be called rate-limit1.
NAMES = re.compile(r"\[[\w:+-]+\] [\w.-]+: |\w+:/\S*|(?<!\w)'[^'\s]*/[^']*'|(?<!\w)/\S+")
_FULL = os.strerror(errno.ENOSPC)


def failure_of(error: Exception, url: str, guard: Guard | None = None) -> Failure:
    """What one attempt ended in: the guard's word first, then yt-dlp's.

    Raises:
        OSError: a full disk, which is no end of one video, but of the work.
        Stopped: likewise, whatever broke because of it.
    """
    STOP.check()
    if any(isinstance(one, OSError) and one.errno in DISK_FULL for one in _causes(error)) or _FULL in str(error):
        raise OSError(errno.ENOSPC, _FULL)
    if guard is not None and guard.late:  # whatever broke, it broke because the guard hung up
        return Failure("timeout", f"not fetched within {guard.max_seconds:g} s")
    if isinstance(error, Failure):
        return error
    for cause in _causes(error):
        if isinstance(cause, Refused):
            return cause.failure
    if guard is not None and guard.refused is not None and guard.refused.message in str(error):
        return guard.refused
    if isinstance(error, YoutubeDLError):
        met_host = _status(error) != PROXY_AUTHENTICATION
        return Failure(reason_of(error), tidy(str(error)), met_host=met_host)
    return unforeseen(error, url)


def reason_of(error: Exception) -> str:
    """The reason behind a yt-dlp error: its words but for names, then its causes' class and HTTP status."""
    words = NAMES.sub("", str(error).lower())
    for reason, sentence in SENTENCES:
        if re.search(sentence, words):
            return reason
    if any(isinstance(cause, GeoRestrictedError) for cause in _causes(error)):
        return "geo_blocked"
    status = _status(error)
    if status is not None:
        return HTTP_REASONS.get(status, "forbidden" if 400 <= status < 500 else "network")
    return "network"  # unknown words are worth another try, and are never held against the video


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what yt-dlp and Python keep of how it came about."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, DownloadError) and one.exc_info:
            waiting.append(one.exc_info[1])
        waiting += [getattr(one, "cause", None), one.__cause__, one.__context__]


def _status(error: Exception) -> int | None:
    """Of an HTTP answer that an error is about."""
    found = re.search(r"http error (\d{3})", str(error).lower())
    return next((cause.status for cause in _causes(error) if isinstance(cause, HTTPError)), None) or (
        int(found.group(1)) if found else None
    )

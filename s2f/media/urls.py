"""From a video's id to its URL. Ids come from lists that anyone may have written: each is checked before it is used."""

import re
from pathlib import Path
from urllib.parse import quote, urlsplit

from s2f.media.failures import Failure
from s2f.runtime import InputError

SCHEMES = ("file", "http", "https")

COOKIES = re.compile(r"# ?(Netscape )?HTTP Cookie File")  # the first line of a Netscape file

# YouTube's eleven characters, and file names: no separator, no leading dot, nothing that a URL or a shell reads.
VIDEO_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}", re.ASCII)


def check_video_id(youtube_id: str) -> str:
    """The id itself.

    Raises:
        Failure: bad_row, for what is not a video's id.
    """
    if not VIDEO_ID.fullmatch(youtube_id):
        raise Failure("bad_row", f"id {youtube_id[:64]!r} is not one: letters, digits, '-', '_' and '.' are allowed")
    return youtube_id


def check_template(template: str) -> str:
    """The template itself.

    Raises:
        InputError: it names something else than a local file or a web page.
    """
    try:
        parts = urlsplit(template)
    except ValueError as error:
        raise InputError(f"speech_faces.url: {template} is no URL ({error}).") from None
    if parts.scheme not in SCHEMES:
        raise InputError(f"speech_faces.url: scheme '{parts.scheme}' of {template}; allowed: {', '.join(SCHEMES)}.")
    if parts.scheme != "file" and ("{" in parts.netloc or not parts.netloc):  # an id could name any machine
        raise InputError(f"speech_faces.url: the host of {template}; allowed: one that is written out.")
    return template


def check_cookies(path: str | None) -> None:
    """Refuse what yt-dlp would not read, before it is asked.

    Raises:
        InputError: no such file, or no cookies in Netscape's format.
    """
    if path is None:
        return
    try:
        with Path(path).open(encoding="utf-8") as file:
            first = file.readline(200)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"fetching.cookies: {path} cannot be read ({type(error).__name__}).") from None
    if not COOKIES.match(first):
        raise InputError(f"fetching.cookies: {path} does not begin with '# Netscape HTTP Cookie File'.")


def video_path(template: str, source: str, youtube_id: str) -> Path | None:
    """The absolute path that a `file:` template names; None for a template of pages.

    Raises:
        Failure: bad_row, for an id that is not one.
    """
    if urlsplit(template).scheme != "file":
        return None
    return Path(_filled(template, source, youtube_id).removeprefix("file:").removeprefix("//")).absolute()


def video_url(template: str, source: str, youtube_id: str) -> str:
    """The template with its id and source filled in; a `file:` path becomes absolute and percent-encoded.

    Raises:
        Failure: bad_row, for an id that is not one.
    """
    path = video_path(template, source, youtube_id)
    return _filled(template, source, youtube_id) if path is None else f"file://{quote(str(path))}"


def _filled(template: str, source: str, youtube_id: str) -> str:
    return template.replace("{source}", source).replace("{youtube_id}", check_video_id(youtube_id))

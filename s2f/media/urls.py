"""From a video's id to its URL. Ids come from lists that anyone may have written: each is checked before it is used."""

import re
from pathlib import Path
from urllib.parse import quote, urlsplit

from s2f.media.failures import Failure
from s2f.runtime import InputError

SCHEMES = ("file", "http", "https")

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
        scheme = urlsplit(template).scheme
    except ValueError as error:
        raise InputError(f"speech_faces.url: {template} is no URL ({error}).") from None
    if scheme not in SCHEMES:
        raise InputError(f"speech_faces.url: scheme '{scheme}' of {template}; allowed: {', '.join(SCHEMES)}.")
    return template


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

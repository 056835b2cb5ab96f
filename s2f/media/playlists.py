"""Playlists that would unfold without bounds: what they claim is counted before yt-dlp writes it out.

Half a kilobyte of DASH can claim a billion pieces, each of which yt-dlp would list, and a list of a few megabytes a
million formats: no byte more comes from the network, so that no bound on bytes or on silence ends it.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from yt_dlp.utils import parse_duration

from s2f.media.failures import Failure

MOST_LINES = 500_000  # of an HLS playlist: five days in pieces of a second
MOST_FORMATS = 5_000  # the largest sites have some hundred, a film with fifty breaks as many times twenty
MOST_TEXT = 500_000_000  # characters of a DASH playlist, written out: a day in twenty formats
PIECE_TEXT = 200  # characters that a piece takes beside its name
LARGE = 1e15  # what is more is no number of anything
WIDE = re.compile(r"\$\w+%[^$]*\d{3}")  # a number of a hundred digits or more in a piece's name

Refuse = Callable[[Failure], Exception]


def bind(extractor: Any, refuse: Refuse) -> None:
    """Let one of yt-dlp's extractors unfold no playlist but one within bounds; `refuse` makes what is raised."""
    for name, check in (("_parse_mpd_periods", check_dash), ("_parse_m3u8_formats_and_subtitles", check_hls)):
        setattr(extractor, name, _checked(getattr(extractor, name), check, refuse))


def _checked(unfold: Callable[..., Any], check: Callable[[Any], None], refuse: Refuse) -> Callable[..., Any]:
    def checked(playlist: Any, *others: Any, **named: Any) -> Any:
        try:
            check(playlist)
        except Failure as failure:
            raise refuse(failure) from None
        return unfold(playlist, *others, **named)

    return checked


def check_hls(playlist: str) -> None:
    """Judge an HLS playlist.

    Raises:
        Failure: too_large.
    """
    _no_more("lines in a playlist", playlist.count("\n"), MOST_LINES)
    _no_more("formats in a playlist", len(re.findall(r"#EXT-X-(?:STREAM-INF|MEDIA):", playlist)), MOST_FORMATS)


def check_dash(playlist: Element) -> None:
    """Judge a DASH playlist, by no less than what yt-dlp would make of it.

    Raises:
        Failure: too_large.
    """
    formats, text = 0, 0.0
    whole = parse_duration(playlist.get("mediaPresentationDuration")) or 0.0
    for period in _children(playlist, "Period"):
        seconds = parse_duration(period.get("duration")) or whole
        above = [_said(playlist), _said(period)]
        for kind in _children(period, "AdaptationSet"):
            of_kind = _said(kind)
            for one in _children(kind, "Representation"):
                formats += 1
                text += _written_out([*above, of_kind, _said(one)], seconds)
                _no_more("formats in a playlist", formats, MOST_FORMATS)
                _no_more("characters in a playlist, written out", text, MOST_TEXT)


class _Said(NamedTuple):
    """What one element says of the pieces of all formats in it."""

    base: int  # characters before their names
    name: int  # characters of a name
    listed: int
    shortest: float  # of their durations, in units of which there are `scale` in a second
    scale: float


def _said(element: Element) -> _Said:
    base = sum(len(one.text or "") for one in _children(element, "BaseURL"))
    templates = [*_children(element, "SegmentTemplate"), *_children(element, "SegmentList")]
    names = [one.get(key, "") for one in templates for key in ("media", "initialization")]
    if any(WIDE.search(name) for name in names):
        raise Failure("too_large", f"a number in the name of a playlist's pieces: {max(names, key=len)[:100]}")
    runs = [run for one in templates for line in _children(one, "SegmentTimeline") for run in _children(line, "S")]
    return _Said(
        base,
        max(map(len, names), default=0),
        sum(1 + max(int(_number(run.get("r"))), 0) for run in runs),
        min((length for one in templates if (length := _number(one.get("duration"))) > 0), default=math.inf),
        max((_number(one.get("timescale")) for one in templates), default=1.0),
    )


def _written_out(levels: Sequence[_Said], seconds: float) -> float:
    """Characters of one format. What one level says holds for those below: the worst of all counts."""
    by_length = seconds * max(1.0, *(said.scale for said in levels)) / min(said.shortest for said in levels)
    pieces = max(by_length, *(said.listed for said in levels))
    return pieces * (PIECE_TEXT + max(said.name for said in levels)) + sum(said.base for said in levels)


def _children(element: Element, name: str) -> Iterator[Element]:
    """By a name without its namespace."""
    return (child for child in element if str(child.tag).rpartition("}")[2] == name)


def _number(text: str | None) -> float:
    try:
        number = float(text or 0)
    except ValueError:  # yt-dlp will stumble over it
        return 0.0
    return min(number, LARGE) if number == number else 0.0


def _no_more(what: str, found: float, most: int) -> None:
    if found > most:
        raise Failure("too_large", f"more than {most:,} {what}")

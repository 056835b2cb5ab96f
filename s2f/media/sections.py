"""Of a long video, the parts that hold the clips: fetched by letting ffmpeg look for them, and verified afterwards.

ffmpeg reads a clip's packets, decoding nothing, from a file that is fetched as it reads. What it reads then lies in a
local file with holes, at its own place: a clip read from there is the clip read from the whole file. That is checked:
packets from the local file must be those from the server, they must begin and end with the clip, sound and picture
together. Where any of it does not hold, the rest of the file is fetched too.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import ffmpeg

from s2f.decoding import FORMATS, MOST_PIXELS, decoding, media_input
from s2f.media.fetched import Span
from s2f.media.ranges import NotWorthIt, RangedFile
from s2f.media.serving import served

LEAD_S = 10.0  # a decoder starts at a key frame: encoders set one every 10 s or sooner
MARGIN_S = 3.0  # read beyond a clip's end: decoders ask for some packets more than they show
REORDERED = 17  # packets that a decoder may hold back: H.264's 16 pictures and one
TOLERANCE_S = 0.5  # at a clip's ends, and within it
OFFSET_S = 0.2  # between the first of sound and of picture: more is seen on lips
FAST = 500_000  # bytes a second: 4 Mbit/s, more than sites spend on 720p. Of an unknown length, the least
INDEX_SHARE = 0.01  # of a file: where everything lies in it
WORTH = 0.5  # of the whole's bytes: a section that may need more is not worth its requests
MOST_TEXT = 10_000_000  # characters about packets: 100,000 of them

Packets = dict[str, list[Span]]  # by kind, "audio" or "video": from when to when each lasts, from the clip's start


def worth_cutting(total: int, duration_s: float | None, spans: Sequence[Span]) -> bool:
    """Would the spans' bytes, with all that has to be read around them, be clearly fewer than the whole's?

    Of a video whose length nobody said it is known that the clips are in it, and that it is not faster than FAST.
    """
    if not spans:
        return False
    known = duration_s or 0.0
    length = max(known, max(end for _, end in spans), 0.0 if known else total / FAST)
    read = sum(end - start for start, end in merged((start - LEAD_S, end + MARGIN_S) for start, end in spans))
    return total * (min(read / length, 1.0) + INDEX_SHARE) < WORTH * total


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans without overlap, from 0 on, in order."""
    found: list[Span] = []
    for start, end in sorted((max(start, 0.0), end) for start, end in spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def cut(file: RangedFile, spans: Sequence[Span]) -> str | None:
    """Fetch what the spans' reading needs; why that does not hold, if it does not.

    Raises:
        Changed: the server sends something else than before.
        YoutubeDLError, Failure: the server's.
    """
    file.budget = round(WORTH * file.total)
    try:
        with served(file) as url:
            looked = [_look(_served_input(url, span), file) for span in spans]
    except NotWorthIt:
        return f"more than {file.budget:,} of {file.total:,} bytes"
    for span, remote in zip(spans, looked, strict=True):
        local = _packets(media_input(file.path, ss=f"{span[0]:.3f}", t=_length(span)))
        if remote is None or local != remote:
            return f"the section at {span[0]:g} s is read otherwise from the server"
        if problem := flaw(parse(local), span[1] - span[0]):
            return f"the section at {span[0]:g} s: {problem}"
    return None


def flaw(packets: Packets, seconds: float) -> str | None:
    """Why packets are not a clip of so many seconds, or None: sound and picture must cover it, and begin together."""
    firsts = []
    for kind, shown in packets.items():
        begins, stop = sorted(begin for begin, _ in shown), max(stop for _, stop in shown)
        gaps = sorted(after - before for before, after in itertools.pairwise(begins))
        if not gaps or REORDERED * gaps[len(gaps) // 2] > MARGIN_S:
            return f"{kind} has too few packets to know how many a decoder needs"
        if begins[0] > TOLERANCE_S or stop < seconds - TOLERANCE_S or gaps[-1] > TOLERANCE_S:
            return f"{kind} from {begins[0]:.2f} to {stop:.2f} s, with a gap of {gaps[-1]:.2f} s, for {seconds:.2f} s"
        firsts.append(max(begins[0], 0.0))
    if not firsts:
        return "nothing there"
    apart = max(firsts) - min(firsts)
    return f"sound and picture begin {apart:.2f} s apart" if apart > OFFSET_S else None


def parse(text: str) -> Packets:
    """Packets of ffmpeg's framecrc: lines of stream, dts, pts, duration, size, checksum, behind a header."""
    kinds: dict[str, str] = {}
    bases: dict[str, float] = {}
    found: Packets = defaultdict(list)
    for line in text.splitlines():
        if line.startswith("#"):
            key, _, value = line.removeprefix("#").partition(":")
            name, _, stream = key.partition(" ")
            if name == "tb":
                above, _, below = value.partition("/")
                bases[stream] = int(above) / int(below)
            elif name == "media_type":
                kinds[stream] = value.strip()
            continue
        stream, _, pts, duration, *_ = (word.strip() for word in line.split(","))
        if pts.lstrip("-").isdecimal() and abs(int(pts)) < 1 << 62:  # unknown ones are told by their checksum alone
            begin = int(pts) * bases[stream]
            found[kinds[stream]].append((begin, begin + int(duration) * bases[stream]))
    return dict(found)


def _served_input(url: str, span: Span) -> Any:
    """As `media_input` opens a local file; no proxy that the environment names is asked for this machine."""
    safe = {"protocol_whitelist": "http,tcp", "format_whitelist": FORMATS, "max_pixels": MOST_PIXELS}
    return ffmpeg.input(url, threads=1, http_proxy="", ss=f"{span[0]:.3f}", t=_length(span), **safe)


def _length(span: Span) -> str:
    return f"{span[1] - span[0] + MARGIN_S:.3f}"


def _look(source: Any, file: RangedFile) -> str | None:
    """Packets' description while they are fetched.

    Raises:
        Exception: what ended the fetching.
    """
    text = _packets(source)
    if file.failure is not None:
        raise file.failure
    return text


def _packets(source: Any) -> str | None:
    """What ffmpeg says of every packet of sound and picture: its times, size and checksum; None without an end."""
    output = ffmpeg.output(source["a:0?"], source["V:0?"], "pipe:", format="framecrc", c="copy", copyinkf=None)
    with decoding(output) as decoder:
        text = decoder.output.read(MOST_TEXT + 1)
        return None if len(text) > MOST_TEXT or decoder.end() != 0 else text.decode()

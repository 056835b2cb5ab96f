"""Playlists that claim more than any film holds, from a server and from a local file."""

import resource
import time
from xml.etree import ElementTree

import pytest

from s2f.media.failures import Failure
from s2f.media.fetch import fetch_video
from s2f.media.playlists import MOST_FORMATS, MOST_LINES, check_dash

SOON_S, MOST_MB = 10.0, 300
SET = 'mimeType="video/mp4" codecs="avc1.42c00d" width="192" height="108"'
LONG_NAME = "a" * 1_000_000
BASE = f"<BaseURL>{'b' * 1_000_000}</BaseURL>"


def mpd(template, pieces='duration="1"', shown="PT180S", formats=1, base="", timeline=""):
    """A DASH playlist; `pieces` are the template's attributes."""
    one = '<Representation bandwidth="500000"/>'
    return (
        f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="{shown}">{base}<Period>'
        f'<AdaptationSet {SET}><SegmentTemplate media="{template}" {pieces}>{timeline}</SegmentTemplate>{one * formats}'
        "</AdaptationSet></Period></MPD>"
    )


def run(repeat):
    return f'<SegmentTimeline><S t="0" d="1" r="{repeat}"/></SegmentTimeline>'


BOMBS = {
    "long.mpd": mpd("$Number$.mp4", shown="PT10000000H"),
    "short.mpd": mpd("$Number$.mp4", 'duration="1" timescale="1000000"', "PT50H"),
    "timeline.mpd": mpd("$Time$.mp4", "", timeline=run(10_000_000)),
    "wide.mpd": mpd("$Number%0999999999d$.mp4"),
    "name.mpd": mpd(f"$Number${LONG_NAME}.mp4", shown="PT1H"),
    "bases.mpd": mpd("$Number$.mp4", formats=4_000, base=BASE, shown="PT1S"),
    "formats.mpd": mpd("$Number$.mp4", formats=MOST_FORMATS + 1, shown="PT1S"),
    "formats.m3u8": "#EXTM3U\n" + "#EXT-X-STREAM-INF:BANDWIDTH=1\na\n" * (MOST_FORMATS + 1),
    "lines.m3u8": "#EXTM3U\n" + "#EXTINF:1,\na\n" * (MOST_LINES // 2) + "#EXT-X-ENDLIST\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory, video_server):
    folder = tmp_path_factory.mktemp("playlists")
    for name, content in BOMBS.items():
        (folder / name).write_text(content)
    (folder / "then.m3u8").write_text("#EXTM3U\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n")
    with video_server(folder) as serving:
        yield serving


def refused(url, folder, fetching):
    """The failure, which took little time and memory."""
    before, begun = peak_mb(), time.monotonic()
    with pytest.raises(Failure) as caught:
        fetch_video(url, folder, [(0.0, 2.0)], fetching(max_seconds=600.0), 720)
    assert time.monotonic() - begun < SOON_S
    assert peak_mb() - before < MOST_MB
    return caught.value


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("name", BOMBS)
def test_a_playlist_that_claims_too_much_is_refused_before_it_is_unfolded(tmp_path, server, fetching, name):
    found = refused(f"{server.url}{name}", tmp_path, fetching)
    assert found.reason == "too_large" and "playlist" in found.message


@pytest.mark.parametrize("fault", ["endless", "lines"])
def test_a_list_of_pieces_that_has_grown_when_it_is_asked_for_again_is_refused(tmp_path, server, fetching, fault):
    server.requests.clear()
    server.rules["then.m3u8"] = f"after:1:{'to:/lines.m3u8' if fault == 'lines' else fault}"
    found = refused(f"{server.url}then.m3u8", tmp_path, fetching)
    words = {"endless": "32,000,000 bytes of one answer", "lines": "lines in a playlist"}
    assert found.reason == "too_large" and words[fault] in found.message


@pytest.mark.parametrize("name", ["long.mpd", "lines.m3u8"])
def test_a_local_file_that_is_such_a_playlist_is_refused_too(tmp_path, fetching, name):
    (tmp_path / "film").write_text(BOMBS[name])
    assert refused(f"file://{tmp_path}/film", tmp_path, fetching).reason in ("too_large", "corrupt")


@pytest.mark.parametrize(
    "content",
    [mpd("$Number%05d$.mp4", 'duration="2"', "PT24H", formats=20),
     mpd("$Time$.mp4", "", formats=20, timeline=run(43_200)),
     mpd("$Number$.mp4", 'duration="x" timescale="x"'), "<MPD/>"],
)  # fmt: skip
def test_a_day_in_twenty_formats_passes(content):
    check_dash(ElementTree.fromstring(content))

import contextlib
import http.server
import threading
from collections import Counter
from typing import ClassVar

import pytest
import yt_dlp
from yt_dlp.utils import DownloadError, GeoRestrictedError

from s2f.media import fetch as fetching
from s2f.media.failures import Failure, Kind
from s2f.media.fetch import fetch, reason_of
from s2f.media.urls import video_url


class Handler(http.server.BaseHTTPRequestHandler):
    """/404 answers 404; /reset hangs up; /page is a page without a video; /film.mp4 is one; /twice fails once.

    /endless.mp4 never ends and says no length; /live.m3u8 is a stream that goes on.
    """

    film = b""
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:1.0,\nfilm.ts\n"
    asked: ClassVar = Counter()

    def log_message(self, *words):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        name = self.path.strip("/").split(".")[0]
        self.asked[name] += 1
        if name == "reset":
            self.close_connection = True
            return
        if name == "endless":
            self._go_on()
            return
        status = int(name) if name.isdigit() else 500 if name == "twice" and self.asked[name] == 1 else 200
        page = name == "page"
        content = b"<html>hello</html>" if page else self.film if status == 200 else b""
        content = self.playlist if name == "live" else content
        self.send_response(status)
        types = {"page": "text/html", "live": "application/vnd.apple.mpegurl"}
        self.send_header("Content-Type", types.get(name, "video/mp4"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[:500] if name == "cut" else content)

    def _go_on(self):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "video/mp4")
        self.end_headers()
        with contextlib.suppress(OSError):  # until nobody listens
            while self.command == "GET":
                self.wfile.write(self.film)


@pytest.fixture(scope="module")
def server(tmp_path_factory, film, wall):
    Handler.film = film(tmp_path_factory.mktemp("film") / "film.mp4", wall, seconds=0.5).read_bytes()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def failure(url, folder, attempts=1):
    with pytest.raises(Failure) as caught:
        fetch(url, folder, attempts, first_pause_s=0)
    assert caught.value.message
    return caught.value


def test_a_local_file_is_read_where_it_lies(tmp_path, film, wall):
    path = film(tmp_path / "with space #1%20" / "-x.mp4", wall, seconds=0.3)
    url = video_url("file:{source}/{youtube_id}.mp4", str(path.parent), "-x")
    assert fetch(url, tmp_path / "empty", attempts=1) == (path, 1)


def test_a_missing_local_file_is_removed_for_good(tmp_path):
    found = failure(video_url("file:{source}/{youtube_id}.mp4", str(tmp_path), "gone"), tmp_path, attempts=3)
    assert (found.reason, found.attempts) == ("removed", 1)
    assert "No such file" in found.message


def test_a_downloaded_video_is_whole(tmp_path, server):
    path, attempts = fetch(f"{server}film.mp4", tmp_path, attempts=1)
    assert path.read_bytes() == Handler.film
    assert (path.parent, attempts) == (tmp_path, 1)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("404", "removed"), ("410", "removed"), ("403", "forbidden"), ("401", "private"), ("429", "rate_limited"),
     ("451", "geo_blocked"), ("500", "network"), ("503", "network"), ("reset", "network"), ("cut", "network"),
     ("page", "no_format")],
)  # fmt: skip
def test_what_a_server_answers_becomes_a_reason(tmp_path, server, name, reason):
    assert failure(f"{server}{name}.mp4", tmp_path).reason == reason


def test_nobody_listening_is_the_network(tmp_path):
    assert failure("http://127.0.0.1:1/x.mp4", tmp_path).reason == "network"


def test_transient_failures_are_tried_again(tmp_path, server):
    assert fetch(f"{server}twice.mp4", tmp_path, attempts=2, first_pause_s=0)[1] == 2
    assert failure(f"{server}500.mp4", tmp_path, attempts=3).attempts == 3


def test_what_yt_dlp_never_said_it_would_raise_is_tried_again_and_then_a_reason(tmp_path, server, monkeypatch):
    def extract_info(self, url):
        tried.append(url)
        raise KeyError("streamingData")

    tried = []
    monkeypatch.setattr(yt_dlp.YoutubeDL, "extract_info", extract_info)
    found = failure(f"{server}film.mp4", tmp_path, attempts=3)
    assert (found.reason, found.message, found.attempts) == ("internal_error", "KeyError: 'streamingData'", 3)
    assert len(tried) == 3


def test_permanent_and_blocked_ones_are_not(tmp_path, server):
    assert failure(f"{server}404.mp4", tmp_path, attempts=3).attempts == 1
    assert failure(f"{server}429.mp4", tmp_path, attempts=3).attempts == 1


def test_a_stream_that_goes_on_is_refused_for_good(tmp_path, server):
    found = failure(f"{server}live.m3u8", tmp_path, attempts=3)
    assert (found.reason, found.kind, found.attempts) == ("live", Kind.PERMANENT, 1)
    assert "has not ended" in found.message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["film", "endless"])
def test_what_is_too_large_is_refused_for_good_whether_its_length_is_announced_or_not(
    tmp_path, server, monkeypatch, name
):
    monkeypatch.setattr(fetching, "MAX_BYTES", len(Handler.film) - 1)
    found = failure(f"{server}{name}.mp4", tmp_path, attempts=3)
    assert (found.reason, found.kind, found.attempts) == ("too_large", Kind.PERMANENT, 1)


def test_a_download_that_never_ends_is_a_timeout(tmp_path, server, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_SECONDS", 0.2)
    assert failure(f"{server}endless.mp4", tmp_path).reason == "timeout"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Sign in to confirm you’re not a bot. Use --cookies", "bot_check"),
        ("Private video. Sign in if you've been granted access", "private"),
        ("Join this channel to get access to members-only content", "members_only"),
        ("Sign in to confirm your age. This video may be inappropriate for some users.", "age_restricted"),
        ("The uploader has not made this video available in your country", "geo_blocked"),
        ("Video unavailable. This video has been removed by the uploader", "removed"),
        ("This video is no longer available because the YouTube account has been terminated.", "removed"),
        ("Requested format is not available. Use --list-formats", "no_format"),
        (
            "This content isn't available, try again later. Your session has been rate-limited by YouTube",
            "rate_limited",
        ),
        ("Unable to download API page: The read operation timed out", "timeout"),
        ("This live event will begin in 3 days.", "live"),
        ("something nobody has ever said", "network"),
    ],
)
def test_what_sites_say_becomes_a_reason(words, reason):
    assert reason_of(DownloadError(f"ERROR: [youtube] x: {words}")) == reason


def test_the_cause_speaks_where_words_do_not():
    cause = GeoRestrictedError("no")
    assert reason_of(DownloadError("ERROR: no", (type(cause), cause, None))) == "geo_blocked"

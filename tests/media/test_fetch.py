import socket
import threading
from collections import Counter

import pytest
import yt_dlp

from s2f.media import fetch as fetching_module
from s2f.media.breaker import Breaker
from s2f.media.downloader import QUIET
from s2f.media.failures import Failure, Kind
from s2f.media.fetch import fetch_video, refuse_strange, the_video, without_secrets
from s2f.media.pace import Pace
from s2f.media.patience import patiently
from s2f.media.urls import video_url

MASTER = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n"
NOT_OF_IT = (400, 405, 406, 409, 415, 416, 418, 421, 422, 423, 425, 426, 431, 444, 499)  # statuses that no video has


@pytest.fixture(scope="module")
def server(tmp_path_factory, film, wall, video_server):
    """A short film under several names, and what pages and playlists can hold."""
    folder = tmp_path_factory.mktemp("site")
    content = film(folder / "film.mp4", wall, seconds=0.5).read_bytes()
    for name in ("twice.mp4", "film.m4v"):
        (folder / name).write_bytes(content)
    film(folder / "part.ts", wall, seconds=2.0)
    ended = "#EXTINF:2.0,\npart.ts\n#EXT-X-ENDLIST\n"
    lists = {
        "vod": f"{MASTER}{ended}",
        "live": f"{MASTER}#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:1.0,\npart.ts\n",
        "odd": f'{MASTER}#EXT-X-KEY:METHOD=SAMPLE-AES,URI="key"\n{ended}',
        "hole": f"{MASTER}#EXTINF:2.0,\npart.ts\n#EXTINF:2.0,\ngone.ts\n#EXT-X-ENDLIST\n",
        "file": f"{MASTER}#EXTINF:2.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "key": f'{MASTER}#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"\n{ended}',
        "inside": f"{MASTER}#EXTINF:2.0,\nhttp://127.0.0.1:1/part.ts\n#EXT-X-ENDLIST\n",
        "metadata": f"{MASTER}#EXTINF:2.0,\nhttp://169.254.169.254/latest/meta-data/\n#EXT-X-ENDLIST\n",
    }
    for name, text in lists.items():
        (folder / f"{name}.m3u8").write_text(text)
    (folder / "disguised.mp4").write_text(lists["file"])
    videos = [f'<video><source src="{name}" type="video/mp4"></video>' for name in ("film.mp4", "twice.mp4")]
    for name, shown in (("one", videos[:1]), ("two", videos)):
        (folder / f"{name}.html").write_text(f"<html><title>t</title><body>{''.join(shown)}</body></html>")
    with video_server(folder, rules={"twice.mp4": "first:1:500"}) as serving:
        yield serving


@pytest.fixture
def fetch(tmp_path, fetching):
    """One fetch into an empty folder: the file, or the reason why not; a failure leaves nothing behind."""

    def get(url, *spans, **changed):
        before = set(tmp_path.iterdir())
        try:
            got = fetch_video(url, tmp_path, spans or [(0.0, 0.4)], fetching(**changed), 720)
        except Failure as failure:
            assert failure.message and failure.attempts == 1
            assert set(tmp_path.iterdir()) == before
            return failure
        assert got.picture.is_relative_to(tmp_path) and got.sound.is_relative_to(tmp_path)
        return got

    return get


@pytest.mark.parametrize(("ending", "met"), [("500/film.mp4", True), ("reset/film.mp4", True), (None, False)])
def test_a_failure_says_whether_its_host_was_met(tmp_path, server, fetching, ending, met):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = f"{server.url}{ending}" if ending else f"http://127.0.0.1:{nobody.getsockname()[1]}/film.mp4"
        with pytest.raises(Failure) as caught:
            fetch_video(url, tmp_path, [], fetching(), 720)
    assert (caught.value.reason, caught.value.met_host, caught.value.says_nothing) == ("network", met, not met)


def test_a_proxy_that_lets_nobody_through_is_said_of_no_video(fetch, server, video_server):
    with video_server(server.folder, rules={"film.mp4": "407"}) as proxy:
        found = fetch("http://site.invalid/film.mp4", proxy=f"http://127.0.0.1:{proxy.port}")
        assert found.says_nothing and "HTTP Error 407: Proxy Authentication Required" in found.message
        tunnel = fetch("https://site.invalid/film.mp4", proxy=f"http://127.0.0.1:{proxy.port}")
        assert tunnel.says_nothing and tunnel.reason == "network"  # it knows no CONNECT


def test_a_local_file_is_read_where_it_lies(tmp_path, film, wall, fetching):
    path = film(tmp_path / "with space #1%20" / "-x.mp4", wall, seconds=0.3)
    url = video_url("file:{source}/{youtube_id}.mp4", str(path.parent), "-x")
    got = fetch_video(url, tmp_path / "nowhere", [(0.0, 0.3)], fetching(), 720)
    assert (got.picture, got.sound) == (path, path)
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.parent.name]


def test_a_missing_local_file_is_removed_for_good(tmp_path, fetching):
    url = video_url("file:{source}/{youtube_id}.mp4", str(tmp_path), "gone")
    with pytest.raises(Failure, match="No such file") as caught:
        fetch_video(url, tmp_path, [], fetching(), 720)
    assert (caught.value.reason, caught.value.kind) == ("removed", Kind.PERMANENT)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<html><meta http-equiv='refresh' content='0;url={url}film.mp4'></html>", "no_format"),
        ('<html><video src="{url}film.mp4"></video></html>', "no_format"),
        ("#EXTM3U\n#EXTINF:1,\n{url}part.ts\n#EXT-X-ENDLIST\n", "corrupt"),
        ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}vod.m3u8\n", "corrupt"),
    ],
)
def test_what_a_local_file_names_is_not_opened(tmp_path, server, fetching, content, reason):
    before = Counter(server.requests)
    for name in ("x.mp4", "x"):
        (tmp_path / name).write_text(content.format(url=server.url))
    assert fetch_video(f"file://{tmp_path}/x.mp4", tmp_path, [], fetching(), 720).picture.name == "x.mp4"  # by its name
    with pytest.raises(Failure) as caught:
        fetch_video(f"file://{tmp_path}/x", tmp_path, [], fetching(), 720)
    assert caught.value.reason == reason
    assert server.requests == before


def test_a_downloaded_video_is_whole(fetch, server):
    got = fetch(f"{server.url}film.mp4")
    assert got.picture.read_bytes() == got.sound.read_bytes() == (server.folder / "film.mp4").read_bytes()
    assert got.fetched_bytes == got.picture.stat().st_size


@pytest.mark.parametrize("name", ["no-range/film.mp4", "vod.m3u8", "one.html", "no-range/film.m4v"])
def test_it_is_whole_from_servers_and_pages_of_other_kinds(fetch, server, name):
    whole = server.folder / ("part.ts" if name == "vod.m3u8" else "film.mp4")
    assert fetch(f"{server.url}{name}").picture.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("404", "removed"), ("410", "removed"), ("403", "forbidden"), ("401", "private"), ("429", "rate_limited"),
     ("451", "geo_blocked"), ("500", "network"), ("503", "network"), ("page", "no_format"), ("loop", "no_format"),
     ("402", "network"), ("407", "network"), ("408", "timeout"), *((f"{one}", "forbidden") for one in NOT_OF_IT),
     ("huge-header", "network"), ("endless-headers", "network"), ("bomb", "too_large")],
)  # fmt: skip
def test_what_a_server_answers_becomes_a_reason(fetch, server, fault, reason):
    assert fetch(f"{server.url}{fault}/film.mp4").reason == reason


@pytest.mark.parametrize(("fault", "reason"), [("404", "removed"), ("500", "network")])
def test_a_videos_own_name_says_nothing(fetch, server, fault, reason):
    assert fetch(f"{server.url}{fault}/rate-limit1.mp4").reason == reason


@pytest.mark.parametrize("when", ["{}", "after:1:{}"])  # from the first request on, or once it was known what is there
@pytest.mark.parametrize(
    ("fault", "reason"),
    [("404", "removed"), ("403", "forbidden"), ("429", "rate_limited"), ("500", "network"), ("reset", "network"),
     ("cut", "network"), ("other-range", "network"), ("loop", "no_format")],
)  # fmt: skip
def test_a_fault_in_the_middle_becomes_a_reason(fetch, server, fault, reason, when):
    server.requests.clear()
    server.rules["film.m4v"] = when.format(fault)
    assert fetch(f"{server.url}film.m4v").reason == reason


@pytest.mark.parametrize("fault", ["stall", "after:1:stall"])
def test_silence_is_a_timeout(fetch, server, fault):
    server.requests.clear()
    server.rules["film.m4v"] = fault
    assert fetch(f"{server.url}film.m4v", socket_timeout_s=0.3).reason == "timeout"


@pytest.mark.parametrize("fault", ["drip", "drip-headers", "after:1:drip", "after:1:drip-headers", "endless"])
def test_what_never_falls_silent_and_never_ends_is_a_timeout(fetch, server, fault):
    server.requests.clear()
    server.rules["film.m4v"] = fault
    found = fetch(f"{server.url}film.m4v", max_seconds=0.8, max_bytes_per_s=1_000_000)
    assert (found.reason, found.message) == ("timeout", "not fetched within 0.8 s")


def test_nobody_listening_is_the_network(fetch):
    assert fetch("http://127.0.0.1:1/x.mp4").reason == "network"
    assert fetch("http://no-such-host.invalid/x.mp4").reason == "network"


def test_transient_failures_are_tried_again(tmp_path, server, fetching):
    params = fetching(attempts=3)
    server.requests.clear()
    waits = Pace(params), Breaker(tmp_path, 1.0, 0)

    def fetch(url):
        return fetch_video(url, tmp_path, [], params, 720)

    _, attempts = patiently("twice", lambda: fetch(f"{server.url}twice.mp4"), params, *waits)
    assert attempts == 2
    with pytest.raises(Failure) as caught:
        patiently("film", lambda: fetch(f"{server.url}500/film.mp4"), params, *waits)
    assert (caught.value.reason, caught.value.attempts) == ("network", 3)


def test_what_yt_dlp_never_said_it_would_raise_is_a_reason(fetch, server, monkeypatch):
    def extract_info(self, url, **options):
        raise KeyError("streamingData")

    monkeypatch.setattr(yt_dlp.YoutubeDL, "extract_info", extract_info)
    found = fetch(f"{server.url}film.mp4")
    assert (found.reason, found.message) == ("internal_error", "KeyError: 'streamingData'")


def test_a_stream_that_goes_on_is_refused_for_good(fetch, server):
    found = fetch(f"{server.url}live.m3u8")
    assert (found.reason, found.kind) == ("live", Kind.PERMANENT)
    assert "has not ended" in found.message


@pytest.mark.parametrize("name", ["film.mp4", "no-range/film.mp4", "endless/film.mp4", "vod.m3u8"])
def test_what_is_too_large_is_refused_for_good_whether_its_length_is_announced_or_not(fetch, server, name):
    found = fetch(f"{server.url}{name}", max_gb=2e-6)
    assert (found.reason, found.kind) == ("too_large", Kind.PERMANENT)


def test_what_announces_too_much_is_not_even_begun(fetch, server):
    (server.folder / "large.mp4").write_bytes((server.folder / "film.mp4").read_bytes() + bytes(30_000_000))
    for name in ("large.mp4", "no-range/large.mp4"):
        server.sent.clear()
        assert fetch(f"{server.url}{name}", (0.0, 20.0), max_gb=0.02).reason == "too_large"
        assert server.sent["large.mp4"] < 20_000_000


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("two.html", "no_format", "several videos"),
        ("odd.m3u8", "no_format", "ffmpeg"),
        ("hole.m3u8", "removed", "404"),
        ("file.m3u8", "unsafe_address", "neither http nor https: file:///etc/passwd"),
        ("key.m3u8", "unsafe_address", "neither http nor https: file:///etc/passwd"),
        ("inside.m3u8", "unsafe_address", "127.0.0.1"),
        ("metadata.m3u8", "unsafe_address", "169.254.169.254"),
        ("to:file:%2F%2F%2Fetc%2Fpasswd/film.mp4", "unsafe_address", "neither http nor https"),
        ("to:ftp:%2F%2Fexample.org%2Ffilm.mp4/film.mp4", "unsafe_address", "neither http nor https"),
        ("to:http:%2F%2F127.0.0.1:1%2Ffilm.mp4/film.mp4", "unsafe_address", "a private network"),
        ("to:http:%2F%2Flocalhost:{port}%2Ffilm.mp4/film.mp4", "unsafe_address", "a private network"),
        ("to:http:%2F%2F10.0.0.1%2Ffilm.mp4/film.mp4", "unsafe_address", "a private network"),
        ("to:http:%2F%2F0x7f.1:{port}%2Ffilm.mp4/film.mp4", "unsafe_address", "a private network"),
        ("to:http:%2F%2F[::1]:{port}%2Ffilm.mp4/film.mp4", "unsafe_address", "a private network"),
    ],
)
def test_where_a_page_leads_is_judged(fetch, server, name, reason, words):
    found = fetch(server.url + name.replace("{port}", str(server.port)))
    assert (found.reason, found.kind) == (reason, Kind.PERMANENT)
    assert words in found.message


def test_a_redirect_within_the_named_host_is_followed(fetch, server):
    got = fetch(f"{server.url}to:%2Ffilm.mp4/elsewhere.mp4")
    assert got.picture.read_bytes() == (server.folder / "film.mp4").read_bytes()


def test_a_playlist_named_as_a_film_is_taken_for_what_the_server_says_and_opens_nothing(fetch, server):
    got = fetch(f"{server.url}disguised.mp4")  # bytes like any others; reading them ends as corrupt
    assert got.picture.read_text() == (server.folder / "disguised.mp4").read_text()


def test_cookies_are_sent_to_their_host_and_never_written(tmp_path, fetch, server):
    path = tmp_path.parent / f"{tmp_path.name}-cookies.txt"
    lines = ["# Netscape HTTP Cookie File", "127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tsecret", ""]
    path.write_text("\n".join(lines))
    path.chmod(0o400)
    server.headers.clear()
    fetch(f"{server.url}film.mp4", cookies=str(path))
    assert {headers.get("Cookie") for headers in server.headers} == {"session=secret"}
    assert path.read_text() == "\n".join(lines)


def test_a_proxy_is_asked_and_its_password_shown_nowhere(tmp_path, fetch, server, video_server):
    with video_server(server.folder) as proxy:  # which answers to a whole URL as to its path
        got = fetch("http://site.invalid/film.mp4", proxy=f"http://user:pass-word@127.0.0.1:{proxy.port}")
        assert got.picture.read_bytes() == (server.folder / "film.mp4").read_bytes()
        assert proxy.requests["film.mp4"] > 0
        proxy.rules["film.mp4"] = "403"
        found = fetch("http://site.invalid/film.mp4", proxy=f"http://user:pass-word@127.0.0.1:{proxy.port}")
        assert found.reason == "forbidden" and "pass-word" not in str(found)
        asked = fetch("http://10.0.0.1/gone.mp4", proxy=f"http://127.0.0.1:{proxy.port}")
        assert asked.reason == "removed"  # of the proxy: the user's own template may name such a host
        led = fetch("http://site.invalid/to:http:%2F%2F10.0.0.1%2Fx/a.mp4", proxy=f"http://127.0.0.1:{proxy.port}")
        assert led.reason == "unsafe_address"


def test_ffmpeg_is_never_lent_to_yt_dlp(fetch, server, monkeypatch):
    asked = []
    monkeypatch.setattr(yt_dlp.utils.Popen, "__init__", lambda self, *args, **kwargs: asked.append(args))
    fetch(f"{server.url}odd.m3u8")
    fetch(f"{server.url}vod.m3u8")
    assert asked == []


def test_no_thread_and_no_connection_is_left_behind(fetch, server):
    before = threading.active_count()
    for name in ("film.mp4", "404/film.mp4", "vod.m3u8"):
        fetch(server.url + name)
    assert [one.name for one in threading.enumerate() if isinstance(one, threading.Timer)] == []
    assert threading.active_count() <= before + 3  # the server's own, which may still be ending


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (None, "no_format"),
        ({"_type": "playlist", "entries": []}, "no_format"),
        ({"_type": "playlist", "entries": [{"url": "a"}, {"url": "b"}]}, "no_format"),
        ({"url": "a", "live_status": "is_upcoming"}, "live"),
        ({"url": "a", "is_live": True}, "live"),
    ],
)
def test_a_page_must_hold_one_video_that_has_ended(info, reason):
    with pytest.raises(Failure) as caught:
        the_video(info)
    assert caught.value.reason == reason


@pytest.mark.parametrize("protocol", ["ism", "f4m", "mhtml", "rtmp", "websocket_frag", "youtube_live_chat"])
def test_what_only_other_programs_or_libraries_could_fetch_is_refused(protocol):
    with pytest.raises(Failure, match=protocol) as caught:
        refuse_strange([{"url": "http://x/", "protocol": protocol}], QUIET)
    assert caught.value.reason == "no_format"
    refuse_strange([{"url": "http://x/", "protocol": one} for one in ("http", "https", "m3u8", "m3u8_native")], QUIET)


def test_a_quoted_password_is_taken_out_of_a_message(fetching):
    params = fetching(proxy="http://me:pass-word@127.0.0.1:1")
    assert without_secrets("cannot reach http://me:pass-word@127.0.0.1", params) == "cannot reach http://me:…@127.0.0.1"
    assert without_secrets("words", fetching()) == "words"


def test_a_playlist_of_one_video_is_that_video():
    assert the_video({"_type": "playlist", "entries": [{"url": "a", "live_status": "was_live"}]})["url"] == "a"


def test_of_several_heights_the_largest_within_the_limit_is_taken_else_the_smallest():
    def chosen(*heights, most=720):
        order = [one.format(max_height=most) for one in fetching_module.ORDER]
        downloader = yt_dlp.YoutubeDL({"quiet": True, "format": fetching_module.FORMAT, "format_sort": order})
        shared = {"ext": "mp4", "vcodec": "avc1", "acodec": "mp4a", "protocol": "https"}
        formats = [{"format_id": str(one), "url": f"http://x/{one}", "height": one, **shared} for one in heights]
        info = {"id": "x", "title": "x", "extractor": "x", "webpage_url": "http://x", "formats": formats}
        return downloader.process_ie_result(info, download=False)["height"]

    assert chosen(144, 360, 720, 1080) == 720
    assert chosen(144, 360, 1080) == 360
    assert chosen(1080, 2160) == 1080
    assert chosen(144, 360, 480, most=360) == 360

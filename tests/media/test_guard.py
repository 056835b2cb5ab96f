import gzip
import socket
import threading
import time
import zlib

import pytest

from s2f.media import guard as guarding
from s2f.media.addresses import Addresses
from s2f.media.connections import unpack
from s2f.media.downloader import Downloader
from s2f.media.failures import Failure
from s2f.media.guard import Guard, Refused


@pytest.fixture
def quiet_socket():
    """A connection on which nothing ever comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def test_a_connection_that_is_waited_for_is_hung_up_in_the_end(quiet_socket):
    with Guard(Addresses(quiet_socket), max_seconds=0.2, max_bytes=100) as guard:
        connection = guard.connect(quiet_socket, timeout=30)
        assert connection.recv(1) == b""  # returns, long before the socket's own timeout
        with pytest.raises(Refused, match=r"not fetched within 0\.2 s"):
            guard.check_time()
        with pytest.raises(Refused):
            guard.connect(quiet_socket, timeout=30)
        connection.close()


def test_a_guard_leaves_no_clock_behind(quiet_socket):
    before = threading.active_count()
    with Guard(Addresses(quiet_socket), max_seconds=1000, max_bytes=100) as guard:
        assert threading.active_count() == before + 1
        guard.connect(quiet_socket, timeout=30).close()
    assert threading.active_count() == before


def test_bytes_are_bounded_over_all_answers():
    guard = Guard(Addresses(("x", 80)), max_seconds=10, max_bytes=100)
    guard.count(60)
    with pytest.raises(Refused) as caught:
        guard.count(60)
    assert caught.value.failure.reason == "too_large"


def test_a_page_that_leads_to_ever_more_pages_ends(monkeypatch):
    monkeypatch.setattr(guarding, "MOST_REQUESTS", 5)
    guard = Guard(Addresses(("x", 80)), max_seconds=10, max_bytes=100)
    for _ in range(5):
        guard.check("http://x/")
    with pytest.raises(Refused, match="no video after 5 requests"):
        guard.check("http://x/")
    guard.allow_media(100)  # a stream has any number of pieces
    guard.check("http://x/")


def open_page(server, path, fetching, **changed):
    with Downloader(server.url, fetching(**changed), {}) as downloader:
        return downloader.urlopen(server.url + path).read()


@pytest.fixture
def server(tmp_path, video_server):
    (tmp_path / "page.html").write_bytes(b"x" * 100_000)
    with video_server(tmp_path) as serving:
        yield serving


@pytest.mark.parametrize("fault", ["endless", "bomb"])
def test_a_page_is_bounded_in_memory_packed_or_not(server, fetching, fault):
    with pytest.raises(Refused) as caught:
        open_page(server, f"{fault}/page.html", fetching)
    assert caught.value.failure.reason == "too_large"


def test_a_page_that_fits_is_read_and_one_that_is_cut_off_is_not(server, fetching):
    assert open_page(server, "page.html", fetching) == b"x" * 100_000
    with pytest.raises(Exception, match="50000 more expected"):
        open_page(server, "cut/page.html", fetching)


def test_a_page_that_trickles_ends_in_time(server, fetching):
    begin = time.monotonic()
    with pytest.raises(Refused, match="not fetched within"):
        open_page(server, "drip/page.html", fetching, max_seconds=0.3)
    assert time.monotonic() - begin < 30  # 100,000 bytes would take half an hour


def test_what_is_packed_is_unpacked_within_bounds():
    content = bytes(10_000)
    assert unpack(gzip.compress(content), zlib.MAX_WBITS | 16) == content
    assert unpack(zlib.compress(content), zlib.MAX_WBITS) == content
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    assert unpack(raw.compress(content) + raw.flush(), zlib.MAX_WBITS) == content
    with pytest.raises(Failure) as caught:
        unpack(gzip.compress(content), zlib.MAX_WBITS | 16, most=9_999)
    assert caught.value.reason == "too_large"
    with pytest.raises(zlib.error):
        unpack(b"no gzip", zlib.MAX_WBITS | 16)

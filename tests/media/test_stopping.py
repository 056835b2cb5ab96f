import threading
import time
from contextvars import copy_context

import pytest

from s2f.media.breaker import Breaker
from s2f.media.failures import Failure
from s2f.media.fetch import fetch_video
from s2f.media.pace import Pace
from s2f.media.patience import patiently
from s2f.media.stopping import STOP, Stopped

LONG_S, SOON_S = 3600.0, 5.0


@pytest.fixture
def stopped_soon():
    """A function: what a thread ends in that is stopped in the middle."""

    def stopped(work, begun):
        def run():
            try:
                ends.append(work())
            except BaseException as error:
                ends.append(error)

        ends = []
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        until = time.monotonic() + 60
        while not begun():
            assert time.monotonic() < until and thread.is_alive()
            time.sleep(0.01)
        with pytest.raises(KeyboardInterrupt), STOP.where_this_ends():
            raise KeyboardInterrupt
        thread.join(SOON_S)
        assert not thread.is_alive()
        return ends[0]

    yield stopped
    STOP.over()


@pytest.mark.parametrize("fault", ["stall", "drip", "drip-headers"])
def test_a_fetch_under_way_ends(tmp_path, stopped_soon, video_server, film_folder, fetching, fault):
    params = fetching(socket_timeout_s=LONG_S, max_seconds=LONG_S)
    with video_server(film_folder / "videos", rules={"-good.mp4": fault}) as server:
        end = stopped_soon(
            lambda: fetch_video(f"{server.url}-good.mp4", tmp_path, [(0.0, 2.0)], params, 720),
            lambda: server.requests["-good.mp4"] > 0,
        )
    assert isinstance(end, Stopped)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wait", ["pause", "turn", "cool-down"])
def test_waiting_ends(tmp_path, stopped_soon, fetching, wait):
    params = fetching(attempts=2, first_pause_s=LONG_S, videos_per_hour=1.0)
    pace, breaker, tried = Pace(params), Breaker(tmp_path, LONG_S, 3), []
    if wait == "turn":
        with pace.turn():
            pass
    if wait == "cool-down":
        breaker.refused("another", breaker.wait(), "bot")

    def attempt():
        tried.append(1)
        raise Failure("network", "reset")

    def begun():
        time.sleep(0.1)
        return tried or wait != "pause"

    assert isinstance(stopped_soon(lambda: patiently("v", attempt, params, pace, breaker), begun), Stopped)
    assert len(tried) == (wait == "pause")


def test_nothing_begins_until_all_have_ended(tmp_path, fetching):
    STOP.begin()
    try:
        with pytest.raises(Stopped):
            fetch_video("http://127.0.0.1:1/x.mp4", tmp_path, [], fetching(), 720)
    finally:
        STOP.over()
    with pytest.raises(Failure, match="network"):
        fetch_video("http://127.0.0.1:1/x.mp4", tmp_path, [], fetching(), 720)


def test_what_works_for_a_build_that_is_over_ends_and_what_works_for_another_goes_on():
    over, ends = threading.Event(), {}

    def look():
        if over.is_set():
            raise Stopped("another build has begun")

    def work(name):
        try:
            ends[name] = STOP.sleep(2 * SOON_S)
        except Stopped as stopped:
            ends[name] = stopped

    with STOP.watching(look):
        ours = threading.Thread(target=copy_context().run, args=(work, "ours"), daemon=True)
    others = threading.Thread(target=work, args=("others",), daemon=True)
    for thread in (ours, others):
        thread.start()
    over.set()
    ours.join(SOON_S)
    assert isinstance(ends["ours"], Stopped)
    assert others.is_alive()

"""A network that is lost, a host that refuses: the build waits and goes on, or ends and says when to come back.

Nothing of that is held against a video.
"""

import json
import threading
import time

import pyarrow.parquet as pq
import pytest

from flows import shards
from flows.speech_faces import build_speech_faces
from s2f.media.breaker import Breaker
from s2f.runtime import TryAgainLater

SOON = {"attempts": 2, "first_pause_s": 0.05, "cool_down_minutes": 0.005}  # 0.3 s, then 0.6, 1.2 …
VIDEOS = [f"v{number:02d}" for number in range(2, 32)]

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def params_for(tmp_path, write_params, list_clips):
    """A function that writes params for a list of videos at an address, with other values by keyword."""

    def write(url, videos=VIDEOS, **changed):
        source = list_clips(tmp_path / "source", videos)
        return write_params(**{"source": source, "url": url, "shard_clips": 3, **SOON, **changed})

    return write


def build(folder, params):
    return build_speech_faces(folder / "out", folder / "ledger", params)


def ends(folder):
    """The ledger but for the number of attempts, of which an outage costs some."""
    tables = [pq.read_table(path).drop_columns("attempts") for path in sorted(folder.glob("ledger/*.parquet"))]
    return [row for table in tables for row in table.to_pylist()]


def half_built(folder):
    """Something is finished, and more is under way."""
    return list(folder.glob("ledger/*.parquet")) and list(folder.glob("out/.fetched/*/*"))


def refusals(folder):
    """What the builder knows of a host that refuses."""
    try:
        return json.loads((folder / "out" / ".fetched" / "refused.json").read_text())
    except (FileNotFoundError, ValueError):
        return {"count": 0, "until": 0}


def meanwhile(work):
    """Do something beside the build; the thread, whose failure is the test's."""

    def run():
        try:
            work()
        except BaseException as error:
            failed.append(error)

    failed = []
    thread = threading.Thread(target=run, daemon=True)
    thread.failed = failed
    thread.start()
    return thread


def joined(thread):
    thread.join(120)
    assert not thread.is_alive() and not thread.failed, thread.failed


@pytest.mark.parametrize("shard_clips", [1, 8])
def test_a_build_waits_for_a_network_that_was_lost_and_goes_on_by_itself(
    tmp_path, params_for, film_server, shard_clips, until, contents
):
    server = film_server()
    params = params_for(server.url, shard_clips=shard_clips, cool_downs=12)
    reasons = build(tmp_path / "whole", params)

    def lose_it():
        until(lambda: half_built(tmp_path / "lost"))
        server.stop()
        until(lambda: refusals(tmp_path / "lost")["count"] >= 3)
        server.start()

    losing = meanwhile(lose_it)
    assert build(tmp_path / "lost", params) == reasons
    joined(losing)
    assert contents(tmp_path / "lost" / "out") == contents(tmp_path / "whole" / "out")
    assert ends(tmp_path / "lost") == ends(tmp_path / "whole")


def test_a_network_that_stays_away_ends_the_build_and_the_same_command_goes_on(
    tmp_path, params_for, film_server, start, run, until, contents
):
    server = film_server()
    params = params_for(server.url, cool_downs=1)
    build(tmp_path / "whole", params)
    folder = tmp_path / "lost"
    command = ("flows.speech_faces", "--out", folder / "out", "--ledger", folder / "ledger", "--params", params)
    process = start(*command)
    until(lambda: half_built(folder))
    server.stop()
    assert process.wait() == 75
    said_when_to_come_back(" ".join((tmp_path / "said.txt").read_text().split()), "network: ")
    assert not (folder / "out" / "manifest.json").exists()
    server.start()
    until(lambda: time.time() > refusals(folder)["until"])
    code, said = run(*command)
    assert code == 0, said
    assert contents(folder / "out") == contents(tmp_path / "whole" / "out")
    assert contents(folder / "ledger") == contents(tmp_path / "whole" / "ledger")


def said_when_to_come_back(said, why):
    _, sentence = said.split("stopped: ")
    assert why in sentence and "nothing is lost. Run the same command again after 2" in sentence
    assert "Traceback" not in said and "error:" not in said


def test_a_host_that_refuses_everything_for_a_while_is_waited_for(
    tmp_path, params_for, video_server, film_pool, until, contents
):
    with video_server(film_pool) as server:
        params = params_for(f"{server.url}{{youtube_id}}.mp4", cool_downs=12)
        reasons = build(tmp_path / "whole", params)

        def refuse():
            until(lambda: half_built(tmp_path / "refused"))
            server.rules = dict.fromkeys((f"{video}.mp4" for video in VIDEOS), "429")
            until(lambda: refusals(tmp_path / "refused")["count"] >= 2)
            asked = server.requests.total()
            until(lambda: refusals(tmp_path / "refused")["count"] >= 4)
            asks.append(server.requests.total() - asked)
            server.rules = {}

        asks = []
        refusing = meanwhile(refuse)
        assert build(tmp_path / "refused", params) == reasons
        joined(refusing)
    assert asks[0] <= 2 * 2 * 2  # two waves, and those that were asking already
    assert contents(tmp_path / "refused" / "out") == contents(tmp_path / "whole" / "out")
    assert ends(tmp_path / "refused") == ends(tmp_path / "whole")


def test_while_a_host_refuses_no_further_shard_begins_and_the_log_says_why(
    tmp_path, params_for, film_server, monkeypatch, caplog
):
    def noted(workers, jobs, submit, *others):
        return collect(workers, jobs, lambda *job: begun.append(time.time()) or submit(*job), *others)

    begun, collect = [], shards.collect
    monkeypatch.setattr(shards, "collect", noted)
    breaker = Breaker(tmp_path / "out" / ".fetched", cool_down_s=5.0, cool_downs=1)
    breaker.refused("another", time.time(), "rate_limited")  # by a build that ended since
    until = refusals(tmp_path)["until"]
    build(tmp_path, params_for(film_server().url, VIDEOS[:8], shard_clips=1, cool_downs=1))
    assert len([when for when in begun if when < until]) <= 1 < len(begun) == 8
    assert caplog.text.count("No video is asked for: waiting until 2") == 1


def test_a_host_that_goes_on_refusing_ends_the_build_and_no_video(
    tmp_path, params_for, video_server, film_pool, start, run, until, contents
):
    folder = tmp_path / "refused"
    with video_server(film_pool) as server:
        params = params_for(f"{server.url}{{youtube_id}}.mp4", cool_downs=1)
        build(tmp_path / "whole", params)
        command = ("flows.speech_faces", "--out", folder / "out", "--ledger", folder / "ledger", "--params", params)
        process = start(*command)
        until(lambda: half_built(folder))
        server.rules = dict.fromkeys((f"{video}.mp4" for video in VIDEOS), "429")
        assert process.wait() == 75
        said_when_to_come_back(" ".join((tmp_path / "said.txt").read_text().split()), "rate_limited: ")
        ended = ends(folder)
        assert ended and all(row in ends(tmp_path / "whole") for row in ended)
        server.rules = {}
        until(lambda: time.time() > refusals(folder)["until"])
        code, said = run(*command)
        assert code == 0, said
    assert contents(folder / "out") == contents(tmp_path / "whole" / "out")
    assert contents(folder / "ledger") == contents(tmp_path / "whole" / "ledger")


@pytest.mark.parametrize(("refused", "cool_downs"), [("v02", 0), ("v07", 1), ("v09", 1)])
def test_a_video_that_alone_is_refused_ends_as_blocked_and_the_others_are_kept(
    tmp_path, params_for, video_server, film_pool, refused, cool_downs, until
):
    with video_server(film_pool, rules={f"{refused}.mp4": "429"}) as server:
        params = params_for(
            f"{server.url}{{youtube_id}}.mp4", VIDEOS[:8], cool_downs=cool_downs, cool_down_minutes=0.002
        )
        for _ in range(4):  # the host's last word may be this one: then the build ends, once beside each other shard
            try:
                reasons = build(tmp_path, params)
                break
            except TryAgainLater:
                until(lambda: time.time() > refusals(tmp_path)["until"])
        else:
            reasons = build(tmp_path, params)  # and now by what it remembers
    assert reasons == {"ok": 7, "rate_limited": 1}
    [row] = [row for row in ends(tmp_path) if row["status"] != "ok"]
    assert (row["id"], row["status"]) == (f"{refused}_00000000", "blocked")

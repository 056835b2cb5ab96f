"""Thirty kills over one build of films that a server sends: nothing lost, nothing doubled, nothing asked for again.

Every run is a process of its own, forked from one that has imported what the command imports: that takes longer than
all the rest, and there a kill finds nothing to break.
"""

import os
import random
import signal
import time

import duckdb
import pytest

from s2f.corpus.verifying import verify
from s2f.runtime import file_sha256

KILLS, PARALLEL, WORKERS = 30, 2, 2
RULES = {"v07": "410", "v17": "404", "v27": "403", "v37": "page"}  # for good


@pytest.fixture
def begin(start):
    """A function that begins a build in a folder."""
    return lambda folder, params: start(
        "flows.speech_faces", "--out", folder / "out", "--ledger", folder / "ledger", "--params", params
    )


def test_thirty_kills_lose_nothing_double_nothing_and_ask_for_no_video_again(
    tmp_path, write_params, film_server, begin
):
    rng = random.Random(30)
    server = film_server(**RULES)
    source = tmp_path / "source"
    source.mkdir()
    videos = [f"v{number:02d}" for number in range(81)]  # of the last there is no film
    rows = [f"{video},{begin},2,0.5,0.5\n" for begin in (0, 0.4) for video in videos]
    (source / "clips.csv").write_text("".join(rows) + "bad/id,0,2,0.5,0.5\n")
    params = write_params(source=f"{source}", url=server.url, shard_clips=6, parallel=PARALLEL, workers=WORKERS)

    run = begin(tmp_path / "whole", params)
    wait_for_change(run, tmp_path / "whole", 1)
    begun = time.monotonic()
    assert run.wait() == 0
    seconds = time.monotonic() - begun
    undisturbed = server.requests()

    before, settled, again = undisturbed, set(), 0
    for kill in range(KILLS + 1):
        run = begin(tmp_path / "killed", params)
        if kill < KILLS:
            wait_for_change(run, tmp_path / "killed", rng.randint(1, 5))
            time.sleep(rng.random() * seconds / 100)
            (os.killpg if kill % 2 else os.kill)(run.pid, signal.SIGKILL)  # its children too, or it alone
        assert run.wait() == (-signal.SIGKILL if kill < KILLS else 0), kill
        assert (tmp_path / "killed" / "out" / "manifest.json").exists() == (kill == KILLS)
        now = server.requests()
        asked = {video for video in now if now[video] > before[video]}
        assert not asked & settled, f"asked for again after kill {kill}"
        again += sum(before[video] > undisturbed[video] for video in asked)
        before, settled = now, settled | whole_videos(tmp_path / "killed")

    assert again <= KILLS * PARALLEL
    assert before.total() - 2 * undisturbed.total() <= again * max(undisturbed.values())
    assert sums(tmp_path / "killed") == sums(tmp_path / "whole")  # and with it: no litter
    assert list(verify(tmp_path / "killed" / "out", tmp_path / "killed" / "ledger")) == []
    ids = duckdb.sql(f"SELECT id FROM '{tmp_path}/killed/ledger/*.parquet'").fetchall()
    kept = duckdb.sql(f"SELECT clip_id FROM '{tmp_path}/killed/out/*/*.parquet'").fetchall()
    assert len(set(ids)) == len(ids) == len(rows) + 1
    assert len(set(kept)) == len(kept) >= 120


def sums(folder):
    """Every file by its path and content."""
    return {f"{path.relative_to(folder)}": file_sha256(path) for path in folder.rglob("*") if path.is_file()}


def work(folder):
    """Signs of work under way: fetches, videos, shards half written and whole."""
    patterns = ("ledger/*.parquet", "out/.fetched/*/*", "out/*/.*.tmp", "out/*/*.parquet")
    return {path for pattern in patterns for path in folder.glob(pattern)}


def wait_for_change(run, folder, changes):
    """Until so much was begun or finished since, or the build has ended."""
    before = work(folder)
    while len(work(folder) ^ before) < changes and run.poll() is None:
        time.sleep(0.002)


def whole_videos(folder):
    """Those that are in the store, whole, and those of shards that are finished."""
    stored = {path.parent.name for path in folder.glob("out/.fetched/*/*/fetched.json")}
    built = set()
    if list(folder.glob("ledger/*.parquet")):
        built = {
            one.rsplit("_", 1)[0] for (one,) in duckdb.sql(f"SELECT id FROM '{folder}/ledger/*.parquet'").fetchall()
        }
    return {video for video in stored if not video.startswith(".")} | built

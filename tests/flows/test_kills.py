"""Thirty kills over one build of films that a server sends: nothing lost, nothing doubled, nothing asked for again.

Every run is a process of its own. It is forked from one that has imported what the command imports, which takes longer
than all the rest and where a kill finds nothing to break.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import psutil
import pytest
from prefect.settings import PREFECT_API_URL

from s2f.corpus.verifying import verify
from s2f.runtime import file_sha256

ROOT = Path(__file__).parents[2]
KILLS, PARALLEL, WORKERS = 30, 2, 2
RULES = {"v07": "410", "v17": "404", "v27": "403", "v37": "page"}  # for good

FORKS = """
import os, sys
import s2f.corpus.clip_rows
from flows.speech_faces import main
from s2f.runtime import run_command

for line in sys.stdin:
    process = os.fork()
    if process == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.argv[1:] = line.split()
        try:
            run_command(main)
        except SystemExit as end:
            os._exit(end.code or 0)  # the libraries' threads are the other process's, and cannot be joined here
    print(process, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
"""


class Run:
    """A build that was begun."""

    def __init__(self, forks, *options):
        self._said = forks.stdout
        print(*options, file=forks.stdin, flush=True)
        self.pid = int(self._said.readline())

    def goes_on(self):
        return psutil.pid_exists(self.pid)

    def kill(self, group):
        """Of it alone, or of its children too."""
        (os.killpg if group else os.kill)(self.pid, signal.SIGKILL)

    def wait(self):
        return int(self._said.readline())


@pytest.fixture
def begin(tmp_path, prefect_server):
    """A function that begins a build in a folder."""
    own = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value(), "PREFECT_HOME": f"{tmp_path / 'home'}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", FORKS], cwd=ROOT, env=own, **pipes) as forks:

        def begin(folder, params):
            return Run(forks, "--out", folder / "out", "--ledger", folder / "ledger", "--params", params)

        yield begin
        forks.stdin.close()


def test_thirty_kills_lose_nothing_double_nothing_and_ask_for_no_video_again(
    tmp_path, write_params, film_server, begin
):
    rng = random.Random(30)
    server = film_server(**RULES)
    source = tmp_path / "source"
    source.mkdir()
    videos = [f"v{number:02d}" for number in range(81)]  # of the last there is no film
    rows = [f"{video},{begin},2,0.5,0.5\n" for begin in (0, 0.2, 0.4) for video in videos]
    (source / "clips.csv").write_text("".join(rows) + "bad/id,0,2,0.5,0.5\n")
    params = write_params(source=f"{source}", url=server.url, shard_clips=9, parallel=PARALLEL, workers=WORKERS)

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
            run.kill(group=bool(kill % 2))
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
    assert len(set(kept)) == len(kept) >= 180


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
    while len(work(folder) ^ before) < changes and run.goes_on():
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

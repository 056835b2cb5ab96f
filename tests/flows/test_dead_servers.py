"""Prefect's server dies while a build goes on: the build ends as if nothing had been, or in a sentence."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import psutil
import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from flows.local_server import LocalServer
from flows.speech_faces import build_speech_faces, main
from s2f.runtime import TryAgainLater

ROOT = Path(__file__).parents[2]
VIDEOS = [f"v{number:02d}" for number in range(2, 26)]


@pytest.fixture
def command_for(tmp_path, write_params, film_server, list_clips):
    """A function that gives the command to build a list of films into a folder, one shard after the other."""
    source = list_clips(tmp_path / "source", VIDEOS)
    params = write_params(source=source, url=film_server().url, shard_clips=2)

    def command(folder):
        words = ("flows.speech_faces", "--out", folder / "out", "--ledger", folder / "ledger", "--params", params)
        return words, params

    return command


def server_of(process):
    """The process of a build's own server."""
    for child in psutil.Process(process.pid).children(recursive=True):
        if "flows.local_server" in " ".join(child.cmdline()):
            return child
    return None


def test_a_build_goes_on_when_its_own_server_dies_twice(tmp_path, command_for, until, contents):
    words, params = command_for(tmp_path / "lost")
    build_speech_faces(tmp_path / "whole" / "out", tmp_path / "whole" / "ledger", params)
    own = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    own |= {"PREFECT_HOME": f"{tmp_path / 'home'}"}
    command = [sys.executable, "-m", *map(str, words)]
    with subprocess.Popen(command, cwd=ROOT, env=own, stderr=subprocess.PIPE, text=True) as process:
        try:
            for shards in (2, 8):
                until(lambda least=shards: len(list(tmp_path.glob("lost/ledger/*.parquet"))) >= least)
                server = until(lambda: server_of(process))
                server.kill()
                until(lambda dead=server: not dead.is_running())
            _, said = process.communicate()
        finally:
            process.kill()
    assert process.returncode == 0, said
    assert contents(tmp_path / "lost") == contents(tmp_path / "whole")


def test_a_server_that_stays_away_costs_a_build_nothing_but_its_record(tmp_path, command_for, until, contents):
    _, params = command_for(tmp_path)
    out, ledger = tmp_path / "lost" / "out", tmp_path / "lost" / "ledger"
    build_speech_faces(tmp_path / "whole" / "out", tmp_path / "whole" / "ledger", params)
    server = LocalServer()
    server.wait()

    def die():
        until(lambda: len(list(ledger.glob("*.parquet"))) >= 2)
        server.process.kill()

    dying = Thread(target=die)
    dying.start()
    with (
        temporary_settings({PREFECT_API_URL: server.api_url, PREFECT_CLIENT_MAX_RETRIES: 0}),  # of a minute each
        pytest.raises(TryAgainLater, match=r"Prefect's server does not answer any more.*Run the same command again"),
    ):
        main(out, ledger, params)
    dying.join()
    assert contents(tmp_path / "lost") == contents(tmp_path / "whole")
    main(out, ledger, params)
    assert contents(tmp_path / "lost") == contents(tmp_path / "whole")

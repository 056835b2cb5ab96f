"""The flows as commands, with no Prefect server configured."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

from flows.local_server import LocalServer

ROOT = Path(__file__).parents[2]


def run(tmp_path, *options, **settings):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")} | settings
    return subprocess.run(
        [sys.executable, "-m", *options, "--out", tmp_path / "out", "--ledger", tmp_path / "ledger"],
        cwd=ROOT,
        env={**environment, "PREFECT_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
    )


def test_a_command_needs_no_server_and_shares_the_database_with_one(tmp_path, write_params, prefect_server):
    database = PREFECT_API_DATABASE_CONNECTION_URL.value()
    done = run(tmp_path, "flows.portraits", "--params", write_params(), PREFECT_API_DATABASE_CONNECTION_URL=database)
    assert done.returncode == 0, done.stderr
    assert "5 of 7 kept; lost: 1 corrupt, 1 no_face." in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out" / "manifest.json").exists()
    assert not [process for process in psutil.process_iter(["environ"]) if _belongs_to(process, tmp_path)]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"clip_list": "nowhere.csv"}, "nowhere.csv: no such file"),
        ({"url": "ftp://x/{youtube_id}"}, "allowed: file, http, https"),
        ({"face_px": 7}, "face_px"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, write_params, changed, words):
    done = run(tmp_path, "flows.speech_faces", "--params", write_params(**changed))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_temporary_server_does_not_survive_a_kill(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    server = LocalServer()
    assert server.process.stdin is not None
    server.process.stdin.close()  # what the system does when the process that holds it is killed
    assert server.process.wait(timeout=60) == 0


def _belongs_to(process, folder):
    return (process.info["environ"] or {}).get("PREFECT_HOME") == str(folder / "home")

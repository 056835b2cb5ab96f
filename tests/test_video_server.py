"""The tests' own server: what it says it does, it does."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest


def get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.status, answer.read()


def test_it_serves_parts_and_counts_them(tmp_path, video_server):
    (tmp_path / "a.mp4").write_bytes(bytes(range(100)))
    with video_server(tmp_path) as server:
        assert get(f"{server.url}a.mp4") == (200, bytes(range(100)))
        assert get(f"{server.url}a.mp4", Range="bytes=10-19") == (206, bytes(range(10, 20)))
        assert get(f"{server.url}no-range/a.mp4", Range="bytes=10-19") == (200, bytes(range(100)))
        assert (server.requests["a.mp4"], server.sent["a.mp4"]) == (3, 210)
        with pytest.raises(urllib.error.HTTPError, match="416"):
            get(f"{server.url}a.mp4", Range="bytes=100-")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"{server.url}b.mp4")


def test_faults_come_and_go_by_their_count(tmp_path, video_server):
    (tmp_path / "a.mp4").write_bytes(b"film")
    with video_server(tmp_path, rules={"a.mp4": "first:2:503"}) as server:
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError, match="503"):
                get(f"{server.url}a.mp4")
        assert get(f"{server.url}a.mp4") == (200, b"film")
        server.rules["a.mp4"] = "after:3:410"
        with pytest.raises(urllib.error.HTTPError, match="410"):
            get(f"{server.url}a.mp4")


def test_it_runs_as_a_process(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"film")
    (tmp_path / "rules.json").write_text(json.dumps({"b.mp4": "429"}))
    command = [
        sys.executable,
        Path(__file__).with_name("video_server.py"),
        tmp_path,
        "--rules",
        tmp_path / "rules.json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().strip()
            assert get(f"{url}a.mp4") == (200, b"film")
            with pytest.raises(urllib.error.HTTPError, match="429"):
                get(f"{url}b.mp4")
            counts = json.loads(get(f"{url}counts")[1])
            assert counts["requests"] == {"a.mp4": 1, "b.mp4": 1}
        finally:
            process.kill()

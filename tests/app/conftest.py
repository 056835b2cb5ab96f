"""The page as its users have it: a process of its own, on this machine alone."""

import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from s2f.audio.speech import encode_flac

RATE = 16_000


class Served:
    """A running `s2f app`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, temporary: Path, scheme: str) -> None:
        self.process, self.port, self.temporary = process, port, temporary
        self.url = f"{scheme}://127.0.0.1:{port}"

    def up(self) -> bool:
        anyone = ssl._create_unverified_context()  # a test signs its own certificate
        with urllib.request.urlopen(self.url, timeout=20, context=anyone) as answer:
            return bool(answer.status == 200)

    def megabytes(self) -> float:
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    def files(self) -> list[Path]:
        return [path for path in self.temporary.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def serve(tiny_pipeline: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """A function that starts the page; more words of the command, more environment as keywords."""
    running: list[subprocess.Popen[bytes]] = []

    def _serve(*more: object, **environment: str) -> Served:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        temporary = tmp_path_factory.mktemp("temporary")
        words = ["app", "--pipeline", tiny_pipeline, "--speech-faces", temporary / "nothing", "--port", port, *more]
        command = [sys.executable, "-m", "s2f.cli.main", *map(str, words)]
        running.append(subprocess.Popen(command, env=os.environ | {"TMPDIR": str(temporary)} | environment))
        served = Served(running[-1], port, temporary, "https" if "--ssl-certfile" in more else "http")
        ends = time.monotonic() + 120
        while time.monotonic() < ends:
            try:
                if served.up():
                    return served
            except OSError:
                time.sleep(0.2)
            assert running[-1].poll() is None, "the page ended"
        raise AssertionError("the page did not start")

    yield _serve
    for process in running:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def page(serve: Callable[..., Served]) -> Served:
    """One for the tests of a file."""
    return serve()


@pytest.fixture(scope="session")
def voice(spoken: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sound(tmp_path_factory.mktemp("voice") / "voice.flac", spoken)


def write_sound(path: Path, sound: Any) -> Path:
    path.write_bytes(encode_flac(np.asarray(sound), RATE))
    return path

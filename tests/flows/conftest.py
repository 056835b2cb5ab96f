"""A Prefect server for the whole session, params for small corpora of drawn faces, and servers of films for builds."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_LEVEL,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    temporary_settings,
)
from prefect.testing.utilities import prefect_test_harness
from ruamel.yaml import YAML

from s2f.params.fetching import FetchingParams

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120


@pytest.fixture(scope="session")
def prefect_server():
    """Twenty seconds to start, so once. Without heartbeats: their thread makes a flow end on the next full second."""
    quiet = {PREFECT_SERVER_ANALYTICS_ENABLED: False, PREFECT_LOGGING_LEVEL: "WARNING"}
    quiet |= {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with temporary_settings(quiet), prefect_test_harness(server_startup_timeout=300):
        yield


@pytest.fixture(scope="session")
def sources(tmp_path_factory, film_folder, face, wall):
    """A list of nine clips over the bad and good films, and six pictures."""
    videos = ["-good", "later", "crowd", "room", "silent", "unseen", "broken", "gone"]
    rows = [f"{video},0,2,0.5,0.5" for video in videos] + ["-good,0.5,2,0.5,0.5", "bad/id,0,2,0.5,0.5"]
    (film_folder / "clips.csv").write_text("\n".join(rows) + "\n")
    pictures = tmp_path_factory.mktemp("pictures")
    for number in range(5):
        Image.fromarray(face(number + 10, size=128)).save(pictures / f"{number}.png")
    Image.fromarray(wall).save(pictures / "wall.png")
    (pictures / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0cut")
    return film_folder, pictures


@pytest.fixture(scope="session")
def write_params(tmp_path_factory, sources, embedder):
    """A function that writes a params file with these sources and other values by keyword."""

    def write(**changed):
        building = {key: changed.pop(key) for key in ("runner", "address", "min_free_gb") if key in changed}
        fetched = {key: changed.pop(key) for key in FetchingParams.model_fields if key in changed}
        films, pictures = (str(source) for source in sources)
        pictures = changed.pop("pictures", pictures)
        shared = {"face_px": 64, "face_margin": 2.0, "validation_share": 0.2, "workers": 2}
        speech_faces = {
            **shared, "source": films, "clip_list": "clips.csv", "url": "file:{source}/videos/{youtube_id}.mp4",
            "min_seconds": 1.0, "face_search_seconds": 2.0, "face_search_fps": 5.0, "max_centre_distance": 0.25,
            "test_share": 0.2, "shard_clips": 1, "max_height": 720,
        }  # fmt: skip
        fetching = {
            "attempts": 1, "first_pause_s": 0.0, "jitter": 0.0, "parallel": 2, "socket_timeout_s": 5.0,
            "max_seconds": 60.0, "max_gb": 1.0, "cool_down_minutes": 1.0, "cool_downs": 0,
        }  # fmt: skip
        sound = {"sample_rate": 16000, "clip_seconds": 6.0, "window": 400, "hop": 160, "fft": 512, "compression": 0.3}
        params = {
            "seed": 7,
            "speech_faces": speech_faces | {key: value for key, value in changed.items() if key != "shard_pictures"},
            "fetching": fetching | fetched,
            "portraits": {**shared, "source": pictures, "shard_pictures": changed.get("shard_pictures", 2)},
            "building": {"runner": "threads", "address": None, "min_free_gb": 0} | building,
            "spectrogram": sound,
            "face_models": {"detector_score": 0.5, "arcface": str(embedder), "age_gender": "none.onnx"},
        }
        path = tmp_path_factory.mktemp("params") / "params.yaml"
        YAML().dump(params, path)
        return path

    return write


@pytest.fixture(scope="session")
def list_clips():
    """A function that writes the list of a folder: of each video a clip of two seconds from each begin."""

    def write(folder, videos, begins=(0,)):
        folder.mkdir(exist_ok=True)
        rows = [f"{video},{begin},{begin + 2},0.5,0.5\n" for video in videos for begin in begins]
        (folder / "clips.csv").write_text("".join(rows))
        return f"{folder}"

    return write


@pytest.fixture(scope="session")
def contents():
    """A function that gives every file's bytes by its path within a folder; of locks it does not speak."""

    def read(folder, *patterns):
        found = (path for pattern in patterns or ("**/*",) for path in folder.glob(pattern))
        files = (path for path in found if path.is_file() and path.suffix != ".lock")
        return {f"{path.relative_to(folder)}": path.read_bytes() for path in files}

    return read


@pytest.fixture(scope="session")
def until():
    """A function that waits until a condition holds, and gives what it gave."""

    def wait(condition):
        end = time.monotonic() + PATIENCE_S
        while not (met := condition()):
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.01)
        return met

    return wait


class FilmServer:
    """`tests/video_server.py` as a process of its own, which may die, and come back where it was."""

    def __init__(self, folder, **rules):
        self.folder, self.rules = folder, {f"{name}.mp4": rule for name, rule in rules.items()}
        self.port, self.process = free_port(), None
        self._before = Counter()  # requests to those that died

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/{{youtube_id}}.mp4"

    def start(self):
        rules = self.folder / f"rules-{self.port}.json"
        rules.write_text(json.dumps(self.rules))
        command = [sys.executable, ROOT / "tests" / "video_server.py", self.folder, "--rules", rules]
        self.process = subprocess.Popen([*command, "--port", f"{self.port}"], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().startswith("http://"), "the server did not start"
        return self

    def stop(self):
        """As a machine that goes down."""
        self._before = self.requests()
        self.process.kill()
        self.process.communicate()
        self.process = None

    def requests(self):
        """How many there were for each video so far."""
        if self.process is None:
            return self._before
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/counts") as answer:
            counts = json.load(answer)["requests"]
        return self._before + Counter({name.removesuffix(".mp4"): count for name, count in counts.items()})


@pytest.fixture(scope="session")
def film_pool(tmp_path_factory, film, face, wall):
    """A folder of 80 films, v00 … v79, served under these names; every tenth shows no face, every tenth is silent."""
    folder = tmp_path_factory.mktemp("pool")
    pictures = [wall, face(2), *(face(seed) for seed in range(3, 11))]
    for number, picture in enumerate(pictures):
        film(folder / f"v{number:02d}.mp4", picture, seconds=2.0, sound=number != 1, hertz=150 + 20 * number)
    for number in range(len(pictures), 80):
        shutil.copy(folder / f"v{number % len(pictures):02d}.mp4", folder / f"v{number:02d}.mp4")
    return folder


@pytest.fixture
def film_server(film_pool):
    """A function that starts a server of the pool by rules for videos' names; it ends with the test."""
    started = []

    def start(**rules):
        started.append(FilmServer(film_pool, **rules).start())
        return started[-1]

    yield start
    for server in started:
        if server.process is not None:
            server.stop()


class Forked:
    """A command that `forking.py` has started, as `subprocess.Popen` would show it; what it says goes into a file."""

    def __init__(self, forks, words, said):
        self._code = said.with_name(f"{said.name}.{time.monotonic_ns()}")
        command = {"words": [str(word) for word in words], "folder": f"{ROOT}", "said": f"{said}"}
        print(json.dumps(command | {"code": f"{self._code}"}), file=forks.stdin, flush=True)
        self.pid = int(forks.stdout.readline())

    def poll(self):
        """Its exit code, once it has one."""
        return int(self._code.read_text()) if self._code.exists() else None

    def wait(self, timeout=600):
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            assert time.monotonic() < end, "it did not end"
            time.sleep(0.01)
        return code

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)


@pytest.fixture(scope="session")
def forks(tmp_path_factory, prefect_server):
    """The process that commands are forked from; the session's server records what they do."""
    home = f"{tmp_path_factory.mktemp('prefect-home')}"
    own = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value(), "PREFECT_HOME": home}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, ROOT / "tests" / "flows" / "forking.py"]
    with subprocess.Popen(command, cwd=ROOT, env={**own, "PYTHONPATH": f"{ROOT}"}, **pipes) as forks:
        yield forks
        forks.stdin.close()


@pytest.fixture
def start(tmp_path, forks):
    """A function that starts a command of this project in a session of its own, where `said.txt` has what it says."""
    started = []

    def start(*words):
        started.append(Forked(forks, words, tmp_path / "said.txt"))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def run(start, tmp_path):
    """A function that runs a command to its end: exit code, and all it said in one line."""

    def run(*words):
        code = start(*words).wait()
        return code, " ".join((tmp_path / "said.txt").read_text().split())

    return run


# /proc knows the most that a program had in memory since its exec; rusage also what it was forked from.
MEASURED = """
import atexit, json, pathlib, re, runpy, sys, time

begun = time.perf_counter()

def tell():
    kilobytes = re.search("VmHWM:[^0-9]+([0-9]+)", pathlib.Path("/proc/self/status").read_text())[1]
    pathlib.Path(report).write_text(json.dumps([time.perf_counter() - begun, int(kilobytes) * 1024]))

report, module = sys.argv[1:3]
sys.argv[:] = sys.argv[2:]
atexit.register(tell)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def measured(tmp_path, prefect_server):
    """A function that runs a command of this project to its end: seconds, most bytes of its own memory, all it said."""
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not say how much memory a program took")

    def measured(*words):
        own = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value(), "PREFECT_HOME": f"{tmp_path / 'home'}"}
        command = [sys.executable, "-c", MEASURED, tmp_path / "measured.json", *words]
        done = subprocess.run([*map(str, command)], cwd=ROOT, env=own, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        seconds, peak = json.loads((tmp_path / "measured.json").read_text())
        return seconds, peak, " ".join((done.stdout + done.stderr).split())

    return measured


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

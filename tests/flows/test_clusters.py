"""Builds on real clusters of several processes, Dask's and Ray's, of which some are killed."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from prefect import task
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, PREFECT_API_URL, temporary_settings

from flows import collecting, runners
from flows.collecting import collect
from flows.portraits import build_portraits
from flows.runners import check_cluster, is_this_machine, open_workers
from flows.shards import Build, Job, build_here
from flows.speech_faces import build_speech_faces
from s2f.corpus.lock import only_builder
from s2f.corpus.plan import Shard
from s2f.corpus.portraits import read_portraits
from s2f.corpus.recipe import decided_by
from s2f.params.building import BuildingParams
from s2f.runtime import InputError, TryAgainLater

ROOT = Path(__file__).parents[2]
VIDEOS = 12
PATIENCE_S = 120  # of a test with a cluster that starts or stops

# A worker's own record of the networks it loads: Python runs this in every process that has its folder on its path.
RECORD_LOADS = """
import importlib.machinery, os, sys

class Recorder:
    def find_spec(self, name, path, target=None):
        if name != "s2f.corpus.faces":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module
        def exec_module(module):
            load(module)
            real = module.FaceEmbedder
            def recorded(*arguments):
                with open(os.environ["LOADS"], "a") as file:
                    file.write(f"{os.getpid()}\\n")
                return real(*arguments)
            module.FaceEmbedder = recorded
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Recorder())
"""

RUN_SPEECH_FACES = "from flows.speech_faces import main; from s2f.runtime import run_command; run_command(main)"

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of workers' records, and the environment of everything that belongs to a cluster here."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "sitecustomize.py").write_text(RECORD_LOADS)
    login = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_USAGE_STATS_ENABLED": "0"}
    own = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "RAY_", "DASK_"))}
    paths = {"PYTHONPATH": f"{folder}:{ROOT}", "LOADS": str(folder / "loads"), "HOME": str(folder)}
    dask = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0", "DASK_TEMPORARY_DIRECTORY": str(folder)}
    return folder, own | login | paths | dask


@contextmanager
def processes(end):
    """A list of processes that are ended like this, the latest first."""
    started = []
    try:
        yield started
    finally:
        for process in reversed(started):
            end(process)
            process.wait(PATIENCE_S)


def until(true, process):
    end = time.monotonic() + PATIENCE_S
    while not (found := true()):
        assert process.poll() is None and time.monotonic() < end, "it has not started"
        time.sleep(0.02)
    return found


class Dask:
    """A scheduler, and workers, each a process that nobody starts again."""

    def __init__(self, started, place):
        self.folder, self.environment = Path(tempfile.mkdtemp(dir=place[0])), place[1]
        self.started, self.workers = started, []
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0")
        said = until(lambda: [line for line in self.log() if "Scheduler at:" in line], self.scheduler)[0]
        self.address = said.split()[-1]

    def start_workers(self, count):
        alone = ("--nthreads", "1", "--no-nanny", "--local-directory", self.folder)
        self.workers += [self.start("worker", "--host", "127.0.0.1", *alone) for _ in range(count)]
        registered = len(self.workers)
        until(lambda: sum("Registered to:" in line for line in self.log()) == registered, self.scheduler)

    def start(self, kind, *more):
        options = ["--no-dashboard", "--scheduler-file", self.folder / "scheduler.json"]
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options, *more]
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=log, stderr=log)
        self.started.append(process)
        return process

    def log(self):
        return (self.folder / "log").read_text().splitlines()

    def kill_a_worker(self):
        self.workers[0].kill()


class Ray:
    """A head that runs no tasks; later a node too, that starts three workers, and others for those that die."""

    def __init__(self, started, place):
        self.folder, self.environment = Path(tempfile.mkdtemp(prefix="s2f-t", dir="/tmp")), place[1]  # a short name
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        any_ports = ("--min-worker-port", "0", "--max-worker-port", "0")
        quiet = ("--include-dashboard=false", "--disable-usage-stats", "--ray-client-server-port", free_port())
        head = ("--head", "--port", port, "--num-cpus", 0, "--temp-dir", self.folder, *quiet)
        self.started, self.any_ports, self.node = started, any_ports, None
        self.head = self.start(*head)

    def start_node(self):
        self.node = self.start("--address", self.address, "--num-cpus", 3)

    def start(self, *options):
        command = [Path(sys.executable).with_name("ray"), "start", "--block", "--node-ip-address", "127.0.0.1"]
        command += ["--num-gpus", 0, "--object-store-memory", 100 * 2**20, *self.any_ports, *options]
        log = self.folder / f"log{len(self.started)}"
        with log.open("w") as file:
            words = [str(word) for word in command]
            process = subprocess.Popen(words, env=self.environment, cwd=self.folder, stdout=file, stderr=file)
        self.started.append(process)
        until(lambda: "Ray runtime started" in log.read_text(), process)
        return process

    def kill(self):
        """Head, node and all that they started, none of them kindly."""
        for process in (self.head, self.node):
            psutil.Process(process.pid).suspend()  # else it ends the others
        for process in (self.head, self.node):
            for child in psutil.Process(process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):  # died of another's death
                    child.kill()
            process.kill()

    def busy(self):
        """Workers with a shard."""
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.node.pid).children(recursive=True)
            return [child for child in children if "ray::build-shard" in " ".join(child.cmdline())]

    def kill_a_worker(self):
        until(self.busy, self.node)[0].kill()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def dask(place):
    """One cluster of three workers for all tests, which kill some and start others: their imports take long."""
    pytest.importorskip("prefect_dask", reason="needs pip install '.[cluster]'")
    with processes(subprocess.Popen.kill) as started:  # they start no others, and end kindly in half a minute at worst
        cluster = Dask(started, place)
        cluster.start_workers(3)
        yield cluster


@pytest.fixture(scope="module")
def ray_without_workers(place):
    """One cluster for all tests: it takes longer to start. The first test has its head alone, the last one kills it."""
    pytest.importorskip("prefect_ray", reason="needs pip install '.[cluster]'")
    with pytest.MonkeyPatch.context() as patch, processes(subprocess.Popen.terminate) as started:
        for key in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
            patch.setenv(key, place[1][key])
        cluster = Ray(started, place)
        yield cluster
    shutil.rmtree(cluster.folder)


@pytest.fixture(scope="module")
def ray(ray_without_workers):
    """The same, with workers."""
    ray_without_workers.start_node()
    return ray_without_workers


@pytest.fixture(scope="module")
def films(tmp_path_factory, sources):
    """A folder of short films and their list: a dozen that are kept, and three that are not."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "videos").mkdir()
    names = [f"film{number}" for number in range(VIDEOS)]
    for number, name in enumerate(names):
        shutil.copy(sources[0] / "videos" / ("later.mp4" if number % 2 else "-good.mp4"), folder / f"videos/{name}.mp4")
    shutil.copy(sources[0] / "videos" / "room.mp4", folder / "videos" / "room.mp4")
    rows = [f"{name},0,2,0.5,0.5" for name in [*names, "room", "gone", "bad/id"]]
    (folder / "clips.csv").write_text("\n".join(rows) + "\n")
    return str(folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, films, write_params, contents):
    """What threads of one process build."""
    folder = tmp_path_factory.mktemp("threads")
    build_speech_faces(folder / "out", folder / "ledger", write_params(source=films))
    return contents(folder)


def recorded(place):
    """An environment with this session's Prefect server."""
    return place[1] | {"PREFECT_API_URL": PREFECT_API_URL.value()}


def start_build(folder, params, environment, *command):
    command = [sys.executable, *(command or ("-m", "flows.speech_faces")), "--params", params]
    command += ["--out", folder / "out", "--ledger", folder / "ledger"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def built_though_a_worker_is_killed(cluster, folder, params, place):
    (place[0] / "loads").unlink(missing_ok=True)
    with start_build(folder, params, recorded(place)) as process:
        until(lambda: len(list(folder.glob("ledger/*.parquet"))) >= 3, process)
        cluster.kill_a_worker()
        _, words = process.communicate()
    assert process.returncode == 0, words
    assert "Traceback" not in words
    return words


@task(name="dies", persist_result=False)
def die(folder, name, times):
    """Take the worker along, so many times."""
    from pathlib import Path

    tried = len(list(Path(folder).glob(f"{name}.*")))
    Path(folder, f"{name}.{tried}").touch()
    if tried < times:
        import os

        os.kill(os.getpid(), 9)
    return name


@pytest.fixture
def hurry(monkeypatch):
    """Ask a cluster often, and give it up soon."""
    monkeypatch.setattr(collecting, "POLL_S", 0.2)
    monkeypatch.setattr(collecting, "SILENT_S", 1.0)
    monkeypatch.setattr(collecting, "PATIENCE_S", 2.0)


def results(building, folder, deaths, once_submitted=lambda: None):
    """What `deaths`, name → how many workers it kills, come to."""
    with open_workers(building, 2) as workers:

        def submit(name, times):
            future = workers.submit(die, {"folder": str(folder), "name": name, "times": times})
            once_submitted()
            return future

        return sorted(result for _, result in collect(workers, deaths, submit, building.place))


def on(runner, address):
    return BuildingParams(runner=runner, address=address, min_free_gb=0)


def test_a_dask_cluster_without_workers_ends_a_build_and_so_does_a_dead_one(place, tmp_path, hurry):
    pytest.importorskip("prefect_dask", reason="needs pip install '.[cluster]'")
    with processes(subprocess.Popen.kill) as started:
        cluster = Dask(started, place)
        with pytest.raises(TryAgainLater, match="No worker is left in the cluster since"):
            results(on("dask", cluster.address), tmp_path, {"a": 0})
        with pytest.raises(TryAgainLater, match=f"The cluster at {cluster.address[6:]} does not answer any more"):
            results(on("dask", cluster.address), tmp_path, {"a": 0}, once_submitted=cluster.scheduler.kill)


def test_a_ray_cluster_without_workers_ends_a_build(ray_without_workers, tmp_path, hurry):
    with pytest.raises(TryAgainLater, match="No worker is left in the cluster since"):
        results(on("ray", ray_without_workers.address), tmp_path, {"a": 0})


def test_dask_builds_the_same_bytes_though_a_worker_is_killed(
    dask, tmp_path, films, whole, write_params, place, contents
):
    params = write_params(source=films, workers=3, runner="dask", address=dask.address)
    built_though_a_worker_is_killed(dask, tmp_path, params, place)
    assert contents(tmp_path) == whole
    assert [worker.poll() for worker in dask.workers] == [-signal.SIGKILL, None, None]
    loads = (place[0] / "loads").read_text().split()
    assert len(loads) == len(set(loads)) and set(loads) <= {f"{worker.pid}" for worker in dask.workers}
    assert len(loads) >= 2


def test_a_build_that_is_killed_goes_on_though_the_clusters_workers_are_still_at_its_shards(
    dask, tmp_path, film_server, list_clips, write_params, place, contents, until
):
    server = film_server()
    videos = [f"v{number:02d}" for number in range(2, 20)]  # more shards than workers, two or three
    source = list_clips(tmp_path / "source", videos)
    fetched = {"source": source, "url": server.url, "shard_clips": 3, "workers": 3}
    build_speech_faces(tmp_path / "whole" / "out", tmp_path / "whole" / "ledger", write_params(**fetched))
    params = write_params(**fetched, runner="dask", address=dask.address)
    asked = server.requests()
    server.stop()
    server.rules = {f"{video}.mp4": "slow" for video in videos}
    server.start()
    folder = tmp_path / "killed"
    with start_build(folder, params, recorded(place)) as process:
        until(lambda: list(folder.glob("ledger/*.parquet")) and list(folder.glob("out/.fetched/*/v*")))
        process.kill()
    with start_build(folder, params, recorded(place)) as process:
        _, words = process.communicate()
    assert process.returncode == 0, words
    assert contents(folder / "out") == contents(tmp_path / "whole" / "out")
    assert contents(folder / "ledger") == contents(tmp_path / "whole" / "ledger")
    assert server.requests() - asked == asked  # each as often as one build asks


def test_ray_builds_the_same_bytes_though_a_worker_is_killed(
    ray, tmp_path, films, whole, write_params, place, contents
):
    params = write_params(source=films, workers=3, runner="ray", address=ray.address)
    built_though_a_worker_is_killed(ray, tmp_path, params, place)
    assert contents(tmp_path) == whole
    loads = (place[0] / "loads").read_text().split()
    assert len(loads) == len(set(loads)) and 2 <= len(loads) <= 4  # three, and one for the one that was killed
    assert not (place[0] / ".ray").exists()


@pytest.mark.parametrize("runner", ["dask", "ray"])
def test_what_dies_with_its_worker_is_tried_three_times(request, tmp_path, hurry, runner):
    cluster = request.getfixturevalue(runner)
    if runner == "dask":
        cluster.start_workers(3)  # beside two that are left; four die
    with pytest.raises(TryAgainLater, match="deadly: its worker died in each of 3 tries"):
        results(on(runner, cluster.address), tmp_path, {"safe": 0, "ill": 1, "deadly": 99})
    # Dask blames a worker's death on all that it had, so that others may be tried again beside the one to blame.
    tries = {name: len(list(tmp_path.glob(f"{name}.*"))) for name in ("safe", "ill", "deadly")}
    assert 1 <= tries["safe"] <= 2 and 2 <= tries["ill"] <= 3 and tries["deadly"] == 3


def test_a_ray_cluster_that_is_dead_ends_a_build_in_one_sentence(ray, tmp_path, films, write_params, place):
    params = write_params(source=films, runner="ray", address=ray.address)
    in_a_hurry = "import flows.collecting as c; c.POLL_S, c.SILENT_S = 0.5, 1; " + RUN_SPEECH_FACES
    with start_build(tmp_path, params, recorded(place), "-c", in_a_hurry) as process:
        until(ray.busy, process)
        ray.kill()
        _, words = process.communicate()
    assert process.returncode == 75, words
    assert f"stopped: The cluster at {ray.address} does not answer any more; nothing that was finished is lost" in words
    assert "Traceback" not in words


def test_where_ray_waits_in_vain_in_mid_call_the_process_still_ends_in_that_sentence():
    pytest.importorskip("prefect_ray", reason="needs pip install '.[cluster]'")
    in_a_hurry = "import time, flows.ray_workers as r; r.WATCH_S = r.LAST_S = 0.1; "
    in_a_hurry += f"watching = r._watched(('127.0.0.1', {free_port()})); watching.__enter__(); time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", in_a_hurry], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 75
    assert done.stderr.startswith("stopped: The cluster at 127.0.0.1:")


@pytest.mark.parametrize("runner", ["dask", "ray"])
def test_without_an_address_a_cluster_is_this_machines_for_one_build(
    tmp_path, write_params, place, runner, pictures, contents
):
    pytest.importorskip(f"prefect_{runner}", reason="needs pip install '.[cluster]'")
    with tempfile.TemporaryDirectory(prefix="s2f-t", dir="/tmp") as short:
        database = {"PREFECT_API_DATABASE_CONNECTION_URL": PREFECT_API_DATABASE_CONNECTION_URL.value()}
        own = {"TMPDIR": short, "PREFECT_HOME": str(tmp_path), "PREFECT_SERVER_API_PORT": str(free_port()), **database}
        environment = {key: value for key, value in place[1].items() if not key.startswith("RAY_")} | own
        command = [sys.executable, "-m", "flows.portraits", "--params", write_params(runner=runner)]
        command += ["--out", tmp_path / "out", "--ledger", tmp_path / "ledger"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert contents(tmp_path / "out") | contents(tmp_path / "ledger") == pictures
        assert [path for path in Path(short).iterdir() if path.name.startswith(("s2f", "dask", "ray"))] == []
    assert "Traceback" not in done.stderr and "distributed" not in done.stderr
    assert not (place[0] / ".ray").exists()
    assert [process for process in psutil.process_iter(["environ"]) if belongs_to(process, tmp_path)] == []


@pytest.fixture(scope="module")
def pictures(tmp_path_factory, write_params, contents):
    """What threads of one process build of pictures."""
    folder = tmp_path_factory.mktemp("pictures-by-threads")
    build_portraits(folder / "out", folder / "ledger", write_params())
    return contents(folder / "out") | contents(folder / "ledger")


def belongs_to(process, folder):
    return (process.info["environ"] or {}).get("PREFECT_HOME") == str(folder)


def test_what_answers_nowhere_is_refused_in_a_sentence_within_seconds(tmp_path, write_params, place):
    for runner, scheme in (("dask", "tcp://"), ("ray", "")):
        pytest.importorskip(f"prefect_{runner}", reason="needs pip install '.[cluster]'")
        address = f"{scheme}127.0.0.1:{free_port()}"
        with pytest.raises(InputError, match=f"nothing answers at {address} .*; allowed: .*host:"):
            check_cluster(on(runner, address))
    with start_build(tmp_path, write_params(runner="ray", address=address), place[1]) as process:
        _, words = process.communicate()
    assert process.returncode == 2
    assert f"error: building.address: nothing answers at {address}" in words and "Traceback" not in words


def test_another_machines_cluster_needs_a_server_that_it_reaches(monkeypatch):
    monkeypatch.setattr(runners, "PACKAGES", {})
    assert is_this_machine("127.0.0.1") and is_this_machine(socket.gethostname())
    assert not is_this_machine("192.0.2.1")  # nobody's: for documentation
    with pytest.raises(InputError, match=r"192\.0\.2\.1 is another machine, whose workers cannot reach Prefect"):
        check_cluster(on("dask", "tcp://192.0.2.1:8786"))
    monkeypatch.setattr(runners, "ANSWERS_WITHIN_S", 0.1)
    reached = temporary_settings({PREFECT_API_URL: "http://192.0.2.2:4200/api"})
    with reached, pytest.raises(InputError, match="nothing answers at tcp://192"):
        check_cluster(on("dask", "tcp://192.0.2.1:8786"))


def test_a_cluster_that_is_not_installed_says_what_installs_it(monkeypatch):
    monkeypatch.setitem(runners.PACKAGES, "dask", "a_package_that_nobody_has")
    with pytest.raises(InputError, match=r"pip install '\.\[cluster\]'"):
        check_cluster(on("dask", None))


def test_a_worker_of_another_version_or_without_the_folder_is_refused_by_name(tmp_path, write_params, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = read_portraits(write_params())
    whole = Build(recipe, "of other code", tmp_path / "out", tmp_path / "ledger", on("dask", None), tmp_path, "")
    split, item = next(recipe.items())
    job = Job(Shard(0, split, (item,)), ())
    with pytest.raises(InputError, match=f"{socket.gethostname()}: its code, parameters or weights are not"):
        build_here(job, whole)
    with pytest.raises(InputError, match="not-here: No such file or directory; a cluster's machines share folders"):
        build_here(job, replace(whole, folder=tmp_path / "not-here"))
    with only_builder(whole.ledger) as builder:
        assert build_here(job, replace(whole, decided=decided_by(recipe), builder=builder)).reasons == {"ok": 1}

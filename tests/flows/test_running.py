"""The flows as commands: with no Prefect server configured, with one that is up, on bad input and full disks."""

import asyncio
import http.server
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import httpx
import psutil
import pytest
from prefect.server.events.schemas.events import ReceivedEvent
from prefect.server.services import task_run_recorder
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, PREFECT_API_URL

from flows import local_server
from flows.local_server import PATIENCE_S, TASK_RUN_RECORDER, LocalServer, is_up, nothing_was_lost
from s2f.corpus.queries import funnel

ROOT = Path(__file__).parents[2]


def environment(tmp_path, **settings):
    """No Prefect server is configured, and none is up where `make ui` starts one, unless `settings` say so."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    return own | {"PREFECT_HOME": str(tmp_path / "home"), "PREFECT_SERVER_API_PORT": str(free_port())} | settings


def run_alone(tmp_path, *options, **settings):
    return subprocess.run(
        [sys.executable, "-m", *options, "--out", tmp_path / "out", "--ledger", tmp_path / "ledger"],
        cwd=ROOT,
        env=environment(tmp_path, **settings),
        capture_output=True,
        text=True,
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_command_needs_no_server_and_shares_the_database_with_one(tmp_path, write_params, prefect_server):
    database = PREFECT_API_DATABASE_CONNECTION_URL.value()
    done = run_alone(
        tmp_path, "flows.portraits", "--params", write_params(), PREFECT_API_DATABASE_CONNECTION_URL=database
    )
    assert done.returncode == 0, done.stderr
    assert "5 of 7 kept; lost: 1 corrupt, 1 no_face." in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out" / "manifest.json").exists()
    assert not [process for process in psutil.process_iter(["environ"]) if _belongs_to(process, tmp_path)]


def test_a_command_records_into_the_server_that_make_ui_started(tmp_path, write_params):
    port = free_port()
    asked = {"PREFECT_SERVER_API_PORT": str(port)}
    [command] = re.findall(r"^ui:.*\n\t@python (.+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    words = [sys.executable, *command.split()]
    with subprocess.Popen(words, cwd=ROOT, env=environment(tmp_path, **asked), stdout=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + PATIENCE_S
            while not is_up(f"http://127.0.0.1:{port}/api") and time.monotonic() < until:
                time.sleep(0.1)
            done = run_alone(tmp_path, "flows.portraits", "--params", write_params(), **asked)
            assert done.returncode == 0, done.stderr
            assert f"Prefect's server at http://127.0.0.1:{port}/api records this run." in " ".join(done.stderr.split())
            runs = httpx.post(f"http://127.0.0.1:{port}/api/flow_runs/filter", json={}).raise_for_status().json()
            assert [(run["name"], run["state_type"]) for run in runs] == [(f"portraits to {tmp_path}/out", "COMPLETED")]
            assert "<html" in httpx.get(f"http://127.0.0.1:{port}", follow_redirects=True).text
            settings = httpx.get(f"http://127.0.0.1:{port}/api/admin/settings").json()["server"]
            assert settings["services"]["task_run_recorder"]["batch_size"] == 500
            assert settings["analytics_enabled"] is False
        finally:
            server.terminate()


def test_a_build_can_be_started_on_prefects_page_with_other_parameters(tmp_path, write_params, prefect_server):
    words = [sys.executable, "-m", "flows.serving", "--data", tmp_path, "--params", write_params(shard_pictures=1)]
    own = environment(tmp_path, PREFECT_API_URL=PREFECT_API_URL.value())
    with subprocess.Popen(words, cwd=ROOT, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as serving:
        try:
            [found] = until(lambda: asked("deployments", {"flows": {"name": {"any_": ["portraits"]}}}))
            assert found["tags"] == ["s2f", "portraits"]
            form = found["parameter_openapi_schema"]
            assert set(form["definitions"]["BuildingParams"]["properties"]) == {"runner", "address", "min_free_gb"}
            building = found["parameters"]["building"] | {"min_free_gb": 0.5}
            parameters = {"parameters": found["parameters"] | {"building": building}}
            started = posted(f"deployments/{found['id']}/create_flow_run", parameters)
            named = {"flow_runs": {"id": {"any_": [started["id"]]}}}
            [done] = until(lambda: [run for run in asked("flow_runs", named) if run["end_time"]])
            assert (done["state_type"], done["parameters"]["building"]["min_free_gb"]) == ("COMPLETED", 0.5)
            assert set(done["tags"]) >= {"s2f", "portraits"}
        finally:
            serving.terminate()
    assert funnel(tmp_path / "ledger" / "portraits")["kept"] == 5


def test_serving_without_a_server_says_what_starts_one(tmp_path, write_params):
    words = [sys.executable, "-m", "flows.serving", "--params", write_params()]
    done = subprocess.run(words, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True)
    assert done.returncode == 2
    assert "`make ui` starts one" in done.stderr and "Traceback" not in done.stderr


def asked(what, filters):
    return posted(f"{what}/filter", filters)


def posted(where, content):
    """The server's answer. While its database is locked it says 503, and its page and clients ask again."""
    url = f"{PREFECT_API_URL.value()}/{where}"
    answer = until(lambda: one if (one := httpx.post(url, json=content)).status_code != 503 else None)
    return answer.raise_for_status().json()


def until(ask, patience_s=PATIENCE_S):
    """The first answer that is not empty."""
    end = time.monotonic() + patience_s
    while not (found := ask()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def test_what_a_server_writes_as_it_ends_is_written_without_a_traceback(monkeypatch):
    written, said = [], []

    async def record(events):
        if not written:
            written.append("interrupted")
            await asyncio.sleep(60)
        written.extend(event.event for event in events)

    async def end_in_mid_write():
        resource = {"prefect.resource.id": "prefect.task-run.1", "prefect.orchestration": "client"}
        event = ReceivedEvent(
            occurred=datetime.now(UTC), event="prefect.task-run.Completed", resource=resource, id=uuid4()
        )
        async with task_run_recorder.consumer(write_batch_size=500, flush_every=0.01) as handle:
            await handle(SimpleNamespace(data=event.model_dump_json()))
            while not written:
                await asyncio.sleep(0.01)

    class Listener(logging.Handler):
        def emit(self, record):
            said.append(record.getMessage())

    monkeypatch.setattr(task_run_recorder, "record_bulk_task_run_events", record)
    monkeypatch.setattr(local_server, "_end_with_parent", lambda: None)
    monkeypatch.setattr("uvicorn.run", lambda *words, **options: None)
    recorder, listener = logging.getLogger(TASK_RUN_RECORDER), Listener(logging.ERROR)
    recorder.addHandler(listener)
    try:
        asyncio.run(end_in_mid_write())
        assert said == ["Error flushing 1 events (1 to retry, 0 dropped)"]
        assert written == ["interrupted", "prefect.task-run.Completed"]
        written.clear()
        local_server.serve(0)
        asyncio.run(end_in_mid_write())
        assert written == ["interrupted", "prefect.task-run.Completed"]
        recorder.error("Dropping event")
        assert said[1:] == ["Dropping event"]
    finally:
        recorder.removeHandler(listener)
        recorder.removeFilter(nothing_was_lost)


@pytest.mark.parametrize("answer", [b"<html>a page for every question</html>", b"true", b'"2.20.1"', b"{}"])
def test_what_is_no_server_of_ours_is_not_taken_for_one(answer):
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *words):
            pass

        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"true" if self.path == "/api/health" else answer)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        assert not is_up(f"http://127.0.0.1:{server.server_port}/api")
        server.shutdown()
    assert not is_up(f"http://127.0.0.1:{free_port()}/api")


@pytest.fixture
def recorded(run):
    """A function that runs a build into a folder, recorded by the session's server: exit code, and all it said."""
    return lambda module, params, folder: run(
        module, "--params", params, "--out", folder / "out", "--ledger", folder / "ledger"
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"clip_list": "nowhere.csv"}, "nowhere.csv: no such file"),
        ({"url": "ftp://x/{youtube_id}"}, "allowed: file, http, https"),
        ({"face_px": 7}, "face_px"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, write_params, recorded, changed, words):
    code, said = recorded("flows.speech_faces", write_params(**changed), tmp_path)
    assert code == 2
    assert words in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_a_build_that_keeps_nothing_to_train_on_writes_its_ledger_and_then_says_so(
    tmp_path, write_params, recorded, list_clips
):
    params = write_params(source=list_clips(tmp_path / "films", [f"absent{number}" for number in range(4)]))
    for _ in range(2):  # the second finds everything built, and is no success either
        code, said = recorded("flows.speech_faces", params, tmp_path)
        assert code == 2, said
        assert "no item was kept in the split 'train', of 4 tried (4 removed); `s2f corpus status` says why" in said
        assert "Traceback" not in said
        assert sum(funnel(tmp_path / "ledger")[name] for name in ("tried", "kept")) == 4


def test_a_disk_that_is_nearly_full_stops_a_build_and_with_room_it_goes_on(tmp_path, write_params, recorded):
    done = run_alone(tmp_path, "flows.portraits", "--params", write_params(min_free_gb=1e6))
    assert done.returncode == 75
    assert "stopped: " in done.stderr and "Make room and run the same command again" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert recorded("flows.portraits", write_params(), tmp_path)[0] == 0


def test_a_disk_that_is_full_stops_a_build_and_loses_nothing(tmp_path, write_params, recorded):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("no small disk can be made here: mounting one needs root")
    try:
        code, said = recorded("flows.portraits", write_params(shard_pictures=1), disk)
        assert code == 75, said
        assert "the disk is full" in said
        finished = {path.name for path in disk.glob("ledger/*.parquet")}
        assert finished and len(finished) < 7
        assert not list(disk.rglob("*.tmp"))
        subprocess.run(["mount", "-o", "remount,size=9m", disk], check=True)
        before = {path: path.stat().st_mtime_ns for path in disk.glob("ledger/*.parquet")}
        assert recorded("flows.portraits", write_params(shard_pictures=1), disk)[0] == 0
        assert {path: path.stat().st_mtime_ns for path in before} == before
        assert funnel(disk / "ledger")["tried"] == 7
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_temporary_server_does_not_survive_a_kill(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    server = LocalServer()
    assert server.process.stdin is not None
    server.process.stdin.close()  # what the system does when the process that holds it is killed
    assert server.process.wait(timeout=60) == 0


def _belongs_to(process, folder):
    return (process.info["environ"] or {}).get("PREFECT_HOME") == str(folder / "home")

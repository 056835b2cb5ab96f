"""Ctrl-C and SIGTERM end a build within seconds, whatever it waits for, and the same command goes on."""

import signal
import time

import pytest

from flows.speech_faces import build_speech_faces

VIDEOS = [f"v{number:02d}" for number in range(2, 10)]
SOON_S = 15.0
PATIENT = {"attempts": 3, "first_pause_s": 3600.0, "socket_timeout_s": 3600.0, "max_seconds": 3600.0, "shard_clips": 2}

pytestmark = pytest.mark.usefixtures("prefect_server")


def in_a_cool_down(server, folder):
    return (folder / "out" / ".fetched" / "refused.json").exists()


def in_a_fetch(server, folder):
    return server.requests()[VIDEOS[0]] > 0 and list(folder.glob("ledger/*.parquet"))


def in_a_pause(server, folder):
    return len(server.requests()) > 1


@pytest.mark.parametrize(
    ("number", "code", "waiting", "rules"),
    [
        (signal.SIGINT, 130, in_a_cool_down, dict.fromkeys(VIDEOS, "429")),
        (signal.SIGINT, 130, in_a_fetch, {VIDEOS[0]: "stall"}),
        (signal.SIGTERM, 143, in_a_pause, dict.fromkeys(VIDEOS, "500")),
    ],
    ids=["in a cool-down", "in a fetch", "in a pause"],
)
def test_a_build_that_is_told_to_ends_within_seconds_and_goes_on_later(
    tmp_path, write_params, list_clips, film_server, start, until, number, code, waiting, rules
):
    server = film_server(**rules)
    params = write_params(
        source=list_clips(tmp_path, VIDEOS), url=server.url, cool_down_minutes=60.0, cool_downs=3, **PATIENT
    )
    out, ledger = tmp_path / "out", tmp_path / "ledger"
    process = start("flows.speech_faces", "--out", out, "--ledger", ledger, "--params", params)
    until(lambda: waiting(server, tmp_path) or process.poll() is not None)
    told = time.monotonic()
    process.send_signal(number)
    ended = process.wait(60)
    assert time.monotonic() - told < SOON_S
    said = " ".join((tmp_path / "said.txt").read_text().split())
    assert ended == code, said
    assert "stopped: " in said and "Run the same command again: it goes on from here." in said
    assert "Traceback" not in said and "error:" not in said
    assert not (out / "manifest.json").exists() and not list(out.rglob("*.tmp"))
    server.stop()
    server.rules = {}
    server.start()
    (out / ".fetched" / "refused.json").unlink(missing_ok=True)  # as after an hour
    assert build_speech_faces(out, ledger, params) == {"ok": len(VIDEOS)}

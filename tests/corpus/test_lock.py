import errno
import logging
import signal
import subprocess
import sys
from contextlib import contextmanager
from threading import Timer

import pytest

from s2f.corpus.lock import only_builder, only_worker
from s2f.media.stopping import STOP, Stopped
from s2f.runtime import InputError, TryAgainLater

HOLD = """
import pathlib, sys
from s2f.corpus import lock
with getattr(lock, sys.argv[1])(pathlib.Path(sys.argv[2]), *sys.argv[3:]):
    print(flush=True)
    input()
"""


@contextmanager
def held(*words):
    """By another process: a function of s2f.corpus.lock with its arguments."""
    command = [sys.executable, "-c", HOLD, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        try:
            other.stdout.readline()
            yield other
        finally:
            other.kill()


def killed(process):
    """Whether it was, by now or within a moment: the system lets go of its locks first."""
    try:
        return process.wait(0.3) == -signal.SIGKILL
    except subprocess.TimeoutExpired:
        return False


def test_two_processes_do_not_build_one_corpus_and_a_killed_one_holds_nothing(tmp_path):
    ledger = tmp_path / "ledger" / "portraits"
    with held("only_builder", ledger) as other:
        with pytest.raises(InputError, match="another process is building this corpus"), only_builder(ledger):
            pass
        with only_builder(tmp_path / "ledger" / "speech_faces"):
            pass
        other.kill()
        other.wait()
        with only_builder(ledger):
            pass
    assert not ledger.exists()


@pytest.fixture
def when_it_waits(monkeypatch, caplog):
    """A function that has something done when somebody says that he waits; how often one did is its list's length."""
    said = []

    def when(do):
        def told(*words):
            said.append(words)
            do()

        monkeypatch.setattr(logging.getLogger("s2f.corpus.lock"), "warning", told)
        return said

    return when


def test_a_shard_is_one_workers_until_he_is_killed_and_other_shards_are_free(tmp_path, when_it_waits):
    with only_builder(tmp_path / "ledger") as builder, held("only_worker", tmp_path / "ledger", "0", builder) as other:
        said = when_it_waits(lambda: Timer(1.0, other.kill).start())
        with only_worker(tmp_path / "ledger", "1", builder):
            assert not said
        with only_worker(tmp_path / "ledger", "0", builder):
            assert len(said) == 1 and killed(other)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [".ledger.shards"]


def test_who_waits_for_a_shard_is_stopped_with_his_build(tmp_path, when_it_waits):
    with only_builder(tmp_path / "ledger") as builder, held("only_worker", tmp_path / "ledger", "0", builder):
        when_it_waits(STOP.begin)
        try:
            with pytest.raises(Stopped, match="The build was stopped"), only_worker(tmp_path / "ledger", "0", builder):
                pass
        finally:
            STOP.over()


def test_nobody_builds_while_a_worker_of_another_build_is_at_a_shard(tmp_path, when_it_waits):
    with held("only_builder", tmp_path / "ledger") as build:
        builder = (tmp_path / ".ledger.lock").read_text()
        build.kill()
    with held("only_worker", tmp_path / "ledger", "0", builder) as other:
        said = when_it_waits(lambda: Timer(1.0, other.kill).start())
        with only_builder(tmp_path / "ledger"):
            assert len(said) == 1 and killed(other)
            assert not (tmp_path / ".ledger.shards").exists()
        with pytest.raises(Stopped, match="this build is over"), only_worker(tmp_path / "ledger", "0", builder):
            pass


def test_a_build_that_has_ended_leaves_no_name_for_workers_that_it_has_lost_sight_of(tmp_path):
    with only_builder(tmp_path / "ledger") as builder:
        pass
    assert (tmp_path / ".ledger.lock").read_bytes() == b""
    with pytest.raises(Stopped, match="this build is over"), only_worker(tmp_path / "ledger", "0", builder):
        pass


def test_who_is_refused_takes_no_name_away(tmp_path):
    with only_builder(tmp_path / "ledger") as builder:
        with pytest.raises(InputError), only_builder(tmp_path / "ledger"):
            pass
        with only_worker(tmp_path / "ledger", "0", builder):
            pass


def test_a_full_disk_is_no_error_but_a_stop(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("s2f.corpus.lock.os.fsync", full)
    with pytest.raises(TryAgainLater, match="the disk is full"), only_builder(tmp_path / "ledger"):
        pass

import errno
import subprocess
import sys

import pytest

from s2f.corpus.lock import only_builder
from s2f.runtime import InputError, TryAgainLater

HOLD = """
import pathlib, sys
from s2f.corpus.lock import only_builder
with only_builder(pathlib.Path(sys.argv[1])):
    print(flush=True)
    input()
"""


def test_two_processes_do_not_build_one_corpus_and_a_killed_one_holds_nothing(tmp_path):
    ledger = tmp_path / "ledger" / "portraits"
    with subprocess.Popen([sys.executable, "-c", HOLD, ledger], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(InputError, match="another process is building this corpus"), only_builder(ledger):
            pass
        with only_builder(tmp_path / "ledger" / "speech_faces"):
            pass
        other.kill()
        other.wait()
        with only_builder(ledger):
            pass
    assert not ledger.exists()


def test_a_full_disk_is_no_error_but_a_stop(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("s2f.corpus.lock.os.fsync", full)
    with pytest.raises(TryAgainLater, match="the disk is full"), only_builder(tmp_path / "ledger"):
        pass

import errno
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from s2f.corpus.room import check_room, stopping_when_full
from s2f.runtime import TryAgainLater


def test_a_folder_with_room_is_no_reason_to_stop(tmp_path):
    check_room([tmp_path / "not" / "there" / "yet"], 0.001)


def test_too_little_room_is_one_sentence_that_says_what_to_do(tmp_path):
    with pytest.raises(TryAgainLater, match=r"out: [\d.]+ GB are free .*keeps 1e\+09; nothing is lost\. Make room"):
        check_room([tmp_path / "out"], 1e9)


def test_a_full_disk_stops_and_another_error_stays_what_it_is(tmp_path):
    with pytest.raises(TryAgainLater, match="the disk is full"), stopping_when_full([tmp_path]):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(PermissionError), stopping_when_full([tmp_path]):
        raise PermissionError(errno.EACCES, "no")


def test_every_disk_that_is_written_to_is_looked_at(tmp_path, monkeypatch):
    def disk_usage(path):
        return SimpleNamespace(free=5e8 if Path(path).is_relative_to(tmp_path / "films") else 1e12)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    (tmp_path / "films").mkdir()
    check_room([tmp_path / "out"], 2)
    with pytest.raises(TryAgainLater, match=r"films/kept: 0\.5 GB are free"):
        check_room([tmp_path / "out", tmp_path / "films" / "kept"], 2)

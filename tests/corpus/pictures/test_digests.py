import hashlib
import os
import time
from collections import Counter
from dataclasses import replace

import pytest

from s2f.corpus.pictures import digests as module
from s2f.corpus.pictures.digests import cache_file, digests
from s2f.corpus.pictures.opening import open_source
from s2f.corpus.portraits import Portraits
from s2f.params.face_models import FaceModelsParams
from s2f.params.portraits import PortraitsParams

LONG_AGO = 1_600_000_000 * 10**9
CONTENTS = {f"{number:02d}.png": bytes([number]) * 50 for number in range(30)}


class Counted:
    """A source that counts what is read."""

    def __init__(self, path):
        self._source = open_source(path)
        self.readers = self._source.readers
        self.read_names = Counter()

    def entries(self):
        return self._source.entries()

    def read(self, name):
        self.read_names[name] += 1
        return self._source.read(name)


def old(path):
    """As if it had been written long ago."""
    files = path.rglob("*") if path.is_dir() else [path]
    for file in files:
        os.utime(file, ns=(LONG_AGO, LONG_AGO))
    return path


def found(path, file):
    """(digests, how many pictures were read)."""
    source = Counted(path)
    return list(digests(source, list(source.entries()), file)), sum(source.read_names.values())


@pytest.fixture(params=["folder", "zip", "tar", "parquet", "shards"])
def source(request, tmp_path, packed):
    return old(packed(request.param, tmp_path, CONTENTS))


EXPECTED = [hashlib.sha256(content).hexdigest() for content in CONTENTS.values()]


def test_a_second_plan_reads_nothing(source, tmp_path):
    file = cache_file(tmp_path / "cache", source)
    assert found(source, file) == (EXPECTED, 30)
    assert found(source, file) == (EXPECTED, 0)


def test_without_a_file_all_is_read_each_time_and_once(source):
    assert found(source, None) == found(source, None) == (EXPECTED, 30)


def test_only_what_changed_is_read_again(tmp_path, packed):
    source, file = old(packed("folder", tmp_path, CONTENTS)), tmp_path / "cache.parquet"
    found(source, file)
    (source / "07.png").write_bytes(b"x" * 50)  # as long as it was
    (source / "08.png").write_bytes(b"longer" * 50)
    os.utime(source / "08.png", ns=(LONG_AGO, LONG_AGO))
    changed, read = found(source, file)
    assert read == 2
    assert [index for index in range(30) if changed[index] != EXPECTED[index]] == [7, 8]


def test_an_archive_that_changed_is_read_as_a_whole(tmp_path, packed):
    source, file = old(packed("zip", tmp_path, CONTENTS)), tmp_path / "cache.parquet"
    found(source, file)
    os.utime(source, ns=(LONG_AGO + 1, LONG_AGO + 1))
    assert found(source, file) == (EXPECTED, 30)


def test_what_was_written_just_now_is_not_remembered(tmp_path, packed):
    source, file = packed("folder", tmp_path, CONTENTS), tmp_path / "cache.parquet"
    assert found(source, file) == found(source, file) == (EXPECTED, 30)
    now = time.time_ns()
    os.utime(source / "01.png", ns=(now + 10**12, now + 10**12))  # a clock that is wrong is no reason to read for ever
    found(source, file)
    assert found(source, file)[1] == 29


def test_a_file_with_the_same_name_size_and_time_is_not_noticed_until_the_digests_are_deleted(tmp_path, packed):
    source, file = old(packed("folder", tmp_path, CONTENTS)), tmp_path / "cache.parquet"
    found(source, file)
    (source / "07.png").write_bytes(b"x" * 50)
    old(source)
    assert found(source, file) == (EXPECTED, 0)
    file.unlink()
    assert found(source, file)[0][7] == hashlib.sha256(b"x" * 50).hexdigest()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no Parquet", None])
def test_a_damaged_file_of_digests_is_made_anew(tmp_path, packed, content):
    source, file = old(packed("folder", tmp_path, CONTENTS)), tmp_path / "cache.parquet"
    found(source, file)
    file.write_bytes(file.read_bytes()[:-20] if content is None else content)
    assert found(source, file) == (EXPECTED, 30)
    assert found(source, file) == (EXPECTED, 0)


def test_a_plan_that_is_broken_off_keeps_what_it_read(tmp_path, packed, monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 10)
    source, file = old(packed("folder", tmp_path, CONTENTS)), tmp_path / "cache.parquet"
    opened = open_source(source)
    begun = digests(opened, list(opened.entries()), file)
    assert [next(begun) for _ in range(11)] == EXPECTED[:11]
    begun.close()
    assert found(source, file) == (EXPECTED, 10)


def test_digests_are_saved_now_and_then_and_half_a_file_never_takes_a_whole_ones_place(tmp_path, packed, monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 10)
    monkeypatch.setattr(module, "SAVE_EVERY", 10)
    source, file = old(packed("folder", tmp_path, CONTENTS)), tmp_path / "cache.parquet"
    opened = open_source(source)
    begun = digests(opened, list(opened.entries()), file)
    next(begun)
    assert file.exists()  # a kill from here on costs no more than what follows
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []
    assert len(module._load(file)) == 10
    begun.close()


def test_fewer_pictures_forget_no_others(tmp_path, packed):
    source, file = old(packed("folder", tmp_path, CONTENTS)), tmp_path / "cache.parquet"
    found(source, file)
    opened = Counted(source)
    list(digests(opened, list(opened.entries())[:3], file))
    assert found(source, file) == (EXPECTED, 0)


def test_a_disk_that_cannot_be_written_costs_time_and_nothing_else(tmp_path, packed, caplog):
    source = old(packed("folder", tmp_path, CONTENTS))
    (tmp_path / "file").write_bytes(b"")
    assert found(source, tmp_path / "file" / "cache.parquet") == (EXPECTED, 30)
    assert "cannot be written" in caplog.text


def test_what_cannot_be_read_has_no_digest_and_is_asked_again(tmp_path, packed, monkeypatch):
    monkeypatch.setattr("s2f.corpus.pictures.source.MOST_BYTES", 50)
    source, file = packed("folder", tmp_path, CONTENTS | {"z.png": bytes(51)}), tmp_path / "cache.parquet"
    (source / "out.png").symlink_to("/etc/hostname")
    old(source)
    assert found(source, file) == ([*EXPECTED, None, None], 31)
    assert found(source, file) == ([*EXPECTED, None, None], 1)


def test_every_source_has_a_file_of_its_own_named_after_it(tmp_path):
    names = {cache_file(tmp_path, path / "ffhq.zip").name for path in (tmp_path, tmp_path / "other")}
    assert len(names) == 2 and all(name.startswith("ffhq.zip-") for name in names)
    assert cache_file(None, tmp_path) is None


def test_a_plan_is_the_same_with_and_without_remembered_digests(source, tmp_path):
    params = PortraitsParams(
        source=str(source), face_px=64, face_margin=2.0, validation_share=0.3, shard_pictures=9, workers=1
    )
    models = FaceModelsParams(detector_score=0.5, arcface="none.onnx", age_gender="none.onnx")
    without = Portraits(params, models, 7)
    remembering = replace(without, cache=tmp_path / "cache")
    first, second = list(remembering.items()), list(remembering.items())
    assert first == second == list(without.items())
    assert len(list((tmp_path / "cache").iterdir())) == 1

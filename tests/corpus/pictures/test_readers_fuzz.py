"""Damaged archives end in bytes, a reason or one sentence: whichever bits were flipped, sizes swapped, ends cut off."""

import random
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s2f.corpus.pictures.archive_tar import TarSource
from s2f.corpus.pictures.archive_zip import ZipSource
from s2f.corpus.pictures.parquet import ParquetSource
from s2f.media.failures import Failure
from s2f.runtime import InputError

FUZZ = settings(
    derandomize=True, database=None, deadline=None, max_examples=600, suppress_health_check=list(HealthCheck)
)
CONTENTS = {f"{folder}/{number}.png": bytes([number]) * (number * 300) for folder in "ab" for number in range(4)}
CONTENTS |= {f"{'long' * 40}.png": b"long", "ä.png": b"\xff" * 700, "notes.txt": b"notes", "labels.csv": b"path,age\n"}
OPEN = {"zip": ZipSource, "tar": TarSource, "parquet": lambda path: ParquetSource(path, [path])}
NUMBERS = [0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 512, 0xFFFFFE00]
MOST = 10_000


def damaged(content, seed):
    """Some bytes of it changed: more often where formats keep their headers, at the ends."""
    dice, content = random.Random(seed), bytearray(content)

    def place():
        near = dice.randrange(min(600, len(content)))
        return dice.choice([near, len(content) - 1 - near, dice.randrange(len(content))])

    for _ in range(dice.randrange(1, 5)):
        at, what = place(), dice.randrange(7)
        if what <= 1:
            content[at] ^= 1 << dice.randrange(8)
        elif what == 2:
            content[at] = dice.randrange(256)
        elif what == 3:
            content[at : at + 4] = struct.pack(dice.choice("<>") + "I", dice.choice(NUMBERS))
        elif what == 4 and dice.random() < 0.5:
            del content[max(at, 1) :]
        elif what == 5:
            del content[at : at + dice.randrange(1, 600)]
        else:
            other = place()
            content[at:at] = content[other : other + dice.randrange(1, 1200)]
        if not content:
            break
    return bytes(content)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, packed):
    folder = tmp_path_factory.mktemp("whole")
    return {kind: packed(kind, folder, CONTENTS).read_bytes() for kind in OPEN}


@pytest.mark.parametrize("kind", OPEN)
def test_a_damaged_archive_gives_bytes_reasons_or_one_sentence(tmp_path, whole, kind, monkeypatch):
    monkeypatch.setattr("s2f.corpus.pictures.source.MOST_BYTES", MOST)
    monkeypatch.setattr("s2f.corpus.pictures.source.MOST_PICTURES", 1000)  # a file may claim a billion rows
    path, ends = tmp_path / f"a.{kind}", []

    @FUZZ
    @given(seed=st.integers(0, 2**64))
    def damage(seed):
        path.write_bytes(damaged(whole[kind], seed))
        try:
            source = OPEN[kind](path)
            entries = list(source.entries())
        except InputError as error:
            assert "\n" not in str(error) and len(str(error)) < 900
            ends.append("refused")
            return
        assert len({entry.name for entry in entries}) == len(entries)
        for entry in entries:
            assert len(entry.name.encode()) < 4001
            if entry.problem:
                ends.append("bad_row")
                continue
            try:
                content = source.read(entry.name)
                assert len(content) <= MOST
                ends.append("read")
            except Failure as failure:
                assert "\n" not in failure.message and len(failure.message.encode()) < 2000
                ends.append(failure.reason)
        try:
            source.labels()
        except InputError as error:
            assert "\n" not in str(error)

    damage()
    assert {"refused", "read", "corrupt"} <= set(ends)


@pytest.mark.parametrize("kind", OPEN)
def test_an_archive_that_is_cut_off_anywhere_gives_no_wrong_picture(tmp_path, whole, kind):
    path = tmp_path / f"a.{kind}"
    for length in range(0, len(whole[kind]), 97):
        path.write_bytes(whole[kind][:length])
        try:
            source = OPEN[kind](path)
        except InputError:
            continue
        for entry in source.entries():
            try:
                if entry.problem is None:
                    assert source.read(entry.name) == CONTENTS[entry.name]
            except Failure as failure:
                assert failure.reason == "corrupt"

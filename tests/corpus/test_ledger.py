import os
import shutil
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2f.corpus import ledger
from s2f.corpus.ledger import Outcome, data_path, finish, finished
from s2f.corpus.plan import Item, Picture, Shard
from s2f.dataset.schemas import LEDGER
from s2f.dataset.shards import ShardWriter
from s2f.media.failures import Failure, unforeseen

SCHEMA = pa.schema([("id", pa.string())])
SHARD = Shard(3, "train", (Item(Picture("a")), Item(Picture("b"))))
OUTCOMES = [Outcome("a", {"id": "a"}), Outcome("b", Failure("network", "words", attempts=3), attempts=3)]

GONE = [Outcome("b", Failure("removed", "words"))]


@pytest.fixture
def folders(tmp_path):
    return tmp_path / "out", tmp_path / "ledger"


def build(folders, outcomes=OUTCOMES, key="key"):
    return finish(*folders, SHARD, key, outcomes, SCHEMA, "{}")


def test_a_finished_shard_is_known_by_its_key(folders):
    proof = build(folders)
    assert finished(*folders, SHARD, "key") == proof
    assert finished(*folders, SHARD, "other") is None
    assert (proof.rows, proof.reasons) == (1, {"network": 1, "ok": 1})


def test_every_item_has_a_row_in_the_ledger(folders):
    build(folders)
    table = pq.read_table(folders[1] / "00003.parquet")
    assert table.schema.equals(LEDGER)
    assert [(row["id"], row["status"], row["reason"], row["attempts"]) for row in table.to_pylist()] == [
        ("a", "ok", None, 1),
        ("b", "transient", "network", 3),
    ]


def test_a_shard_without_a_single_row_is_finished_too(folders):
    build(folders)
    build(folders, GONE)
    assert not data_path(folders[0], SHARD).exists()
    assert finished(*folders, SHARD, "key").rows == 0


def test_words_that_no_text_can_hold_end_no_build(folders):
    build(folders, [Outcome("b", unforeseen(ValueError("half a pair: \ud800"), "b"))])
    [row] = pq.read_table(folders[1] / "00003.parquet").to_pylist()
    assert row["message"] == r"ValueError: half a pair: \ud800"


@pytest.mark.parametrize("damage", ["no data", "cut data", "changed data", "no ledger", "cut ledger", "foreign ledger"])
def test_anything_incomplete_is_not_finished(folders, damage):
    build(folders)
    paths = {"data": data_path(folders[0], SHARD), "ledger": folders[1] / "00003.parquet"}
    what, path = damage.split()[0], paths[damage.split()[1]]
    if what == "no":
        path.unlink()
    elif what == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    elif what == "changed":  # as long as it was
        path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    else:
        pq.write_table(pq.read_table(path).replace_schema_metadata({}), path)
    assert finished(*folders, SHARD, "key") is None


def test_a_start_reads_no_data_that_is_older_than_its_proof(folders, monkeypatch):
    proof = build(folders)
    monkeypatch.setattr(ledger, "file_sha256", kill)
    assert finished(*folders, SHARD, "key") == proof
    later = data_path(folders[0], SHARD).stat().st_mtime_ns + 10**9
    os.utime(data_path(folders[0], SHARD), ns=(later, later))
    with pytest.raises(KeyboardInterrupt):  # it was written, or copied: now it is read
        finished(*folders, SHARD, "key")


def test_a_copy_is_as_good(folders, tmp_path):
    build(folders)
    for name in ("out", "ledger"):
        shutil.copytree(tmp_path / name, tmp_path / "copy" / name, copy_function=shutil.copy)
    later = time.time_ns() + 10**9
    os.utime(data_path(tmp_path / "copy" / "out", SHARD), ns=(later, later))
    assert finished(tmp_path / "copy" / "out", tmp_path / "copy" / "ledger", SHARD, "key")


def test_rows_where_there_should_be_none_are_not_finished(folders):
    build(folders, GONE)
    data_path(folders[0], SHARD).parent.mkdir(parents=True)
    data_path(folders[0], SHARD).write_bytes(b"")
    assert finished(*folders, SHARD, "key") is None


def test_a_kill_between_rows_and_ledger_proves_nothing(folders, monkeypatch):
    """Parameters go from A to B and, B's build being killed, back to A: B's rows must not pass for A's."""
    build(folders, key="A")
    with monkeypatch.context() as killed:
        killed.setattr(ledger, "write_shard", kill)
        with pytest.raises(KeyboardInterrupt):
            build(folders, [Outcome("a", {"id": "B's"})], key="B")
    assert pq.read_table(data_path(folders[0], SHARD)).to_pylist() == [{"id": "B's"}]
    assert not (folders[1] / "00003.parquet").exists()
    assert finished(*folders, SHARD, "A") is None
    assert finished(*folders, SHARD, "B") is None


def test_a_kill_before_the_rows_proves_nothing(folders, monkeypatch):
    build(folders, key="A")
    with monkeypatch.context() as killed:
        killed.setattr(ShardWriter, "close", kill)
        with pytest.raises(KeyboardInterrupt):
            build(folders, key="B")
    assert finished(*folders, SHARD, "A") is None


def kill(*arguments):
    raise KeyboardInterrupt


def test_the_same_outcomes_are_the_same_bytes(folders, tmp_path):
    build(folders)
    build((tmp_path / "out2", tmp_path / "ledger2"))
    assert data_path(folders[0], SHARD).read_bytes() == data_path(tmp_path / "out2", SHARD).read_bytes()
    assert (folders[1] / "00003.parquet").read_bytes() == (tmp_path / "ledger2" / "00003.parquet").read_bytes()

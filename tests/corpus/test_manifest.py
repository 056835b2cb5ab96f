import hashlib
import json

import pyarrow as pa
import pytest

from s2f.corpus.ledger import Outcome, data_path, finish
from s2f.corpus.manifest import check_trainable, prune, write_manifest
from s2f.corpus.plan import Item, Picture, Shard
from s2f.media.failures import Failure
from s2f.runtime import InputError

SCHEMA = pa.schema([("id", pa.string())])
SHARDS = [Shard(index, split, (Item(Picture("a")),)) for index, split in ((0, "train"), (2, "test"), (3, "train"))]
OUTCOMES = [Outcome("a", {"id": "a"}), Outcome("b", Failure("no_face", "")), Outcome("c", Failure("bot_check", ""))]


@pytest.fixture
def built(tmp_path):
    return [(shard, finish(tmp_path / "out", tmp_path / "led", shard, "k", OUTCOMES, SCHEMA, "{}")) for shard in SHARDS]


def test_the_manifest_names_every_shard_and_counts_every_item(tmp_path, built):
    write_manifest(tmp_path / "out", "things", {"a": 1}, built)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["by_reason"] == {"bot_check": 3, "no_face": 3, "ok": 3}
    assert manifest["by_status"] == {"blocked": 3, "filtered": 3, "ok": 3}
    assert (manifest["tried"], manifest["rows"]) == (9, {"train": 2, "validation": 0, "test": 1})
    for name, shard in manifest["shards"].items():
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == shard["sha256"]


def test_a_dataset_without_a_row_to_train_on_is_refused_with_its_counts(tmp_path, built):
    write_manifest(tmp_path / "out", "things", {}, built[1:2])  # kept one, to test on
    with pytest.raises(
        InputError, match=r"split 'train', of 3 tried \(1 bot_check, 1 no_face, 1 ok\); `s2f corpus status`"
    ):
        check_trainable(tmp_path / "out")
    for whole in (built, []):
        write_manifest(tmp_path / "out", "things", {}, whole)
        check_trainable(tmp_path / "out")


def test_pruning_leaves_exactly_what_is_done_and_sets_other_shards_aside(tmp_path, built):
    out, ledger = tmp_path / "out", tmp_path / "led"
    (out / "train" / ".00003.parquet.99.tmp").write_bytes(b"half")
    (out / "notes.txt").write_text("mine")
    (out / "train" / "00099.parquet").write_bytes(b"rows without a ledger")
    assert prune(out, ledger, SHARDS[:2]) == 2
    assert [data_path(out, shard).exists() for shard in SHARDS] == [True, True, False]
    assert sorted(path.name for path in ledger.glob("*.parquet")) == ["00000.parquet", "00002.parquet"]
    assert not list(out.rglob(".*.tmp")) and not (out / "train" / "00099.parquet").exists()
    assert (out / "notes.txt").exists()

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2f.corpus.ledger import PROOF, Outcome, finish, finished, read_proof
from s2f.corpus.manifest import FILE, write_manifest
from s2f.corpus.plan import Shard
from s2f.corpus.verifying import verify
from s2f.dataset.shards import write_shard
from s2f.media.failures import Failure
from s2f.runtime import InputError

SCHEMA = pa.schema([("clip_id", pa.string())])


@pytest.fixture
def folders(tmp_path):
    out, ledger = tmp_path / "out", tmp_path / "ledger"
    built = []
    for index, split in enumerate(("train", "validation", "test")):
        ends = [Outcome(f"{index}{n}", {"clip_id": f"{index}{n}"} if n else Failure("no_face", "")) for n in range(3)]
        shard = Shard(index, split, ())
        built.append((shard, finish(out, ledger, shard, f"key{index}", ends, SCHEMA, "{}")))
    write_manifest(out, "things", {}, built)
    return out, ledger


def test_what_was_built_is_as_it_says(folders):
    assert list(verify(*folders)) == []


def damage_data(out, ledger):
    path = out / "train" / "00000.parquet"
    path.write_bytes(path.read_bytes().replace(b"01", b"09"))


def cut_data(out, ledger):
    path = out / "train" / "00000.parquet"
    path.write_bytes(path.read_bytes()[:-9])


def remove_data(out, ledger):
    (out / "test" / "00002.parquet").unlink()


def add_data(out, ledger):
    write_shard([{"clip_id": "01"}], SCHEMA, out / "train" / "00009.parquet")


def cut_ledger(out, ledger):
    path = ledger / "00001.parquet"
    path.write_bytes(path.read_bytes()[:-9])


def remove_ledger(out, ledger):
    (ledger / "00001.parquet").unlink()


@pytest.mark.parametrize(
    ("damage", "sentences"),
    [
        (damage_data, ["00000.parquet: changed since it was built"]),
        (cut_data, ["00000.parquet: changed since it was built", "No magic bytes"]),
        (remove_data, ["00002.parquet: missing", "21: in the ledger as ok, and not in the dataset"]),
        (add_data, ["00009.parquet: not in the manifest", "01: in the dataset more than once"]),
        (cut_ledger, ["00001.parquet: cut off"]),
        (remove_ledger, ["counts other ends of items", "11: in the dataset, and not in the ledger as ok"]),
    ],
)
def test_whatever_is_wrong_is_one_sentence(folders, damage, sentences):
    damage(*folders)
    found = list(verify(*folders))
    assert all(any(words in sentence for sentence in found) for words in sentences), found


def test_a_disks_own_decay_is_found_and_then_built_again(folders):
    out, ledger = folders
    path = out / "train" / "00000.parquet"
    times = path.stat()
    damage_data(out, ledger)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    shard = Shard(0, "train", ())
    assert finished(out, ledger, shard, "key0")  # nothing shows it
    assert any("changed since it was built" in sentence for sentence in verify(out, ledger))
    assert finished(out, ledger, shard, "key0") is None


def test_who_may_only_read_is_told_all_the_same(folders, monkeypatch):
    def refuse(path):
        raise PermissionError("read-only")

    damage_data(*folders)
    monkeypatch.setattr("s2f.corpus.verifying.Path.touch", refuse)
    assert any("changed since it was built" in sentence for sentence in verify(*folders))


def test_a_ledgers_decay_is_found_wherever_it_is_and_then_built_again(folders):
    out, ledger = folders
    path, rng = ledger / "00001.parquet", np.random.default_rng(0)
    whole = path.read_bytes()
    for at in range(4, len(whole) - 8, 7):  # the last eight bytes: where the footer begins, and the magic word
        path.write_bytes(whole[:at] + bytes(rng.integers(0, 256, 7, np.uint8)) + whole[at + 7 :])
        if path.read_bytes() == whole:
            continue
        try:
            found = list(verify(out, ledger))
        except InputError as error:
            found = [f"{error}"]
        same = pq_equal(path, whole)
        assert found or same, at
        assert finished(out, ledger, Shard(1, "validation", ()), "key1") is None or same, at


def test_a_ledgers_proof_is_what_was_written_or_none_whatever_bit_of_it_flips(folders):
    path, rng = folders[1] / "00001.parquet", np.random.default_rng(0)
    whole, proof = path.read_bytes(), read_proof(path)
    for at, byte in enumerate(whole):
        path.write_bytes(whole[:at] + bytes([byte ^ 1 << int(rng.integers(8))]) + whole[at + 1 :])
        assert read_proof(path) in (proof, None), at


def pq_equal(path, whole):
    """Whether damage hit what nobody reads, or reads twice: statistics, offsets, padding."""
    try:
        damaged, table = pq.read_table(path), pq.read_table(pa.BufferReader(whole))
        return damaged.equals(table) and damaged.schema.metadata[PROOF] == table.schema.metadata[PROOF]
    except (OSError, KeyError, ValueError, pa.ArrowException):
        return False


@pytest.mark.parametrize("content", ["{", "{}", "[]"])
def test_an_unfinished_or_broken_manifest_is_one_sentence(folders, content):
    (folders[0] / FILE).write_text(content)
    with pytest.raises(InputError, match="broken"):
        list(verify(*folders))
    (folders[0] / FILE).unlink()
    with pytest.raises(InputError, match="no build was finished"):
        list(verify(*folders))

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2f.corpus import kept
from s2f.corpus.ledger import Outcome, finish
from s2f.corpus.plan import Shard
from s2f.corpus.removal import erase, is_named, read_ids, remember, removed_file, removed_ids
from s2f.dataset.shards import shard_name
from s2f.media.failures import Failure
from s2f.runtime import InputError

SCHEMA = pa.schema([("clip_id", pa.string())])


@pytest.fixture
def folders(tmp_path):
    """Two shards; the second was set aside, as a build leaves it that was killed."""
    out, ledger = tmp_path / "out", tmp_path / "ledger"
    for index in range(2):
        names = [f"v{index}_00000000", f"v{index}_00004000", f"w{index}_00000000", f"x{index}_00000000"]
        ends = [Failure("no_face", "") if name[0] == "x" else {"clip_id": name} for name in names]
        outcomes = [Outcome(name, end, item=f"key of {name}") for name, end in zip(names, ends, strict=True)]
        finish(out, ledger, Shard(index, "train", ()), f"key{index}", outcomes, SCHEMA, "{}")
    kept.set_aside(out, ledger, shard_name(1))
    return out, ledger


def everything(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*.parquet"))


def test_every_row_goes_at_once_wherever_it_lies_and_all_others_can_be_used_again(folders):
    assert erase(*folders, {"v0", "v1_00004000"}) == 2
    out, ledger = folders
    rows = [row["clip_id"] for path in out.rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    assert sorted(rows) == ["v1_00000000", "w0_00000000", "w1_00000000"]
    assert not any(one in everything(out) + everything(ledger) for one in (b"v0_", b"v1_00004000"))
    where = kept.where_kept(ledger)
    assert set(where) == {f"key of {name}_00000000" for name in ("v1", "w0", "w1", "x0", "x1")}
    held = kept.Kept(out, ledger, sorted(set(where.values())))
    assert held.outcome("key of w1_00000000").end == {"clip_id": "w1_00000000"}
    assert held.outcome("key of x1_00000000").end.reason == "no_face"


def test_what_is_not_there_changes_nothing(folders):
    before = everything(folders[0]), everything(folders[1])
    assert erase(*folders, {"nobody", "v"}) == 0
    assert (everything(folders[0]), everything(folders[1])) == before


def test_a_kill_in_the_midst_leaves_what_the_same_command_removes(folders, monkeypatch):
    with monkeypatch.context() as killed:
        killed.setattr(kept, "strip", kill)
        with pytest.raises(KeyboardInterrupt):
            erase(*folders, {"v0"})
    erase(*folders, {"v0"})
    assert b"v0_" not in everything(folders[0]) + everything(folders[1])


def kill(*arguments):
    raise KeyboardInterrupt


def test_ids_are_remembered_once_and_comments_stay(tmp_path):
    assert remember(["b", "a", "b"], tmp_path) == 2
    assert remember(["a", "c"], tmp_path) == 1
    assert removed_ids(tmp_path) == {"a", "b", "c"}
    assert removed_file(tmp_path).read_text().startswith("# Taken down on request")
    removed_file(tmp_path).write_text("# mine\r\n\r\n a \r\n")
    assert remember(["d"], tmp_path) == 1
    assert removed_file(tmp_path).read_text().startswith("# mine\n")
    assert removed_ids(tmp_path) == {"a", "d"}


def test_takedowns_of_an_archive_lie_beside_it(tmp_path):
    (tmp_path / "faces.zip").write_bytes(b"")
    assert removed_file(tmp_path / "faces.zip") == tmp_path / "removed.txt"
    assert removed_ids(tmp_path / "faces.zip") == frozenset()


def test_an_id_means_a_clip_or_all_of_a_video():
    assert is_named("abc_d_00001000", {"abc_d"}) and is_named("abc_d_00001000", {"abc_d_00001000"})
    assert not is_named("abc_d_00001000", {"abc", "abc_d_00002000"})
    assert is_named("folder/a.png", {"folder/a.png"})


@pytest.mark.parametrize(("content", "words"), [(None, "no such file"), (b"\xff\xfe\x00", "no text")])
def test_a_file_that_is_no_list_is_one_sentence(tmp_path, content, words):
    if content is not None:
        (tmp_path / "ids").write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_ids(tmp_path / "ids")

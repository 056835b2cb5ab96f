import contextlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2f.corpus import kept
from s2f.corpus.ledger import Outcome, finish
from s2f.corpus.manifest import FILE as MANIFEST
from s2f.corpus.manifest import was_finished
from s2f.corpus.plan import Shard
from s2f.corpus.removal import Takedowns, erase, is_named, read_ids, remember, removed_file, takedowns
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
    assert erase(*folders, {"v0", "v1_00004000"}) == {"v0_00000000", "v0_00004000", "v1_00004000"}
    out, ledger = folders
    rows = [row["clip_id"] for path in out.rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    assert sorted(rows) == ["v1_00000000", "w0_00000000", "w1_00000000"]
    assert not any(one in everything(out) + everything(ledger) for one in (b"v0_", b"v1_00004000"))
    where = kept.where_kept(out, ledger)
    assert set(where) == {f"key of {name}_00000000" for name in ("v1", "w0", "w1", "x0", "x1")}
    held = kept.Kept(out, ledger, sorted(set(where.values())))
    assert held.outcome("key of w1_00000000").end == {"clip_id": "w1_00000000"}
    assert held.outcome("key of x1_00000000").end.reason == "no_face"


def test_what_is_not_there_changes_nothing(folders):
    before = everything(folders[0]), everything(folders[1])
    assert erase(*folders, {"nobody", "v"}) == set()
    assert (everything(folders[0]), everything(folders[1])) == before


@pytest.mark.parametrize("step", range(7))
def test_a_kill_at_any_step_leaves_what_the_same_command_removes(folders, monkeypatch, step):
    with monkeypatch.context() as killed:
        steps = iter(range(99))
        for name in ("replace", "unlink"):
            killed.setattr(kept.Path, name, dying(getattr(kept.Path, name), steps, step))
        with contextlib.suppress(KeyboardInterrupt):
            erase(*folders, {"v0", "v1"})
        died = next(steps) > step
    assert died
    erase(*folders, {"v0", "v1"})
    assert not any(one in everything(folders[0]) + everything(folders[1]) for one in (b"v0_", b"v1_"))
    where = kept.where_kept(*folders)
    held = kept.Kept(*folders, sorted(set(where.values())))
    assert held.outcome("key of w1_00000000").end == {"clip_id": "w1_00000000"}


def dying(real, steps, step):
    """A method of Path before whose call of this number, of all of these methods, the process is killed."""

    def call(self, *words, **options):
        if next(steps) == step:
            raise KeyboardInterrupt
        return real(self, *words, **options)

    return call


def test_half_written_files_go_too(folders):
    out, ledger = folders
    (out / "train" / ".00000.parquet.x.tmp").write_bytes(b"v0_00000000")
    (out / kept.FOLDER / "00009-abc.parquet").write_bytes(b"v0_00000000")
    erase(out, ledger, {"v0"})
    assert b"v0_" not in b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())


def test_a_broken_ledger_stops_no_takedown(folders):
    (folders[1] / shard_name(7)).write_bytes(b"cut")
    [aside] = (folders[1] / kept.FOLDER).iterdir()
    aside.write_bytes(aside.read_bytes()[:50])
    assert erase(*folders, {"v0", "v1"}) == {"v0_00000000", "v0_00004000"}
    assert b"v1_" not in everything(folders[0])


@pytest.mark.parametrize("ledger", [None, b"cut"])
@pytest.mark.parametrize("done", [False, True])
def test_rows_that_no_ledger_tells_of_go_too_and_so_does_a_manifest_that_names_them(folders, ledger, done):
    path = folders[1] / shard_name(0)
    path.unlink() if ledger is None else path.write_bytes(ledger)  # killed between data and ledger; or a disk's decay
    if done:
        (folders[0] / MANIFEST).write_text("{}")
    erase(*folders, {"v0"})
    assert b"v0_" not in everything(folders[0])
    assert was_finished(*folders) == done
    assert not path.exists() and not (folders[0] / MANIFEST).exists()


@pytest.mark.parametrize("name", ["#1.png", "# 1.png", " a.png ", 'a"b".png', '"', '"q" r.png', "x\u2028y.png", "x\ny",
                                  "a sha256:b", "ü.png", "#"])  # fmt: skip
def test_every_name_can_be_written_down(tmp_path, name):
    remember([name, "other"], tmp_path, [(name, "abc")])
    assert takedowns(tmp_path) == Takedowns(frozenset({name, "other"}), frozenset({"abc"}))
    assert remember([name], tmp_path, [(name, "abc")]) == 0
    assert read_ids(removed_file(tmp_path)) == [name, "other", name]


def test_a_copy_or_another_name_of_what_was_taken_down_is_left_out_too(tmp_path):
    remember(["a.png"], tmp_path)
    remember([], tmp_path, [("a.png", "abc")])
    assert remember(["a.png"], tmp_path, [("a.png", "abc")]) == 0
    removed = takedowns(tmp_path)
    assert removed.name("a.png", None) and removed.name("copy.png", "abc")
    assert not removed.name("b.png", "def") and not removed.name("b.png", None)


def test_ids_are_remembered_once_and_comments_stay(tmp_path):
    assert remember(["b", "a", "b"], tmp_path) == 2
    assert remember(["a", "c"], tmp_path) == 1
    assert takedowns(tmp_path).ids == {"a", "b", "c"}
    assert removed_file(tmp_path).read_text().startswith("# Taken down on request")
    removed_file(tmp_path).write_text("# mine\r\n\r\n a \r\n")
    assert remember(["d"], tmp_path) == 1
    assert removed_file(tmp_path).read_text().startswith("# mine\n")
    assert takedowns(tmp_path).ids == {"a", "d"}


def test_takedowns_of_an_archive_lie_beside_it(tmp_path):
    (tmp_path / "faces.zip").write_bytes(b"")
    assert removed_file(tmp_path / "faces.zip") == tmp_path / "removed.txt"
    assert takedowns(tmp_path / "faces.zip").ids == frozenset()


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

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2f.corpus import kept
from s2f.corpus.kept import Kept, forget, kept_of, set_aside, where_kept
from s2f.corpus.ledger import Outcome, data_path, finish, read_proof
from s2f.corpus.plan import Item, Picture, Shard
from s2f.dataset.shards import shard_name
from s2f.media.failures import Failure

SCHEMA = pa.schema([("id", pa.string()), ("value", pa.int64())])


def item(name):
    return Item(Picture(name))


def build(folders, index, *names, split="train"):
    """A shard in which every name with an x is lost."""
    shard = Shard(index, split, tuple(item(name) for name in names))
    ends = [Failure("network", f"lost {name}", 2) if "x" in name else {"id": name, "value": index} for name in names]
    outcomes = [Outcome(name, end, 2, item=item(name).key("d")) for name, end in zip(names, ends, strict=True)]
    finish(*folders, shard, shard.key("d"), outcomes, SCHEMA, "old tools")
    return shard


@pytest.fixture
def folders(tmp_path):
    return tmp_path / "out", tmp_path / "ledger"


def test_ends_of_shards_set_aside_are_found_by_item_wherever_it_is_planned_now(folders):
    names = [f"n{number:02d}" for number in range(40)]
    for shard in (build(folders, 0, *names), build(folders, 3, "a", "x", "b")):
        assert set_aside(*folders, shard_name(shard.index))
        assert not data_path(folders[0], shard).exists()
    where = where_kept(*folders)
    planned = Shard(7, "train", (item("b"), item("n35"), item("new"), item("x")))
    places = kept_of(planned, "d", where)
    assert len(places) == 2
    ends = Kept(*folders, places)
    assert ends.outcome(item("b").key("d")) == Outcome("b", {"id": "b", "value": 3}, 2, "old tools")
    assert ends.outcome(item("n35").key("d")).end == {"id": "n35", "value": 0}
    assert not ends.has(item("new").key("d")) and not ends.has(item("b").key("other parameters"))
    lost = ends.outcome(item("x").key("d"))
    assert (lost.end.reason, lost.end.message, lost.attempts) == ("network", "lost x", 2)


@pytest.mark.parametrize("lost", ["a", "b"])
def test_of_an_item_that_was_tried_again_its_success_is_used_whatever_the_names(folders, lost):
    end = {"id": "again", "value": 9}
    for key in ("a", "b"):
        ends = {"again": Failure("network", "") if key == lost else end, key: {"id": key, "value": 0}}
        outcomes = [Outcome(name, one, item=item(name).key("d")) for name, one in ends.items()]
        finish(*folders, Shard(0, "train", ()), key, outcomes, SCHEMA, "{}")
        set_aside(*folders, shard_name(0))
    for names in (("again",), ("a", "again", "b")):
        places = kept_of(Shard(0, "train", tuple(map(item, names))), "d", where_kept(*folders))
        assert Kept(*folders, places).outcome(item("again").key("d")).end == end


def test_what_is_to_be_tried_again_is_not_among_them(folders):
    build(folders, 0, "a", "x", "b")
    set_aside(*folders, shard_name(0), drop=lambda entry: entry["status"] == "transient")
    places = tuple(set(where_kept(*folders).values()))
    ends = Kept(*folders, places)
    assert not ends.has(item("x").key("d"))
    assert ends.outcome(item("b").key("d")).end["id"] == "b"


def test_where_no_row_goes_data_stay_as_they_are_and_where_one_does_they_are_written_anew(folders):
    def strip(dropped):
        [path] = (folders[1] / kept.FOLDER).iterdir()
        kept.strip(*folders, path.name, lambda entry: entry["id"] == dropped)
        [path] = (folders[1] / kept.FOLDER).iterdir()
        [data] = (folders[0] / kept.FOLDER).iterdir()
        assert read_proof(path) is None  # what it was of is less now
        return data.stat().st_mtime_ns, [row["id"] for row in pq.read_table(data).to_pylist()]

    shard = build(folders, 0, "a", "x", "b")
    built = data_path(folders[0], shard).stat().st_mtime_ns
    set_aside(*folders, shard_name(0))
    assert strip("x") == (built, ["a", "b"])
    assert strip("a") != (built, ["b"]) and strip("a")[1] == ["b"]
    assert set(where_kept(*folders)) == {item("b").key("d")}


def test_a_kill_between_the_two_renames_loses_nothing(folders, monkeypatch):
    build(folders, 0, "a", "b")
    with monkeypatch.context() as killed:
        killed.setattr(kept.Path, "replace", once_then_kill(kept.Path.replace))
        with pytest.raises(KeyboardInterrupt):
            set_aside(*folders, shard_name(0))
    assert not list(folders[0].glob("train/*.parquet")) and list(folders[1].glob("*.parquet"))
    assert set_aside(*folders, shard_name(0))
    assert Kept(*folders, tuple(set(where_kept(*folders).values()))).outcome(item("b").key("d")).end["id"] == "b"


def once_then_kill(real):
    calls = []

    def replace(*arguments):
        if calls:
            raise KeyboardInterrupt
        calls.append(arguments)
        return real(*arguments)

    return replace


@pytest.mark.parametrize("damage", ["data", "ledger"])
def test_what_is_damaged_is_never_used_again(folders, damage):
    shard = build(folders, 0, "a", "b")
    path = data_path(folders[0], shard) if damage == "data" else folders[1] / shard_name(0)
    path.write_bytes(path.read_bytes()[:-20])
    assert not set_aside(*folders, shard_name(0))
    assert where_kept(*folders) == {}
    assert not data_path(folders[0], shard).exists() and not (folders[1] / shard_name(0)).exists()


def test_a_ledger_cut_after_it_was_set_aside_is_forgotten(folders):
    build(folders, 0, "a")
    set_aside(*folders, shard_name(0))
    [path] = (folders[1] / kept.FOLDER).iterdir()
    path.write_bytes(path.read_bytes()[:50])
    assert where_kept(*folders) == {}


def test_a_shard_that_kept_no_row_is_set_aside_with_its_ledger_alone(folders):
    build(folders, 0, "x1", "x2")
    assert set_aside(*folders, shard_name(0))
    ends = Kept(*folders, tuple(set(where_kept(*folders).values())))
    assert ends.outcome(item("x2").key("d")).end.message == "lost x2"


def test_no_reader_of_the_dataset_sees_it_and_it_goes_in_the_end(folders):
    build(folders, 0, "a")
    set_aside(*folders, shard_name(0))
    assert not [path for path in folders[0].rglob("*.parquet") if kept.FOLDER not in path.parts]
    assert pq.read_table(next((folders[0] / kept.FOLDER).iterdir())).num_rows == 1
    forget(*folders)
    assert not list(folders[0].rglob("*.parquet")) and not list(folders[1].rglob("*.parquet"))


def test_a_ledger_whose_data_were_deleted_by_hand_is_forgotten(folders):
    build(folders, 0, "a")
    set_aside(*folders, shard_name(0))
    for path in folders[0].rglob("*.parquet"):
        path.unlink()
    assert where_kept(*folders) == {}


def test_a_shard_that_is_opened_twice_keeps_both_contents_apart(folders):
    build(folders, 0, "a", "x")
    set_aside(*folders, shard_name(0))
    shard = Shard(0, "train", (item("a"), item("x")))
    outcomes = [Outcome(name, {"id": name, "value": 9}, item=item(name).key("d")) for name in ("a", "x")]
    finish(*folders, shard, shard.key("d"), outcomes, SCHEMA, "")
    set_aside(*folders, shard_name(0))
    assert len(list((folders[1] / kept.FOLDER).iterdir())) == len(list((folders[0] / kept.FOLDER).iterdir())) == 2

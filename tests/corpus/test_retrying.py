from dataclasses import replace

import pyarrow as pa
import pytest

from s2f.corpus.kept import Kept, forget, set_aside, where_kept
from s2f.corpus.ledger import Outcome, finish
from s2f.corpus.manifest import FILE, outgrow, was_finished
from s2f.corpus.plan import Item, Picture, Shard
from s2f.corpus.retrying import open_again
from s2f.dataset.shards import shard_paths
from s2f.media.failures import Failure
from s2f.runtime import InputError

SCHEMA = pa.schema([("id", pa.string())])


@pytest.fixture
def folders(tmp_path):
    """Three shards: one lost an item to the network and one for good, one was blocked once, one is whole."""
    out, ledger = tmp_path / "out", tmp_path / "ledger"
    for index, reasons in enumerate((["ok", "network", "removed"], ["ok", "bot_check"], ["ok", "ok"])):
        named = [(f"{index}{n}", reason) for n, reason in enumerate(reasons)]
        ends = [Outcome(n, {"id": n} if why == "ok" else Failure(why, "words"), item=n) for n, why in named]
        finish(out, ledger, Shard(index, "train", ()), f"key{index}", ends, SCHEMA, "{}")
    (out / FILE).write_text("{}")
    return out, ledger


@pytest.mark.parametrize(
    ("classes", "reasons", "items", "shards"),
    [
        (["transient"], [], {"01"}, {0}),
        (["transient", "blocked"], [], {"01", "11"}, {0, 1}),
        ([], ["removed"], {"02"}, {0}),
        (["blocked"], ["network"], {"01", "11"}, {0, 1}),
        ([], ["timeout"], set(), set()),
    ],
)
def test_exactly_those_items_are_opened_and_only_their_shards(folders, classes, reasons, items, shards):
    forgotten = set()

    def forget(ids):
        assert len(shard_paths(folders[1])) == 3 and (folders[0] / FILE).exists()  # before anything is opened
        forgotten.update(ids)

    counts = open_again(*folders, classes, reasons, forget, planned=set)
    assert forgotten == items
    assert sum(counts.values()) == len(items)
    assert {int(path.stem) for path in shard_paths(folders[1])} == {0, 1, 2} - shards
    where = where_kept(*folders)
    everything = {"00", "01", "02", "10", "11", "20", "21"}
    assert set(where) == {item for item in everything if int(item[0]) in shards} - items
    if where:
        assert Kept(*folders, sorted(set(where.values()))).outcome("00").end == {"id": "00"}
    assert (folders[0] / FILE).exists() == (not items)


def lost(name):
    return Outcome(name, Failure("network", "words"), item=name)


def test_what_was_set_aside_before_is_opened_too(folders):
    out, ledger = folders
    set_aside(out, ledger, "00000.parquet")
    ends = [lost("01"), lost("new")]
    finish(out, ledger, Shard(0, "train", ()), "key9", ends, SCHEMA, "{}")  # as it was built anew from what was known
    finish(out, ledger, Shard(3, "train", ()), "key9", [lost("listed"), lost("unlisted")], SCHEMA, "{}")
    set_aside(out, ledger, "00003.parquet")
    forgotten = set()
    counts = open_again(out, ledger, ["transient"], [], forget=forgotten.update, planned=lambda: {"01", "listed"})
    assert counts == {"network": 3}  # what is not in the list any more is not tried
    assert forgotten == {"01", "new", "listed", "unlisted"}
    where = where_kept(out, ledger)
    assert set(where) == {"00", "02"}
    assert Kept(out, ledger, sorted(set(where.values()))).outcome("00").end == {"id": "00"}
    assert open_again(out, ledger, ["transient"], [], forget=lambda ids: None, planned=set) == {}


def test_a_corpus_that_was_finished_is_one_until_its_shards_are_written_again(folders):
    out, ledger = folders
    assert was_finished(out, ledger)
    open_again(out, ledger, ["transient"], [], forget=lambda ids: None, planned=set)
    assert not (out / FILE).exists() and was_finished(out, ledger)
    (out / FILE).write_text("{}")
    forget(out, ledger)
    assert was_finished(out, ledger)


def test_one_whose_list_or_parameters_are_others_now_is_none(tmp_path):
    """Else whoever retries an item or two would ask for all that is new, which may take days."""
    out, ledger = tmp_path / "out", tmp_path / "ledger"
    items = tuple(Item(Picture(name)) for name in "abcd")
    ends = [{"id": "a"}, Failure("network", ""), Failure("network", "")]
    outcomes = [Outcome(one.what.id, end, item=one.key("d")) for one, end in zip(items[:3], ends, strict=True)]
    finish(out, ledger, Shard(0, "train", items[:3]), "key", outcomes, SCHEMA, "{}")
    (out / FILE).write_text("{}")
    open_again(out, ledger, ["transient"], [], forget=lambda ids: None, planned=set)
    planned, where = Shard(0, "train", items[:3]), where_kept(out, ledger)
    takedown = Shard(1, "train", (replace(items[3], removed=True),))
    for shards in ([], [planned], [planned, takedown]):
        outgrow(ledger, shards, "d", where)
        assert was_finished(out, ledger)
    for shards, decided in (([planned, Shard(1, "train", items[3:])], "d"), ([planned], "other parameters")):
        (ledger / ".kept" / "reopened").write_text("2")
        outgrow(ledger, shards, decided, where)
        assert not was_finished(out, ledger)


def test_one_that_never_was_is_none_however_often_it_is_opened(folders):
    out, ledger = folders
    (out / FILE).unlink()
    for _ in range(2):
        assert not was_finished(out, ledger)
        open_again(out, ledger, ["transient"], [], forget=lambda ids: None, planned=set)


@pytest.mark.parametrize(("classes", "reasons"), [(["sometimes"], []), ([], ["bored"])])
def test_what_there_is_not_is_refused_with_what_there_is(folders, classes, reasons):
    with pytest.raises(InputError, match=r"there is none such; allowed: .*(blocked|bot_check)"):
        open_again(*folders, classes, reasons, forget=lambda ids: None, planned=set)
    assert len(shard_paths(folders[1])) == 3

from s2f.corpus.cliplist import BadRow, Clip
from s2f.corpus.labels import Labels
from s2f.corpus.plan import Item, Picture, Shard, plan_shards


def clips(*videos):
    return [Item(Clip(video, float(place), place + 3.0)) for place, video in enumerate(videos)]


def planned(items, size):
    return [(shard.index, shard.split, [item.what.id for item in shard.items]) for shard in plan_shards(items, size)]


def test_a_videos_clips_stay_together_and_in_order():
    shards = plan_shards([("train", item) for item in clips("a", "b", "a", "c", "a")], 2)
    assert [[item.batch for item in shard.items] for shard in shards] == [["a", "a", "a"], ["b", "c"]]


def test_a_shard_belongs_to_one_split():
    items = [("test" if item.batch == "b" else "train", item) for item in clips("a", "b", "c", "b")]
    assert [(shard.split, len(shard.items)) for shard in plan_shards(items, 10)] == [("train", 2), ("test", 2)]


def test_a_longer_list_changes_only_the_last_shard_of_a_split():
    items = [("train" if number % 3 else "test", Item(Picture(f"{number:03d}"))) for number in range(60)]
    short, long = planned(items[:50], 10), planned(items, 10)
    assert sum(shard in long for shard in short) == len(short) - 2
    assert {index for index, _, _ in short} <= {index for index, _, _ in long}


def test_every_item_is_in_exactly_one_shard_and_indices_are_unique():
    items = [("train", item) for item in clips(*"abcabcdefa")] + [("test", Item(BadRow("list:4", "no id")))]
    shards = plan_shards(items, 3)
    assert sorted(item.what.id for shard in shards for item in shard.items) == sorted(item.what.id for _, item in items)
    assert len({shard.index for shard in shards}) == len(shards)


def test_the_key_changes_with_items_labels_contents_split_and_recipe():
    base = Shard(0, "train", tuple(clips("a", "b")))
    others = [
        Shard(0, "train", tuple(clips("a"))),
        Shard(0, "test", base.items),
        Shard(0, "train", (Item(base.items[0].what, Labels(age=3.0)), base.items[1])),
        Shard(0, "train", (Item(base.items[0].what, sha256="ab"), base.items[1])),
    ]
    keys = {base.key("1"), base.key("2"), *(other.key("1") for other in others)}
    assert len(keys) == 6
    assert base.key("1") == Shard(9, "train", tuple(clips("a", "b"))).key("1")


def test_an_items_key_changes_with_it_and_all_that_decides_its_end_and_not_with_its_labels():
    item = clips("a")[0]
    others = [clips("b")[0], Item(item.what, sha256="ab"), Item(Clip("a", 0.0, 4.0)), Item(BadRow(item.what.id, "x"))]
    keys = {item.key("1"), item.key("2"), *(other.key("1") for other in others)}
    assert len(keys) == 6
    assert Item(item.what, Labels(age=3.0)).key("1") == item.key("1")

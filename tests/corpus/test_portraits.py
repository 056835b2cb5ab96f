import os
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from s2f.corpus.cliplist import BadRow
from s2f.corpus.ledger import Outcome, finish
from s2f.corpus.plan import Item, Picture, Shard, plan_shards
from s2f.corpus.portraits import Portraits, picture_names
from s2f.corpus.recipe import decided_by
from s2f.dataset.schemas import PORTRAITS
from s2f.media.failures import Failure
from s2f.params.face_models import FaceModelsParams
from s2f.params.portraits import PortraitsParams
from s2f.runtime import InputError


def test_pictures_are_found_in_the_whole_tree_by_name(tmp_path):
    for name in ("b.JPG", "a/z.png", "a/note.txt", "labels.csv", "c.tar/x.webp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert picture_names(tmp_path) == ["a/z.png", "b.JPG", "c.tar/x.webp"]


def recipe(folder):
    params = PortraitsParams(
        source=str(folder), face_px=64, face_margin=2.0, validation_share=0.3, shard_pictures=9, workers=1
    )
    return Portraits(params, FaceModelsParams(detector_score=0.5, arcface="none.onnx", age_gender="none.onnx"), 7)


def test_a_name_that_is_no_text_is_a_bad_row_that_a_ledger_can_hold(tmp_path):
    (tmp_path / "good.png").write_bytes(b"")
    (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(b"")
    bad, good = (item.what for _, item in recipe(tmp_path).items())
    assert (type(good), good.id) == (Picture, "good.png")
    assert (type(bad), bad.id) == (BadRow, r"caf\udce9.png")
    shard = Shard(0, "train", (Item(bad),))
    ends = [Outcome(bad.id, Failure("bad_row", bad.message))]
    finish(tmp_path / "out", tmp_path / "ledger", shard, "k", ends, PORTRAITS, "")
    assert pq.read_table(tmp_path / "ledger" / "00000.parquet")["id"].to_pylist() == [bad.id]


def test_a_picture_that_changes_under_its_name_changes_its_shard_alone(tmp_path, embedder):
    for number in range(30):
        (tmp_path / f"{number:02d}.png").write_bytes(bytes(100))
    portraits = recipe(tmp_path)
    portraits = replace(portraits, face_models=portraits.face_models.model_copy(update={"arcface": str(embedder)}))

    def keys():
        decided = decided_by(portraits)
        return {shard.index: shard.key(decided) for shard in plan_shards(portraits.items(), 5)}

    before = keys()
    assert keys() == before
    (tmp_path / "07.png").write_bytes(bytes(99) + b"1")  # as long as it was
    [changed] = [index for index, key in keys().items() if key != before[index]]
    plan = {shard.index: shard for shard in plan_shards(portraits.items(), 5)}
    assert "07.png" in [item.what.id for item in plan[changed].items]


@pytest.mark.parametrize("folder", [".", "nowhere"])
def test_a_folder_without_pictures_is_refused_in_one_sentence(tmp_path, folder):
    with pytest.raises(InputError, match=r"portraits\.source"):
        picture_names(tmp_path / folder)


def test_labels_of_pictures_that_are_not_there_are_counted(tmp_path, caplog):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "labels.csv").write_text("path,age\na.png,30\nb.png,30\nB.png,30\n")
    pictures = recipe(tmp_path)
    one = replace(pictures, params=pictures.params.model_copy(update={"max_pictures": 1}))
    assert len(list(one.items())) == 1
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == [
        "1 of 3 labels name no picture that there is, the first of them B.png."
    ]


def test_a_persons_pictures_are_in_one_split(tmp_path):
    for number in range(60):
        (tmp_path / f"{number:02d}.png").write_bytes(b"")
    lines = [f"{number:02d}.png,{number % 20},{20 + number}" for number in range(60)]
    (tmp_path / "labels.csv").write_text("path,person,age\n" + "\n".join(lines))
    splits = {}
    for split, item in recipe(tmp_path).items():
        splits.setdefault(item.labels.person, set()).add(split)
        assert item.labels.age == 20 + int(item.what.id[:2])
    assert {len(found) for found in splits.values()} == {1}
    assert set.union(*splits.values()) == {"train", "validation"}

import pytest

from s2f.corpus.portraits import Portraits, picture_names
from s2f.params.face_models import FaceModelsParams
from s2f.params.portraits import PortraitsParams
from s2f.runtime import InputError


def test_pictures_are_found_in_the_whole_tree_by_name(tmp_path):
    for name in ("b.JPG", "a/z.png", "a/note.txt", "labels.csv", "c.tar/x.webp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert picture_names(tmp_path) == ["a/z.png", "b.JPG", "c.tar/x.webp"]


@pytest.mark.parametrize("folder", [".", "nowhere"])
def test_a_folder_without_pictures_is_refused_in_one_sentence(tmp_path, folder):
    with pytest.raises(InputError, match=r"portraits\.source"):
        picture_names(tmp_path / folder)


def test_a_persons_pictures_are_in_one_split(tmp_path):
    for number in range(60):
        (tmp_path / f"{number:02d}.png").write_bytes(b"")
    lines = [f"{number:02d}.png,{number % 20},{20 + number}" for number in range(60)]
    (tmp_path / "labels.csv").write_text("path,person,age\n" + "\n".join(lines))
    params = PortraitsParams(
        source=str(tmp_path), face_px=64, face_margin=2.0, validation_share=0.3, shard_pictures=9, workers=1
    )
    models = FaceModelsParams(detector_score=0.5, arcface="none.onnx", age_gender="")
    splits = {}
    for split, item in Portraits(params, models, 7).items():
        splits.setdefault(item.labels.person, set()).add(split)
        assert item.labels.age == 20 + int(item.what.id[:2])
    assert {len(found) for found in splits.values()} == {1}
    assert set.union(*splits.values()) == {"train", "validation"}

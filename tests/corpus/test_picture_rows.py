import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from s2f.corpus.cliplist import BadRow
from s2f.corpus.labels import Labels
from s2f.corpus.picture_rows import PictureRows
from s2f.corpus.plan import Item, Picture
from s2f.dataset.schemas import PORTRAITS
from s2f.dataset.shards import to_table
from s2f.faces.images import decode_image
from s2f.params.face_models import FaceModelsParams
from s2f.params.portraits import PortraitsParams


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def rows(folder, embedder):
    params = PortraitsParams(
        source=str(folder), face_px=64, face_margin=2.0, validation_share=0.1, shard_pictures=9, workers=1
    )
    return PictureRows(params, FaceModelsParams(detector_score=0.5, arcface=str(embedder), age_gender="none.onnx"))


def end(rows, folder, name, content):
    (folder / name).write_bytes(content)
    [outcome] = rows.build([Item(Picture(name), Labels(40.0, "m", "p7"))])
    assert outcome.id == name
    return outcome.end


def encoded(image, kind="PNG", **options):
    sink = io.BytesIO()
    image.save(sink, kind, **options)
    return sink.getvalue()


@pytest.fixture(scope="module")
def picture(face):
    return Image.fromarray(face(4, size=192))


@pytest.fixture(scope="module")
def plain(rows, folder, picture):
    return end(rows, folder, "plain.png", encoded(picture))


def test_a_face_becomes_a_row_of_the_schema(plain):
    assert to_table([plain], PORTRAITS).num_rows == 1
    assert decode_image(plain["face"]["bytes"]).shape == (64, 64, 3)
    assert (plain["age"], plain["gender"], plain["person"]) == (40.0, "m", "p7")


def test_a_picture_lying_on_its_side_is_stood_up(rows, folder, picture, plain):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    lying = encoded(picture.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif)
    row = end(rows, folder, "lying.png", lying)
    assert row["face"]["bytes"] == plain["face"]["bytes"]


def test_grey_and_transparent_pictures_are_read(rows, folder, picture, plain):
    for name, mode in (("grey.png", "L"), ("alpha.png", "RGBA"), ("few.png", "P")):
        row = end(rows, folder, name, encoded(picture.convert(mode)))
        assert row["face_box"] == pytest.approx(plain["face_box"], abs=8)


def test_truncated_and_false_pictures_are_corrupt(rows, folder, picture):
    whole = encoded(picture, "JPEG")
    for name, content in (("cut.jpg", whole[: len(whole) // 2]), ("empty.jpg", b""), ("text.jpg", b"hello")):
        failure = end(rows, folder, name, content)
        assert (failure.reason, name in failure.message) == ("corrupt", True)


def test_a_picture_needs_exactly_one_face(rows, folder, wall, two_faces):
    assert end(rows, folder, "wall.png", encoded(Image.fromarray(wall))).reason == "no_face"
    assert end(rows, folder, "two.png", encoded(Image.fromarray(two_faces))).reason == "multiple_faces"


def test_a_picture_that_went_away_is_removed(rows):
    [outcome] = rows.build([Item(Picture("gone.png"))])
    assert outcome.end.reason == "removed"


def test_what_the_disk_refuses_ends_its_picture_alone(rows, folder, plain, monkeypatch, caplog):
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "folder.png").mkdir()
    read = Path.read_bytes

    def read_bytes(path):  # root may read everything
        if path.name == "secret.png":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    names = ("loop.png", "secret.png", "folder.png", "plain.png")
    ends = [outcome.end for outcome in rows.build([Item(Picture(name)) for name in names])]
    assert [end.reason for end in ends[:3]] == ["internal_error", "forbidden", "internal_error"]
    assert ends[2].message.startswith("IsADirectoryError: ")
    assert "loop.png: an error" in caplog.text
    assert isinstance(ends[3], dict)


def test_a_bad_row_was_never_tried(rows):
    [outcome] = rows.build([Item(BadRow("caf\\udce9.png", "no UTF-8"))])
    assert (outcome.end.reason, outcome.end.message, outcome.attempts) == ("bad_row", "no UTF-8", 0)


def test_a_row_depends_on_its_picture_alone(rows, plain):
    again = list(rows.build([Item(Picture("plain.png"), Labels(40.0, "m"))] * 3))[-1].end
    assert np.array_equal(again["embedding"], plain["embedding"])

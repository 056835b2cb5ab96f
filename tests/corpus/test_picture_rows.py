import io
import os
import struct
import zipfile
import zlib
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from s2f.corpus.cliplist import BadRow
from s2f.corpus.labels import UNKNOWN
from s2f.corpus.picture_rows import PictureRows
from s2f.corpus.plan import Item, Picture
from s2f.dataset.schemas import PORTRAITS
from s2f.dataset.shards import to_table
from s2f.faces.images import decode_image
from s2f.params.face_models import FaceModelsParams
from s2f.params.portraits import PortraitsParams
from s2f.runtime import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pictures")


UNLABELLED = asdict(UNKNOWN)  # labels are written beside what is built


@pytest.fixture(scope="module")
def rows(folder, embedder):
    params = PortraitsParams(
        source=str(folder), face_px=64, face_margin=2.0, validation_share=0.1, shard_pictures=9, workers=1
    )
    return PictureRows(params, FaceModelsParams(detector_score=0.5, arcface=str(embedder), age_gender="none.onnx"))


def end(rows, folder, name, content):
    (folder / name).write_bytes(content)
    [outcome] = rows.build([Item(Picture(name))])
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
    assert to_table([plain | UNLABELLED], PORTRAITS).num_rows == 1
    assert decode_image(plain["face"]["bytes"]).shape == (64, 64, 3)


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


def test_a_picture_of_absurd_size_is_too_large_and_nothing_is_decoded(rows, folder):
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n"
    for chunk in (b"IHDR" + header, b"IDAT" + zlib.compress(bytes(999)), b"IEND"):
        png += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    failure = end(rows, folder, "bomb.png", png)
    assert (failure.reason, failure.kind) == ("too_large", "permanent")
    assert failure.message == "bomb.png: too many pixels, 64,000,000 are the most."


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_picture_that_is_called_like_another_format_is_read_by_what_it_is(rows, folder, picture, plain, kind):
    row = end(rows, folder, f"{kind.lower()}.png", encoded(picture, kind))
    assert row["face_box"] == pytest.approx(plain["face_box"], abs=8)


def test_a_duplicate_was_never_tried_and_names_the_first(rows):
    [outcome] = rows.build([Item(Picture("again.png", same_as="plain.png"))])
    assert (outcome.end.reason, outcome.end.kind, outcome.attempts) == ("duplicate", "filtered", 0)
    assert outcome.end.message == "the same bytes as plain.png"


def test_an_archive_gives_the_same_row_as_a_folder(rows, folder, plain):
    with zipfile.ZipFile(folder.parent / "pictures.zip", "w") as archive:
        archive.write(folder / "plain.png", "plain.png")
    packed = replace(rows, params=rows.params.model_copy(update={"source": str(folder.parent / "pictures.zip")}))
    [outcome] = packed.build([Item(Picture("plain.png"))])
    assert to_table([outcome.end | UNLABELLED], PORTRAITS) == to_table([plain | UNLABELLED], PORTRAITS)


def test_a_source_that_is_gone_ends_the_build_and_not_every_picture(rows, tmp_path):
    gone = replace(rows, params=rows.params.model_copy(update={"source": str(tmp_path / "gone.zip")}))
    with pytest.raises(InputError, match=r"gone\.zip: no such folder or file"):
        list(gone.build([Item(Picture("a.png"))]))


def test_a_picture_needs_exactly_one_face(rows, folder, wall, two_faces):
    assert end(rows, folder, "wall.png", encoded(Image.fromarray(wall))).reason == "no_face"
    assert end(rows, folder, "two.png", encoded(Image.fromarray(two_faces))).reason == "multiple_faces"


def test_a_picture_that_went_away_is_removed(rows):
    [outcome] = rows.build([Item(Picture("gone.png"))])
    assert outcome.end.reason == "removed"


def test_what_the_disk_refuses_ends_its_picture_alone(rows, folder, plain, monkeypatch, caplog):
    errors = {"secret.png": PermissionError(13, "Permission denied"), "bad.png": OSError(5, "Input/output error")}
    opened = os.open

    def fail(path, *options):  # root may read everything, and no disk is broken here
        if error := errors.get(Path(path).name):
            raise error
        return opened(path, *options)

    for name in errors:
        (folder / name).write_bytes(b"")
    monkeypatch.setattr(os, "open", fail)
    ends = [outcome.end for outcome in rows.build([Item(Picture(name)) for name in (*errors, "plain.png")])]
    assert [end.reason for end in ends[:2]] == ["forbidden", "internal_error"]
    assert ends[1].message == "OSError: [Errno 5] Input/output error"
    assert "bad.png: an error" in caplog.text
    assert isinstance(ends[2], dict)


def test_a_bad_row_was_never_tried(rows):
    [outcome] = rows.build([Item(BadRow("caf\\udce9.png", "no UTF-8"))])
    assert (outcome.end.reason, outcome.end.message, outcome.attempts) == ("bad_row", "no UTF-8", 0)


def test_a_row_depends_on_its_picture_alone(rows, plain):
    again = list(rows.build([Item(Picture("plain.png"))] * 3))[-1].end
    assert np.array_equal(again["embedding"], plain["embedding"])

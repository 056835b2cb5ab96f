import io

import numpy as np
import pyarrow as pa
from PIL import Image

from s2f.corpus.contact_sheet import ACROSS, MOST, SIDE_PX, contact_sheet
from s2f.dataset.schemas import media
from s2f.dataset.shards import shard_name, write_shard
from s2f.faces.images import decode_image, encode_jpeg

SCHEMA = pa.schema([("id", pa.string()), ("face", media)])


def write(out, index, *greys, split="train"):
    faces = [encode_jpeg(np.full((32, 32, 3), grey, np.uint8)) for grey in greys]
    rows = [{"id": f"{index}", "face": {"bytes": face, "path": None}} for face in faces]
    write_shard(rows, SCHEMA, out / split / shard_name(index))


def greys(sheet):
    picture = decode_image(sheet)
    return [
        int(round(picture[y + 8, x + 8].mean(), -1))
        for y in range(0, picture.shape[0], SIDE_PX)
        for x in range(0, picture.shape[1], SIDE_PX)
    ]


def test_nothing_built_is_no_sheet(tmp_path):
    assert contact_sheet(tmp_path) is None


def test_few_faces_fill_a_row_and_leave_the_rest_white(tmp_path):
    write(tmp_path, 0, 50, 100)
    write(tmp_path, 2, 200, split="test")
    sheet = contact_sheet(tmp_path)
    assert Image.open(io.BytesIO(sheet)).size == (ACROSS * SIDE_PX, SIDE_PX)
    assert greys(sheet) == [50, 100, 200] + [260] * 5


def test_many_shards_are_each_shown_by_few(tmp_path):
    for index in range(60):
        write(tmp_path, index, 4 * index, 4 * index)
    shown = greys(contact_sheet(tmp_path))
    assert len(shown) == MOST and len(set(shown)) > MOST // 2


def test_a_shard_that_is_cut_is_left_out(tmp_path):
    write(tmp_path, 0, 50)
    write(tmp_path, 3, 150)
    path = tmp_path / "train" / shard_name(0)
    path.write_bytes(path.read_bytes()[:-9])
    assert greys(contact_sheet(tmp_path))[0] == 150

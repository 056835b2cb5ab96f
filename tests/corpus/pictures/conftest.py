"""The same few pictures in every kind of source."""

import io
import tarfile
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

KINDS = ("folder", "zip", "tar", "parquet", "shards")


def pack(kind, folder, contents):
    """Files by name as a source of a kind, in `folder`; the source's path."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "folder":
        for name, content in contents.items():
            path = folder / "pictures" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder / "pictures"
    if kind == "zip":
        with zipfile.ZipFile(folder / "pictures.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
        return folder / "pictures.zip"
    if kind == "tar":
        with tarfile.open(folder / "pictures.tar", "w") as archive:
            for name, content in contents.items():
                add(archive, name, content)
        return folder / "pictures.tar"
    rows = [{"bytes": content, "path": name} for name, content in contents.items()]
    if kind == "parquet":
        pq.write_table(pa.table({"label": list(range(len(rows))), "image": rows}), folder / "pictures.parquet", 2)
        return folder / "pictures.parquet"
    path = folder / "shards" / "data"
    path.mkdir(parents=True)
    for number in range(0, len(rows), 2):
        pq.write_table(pa.table({"image": rows[number : number + 2]}), path / f"train-{number:05d}.parquet")
    return folder / "shards"


def add(archive, name, content=b"", **fields):
    """A member of a tar, of any kind."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    archive.addfile(info, io.BytesIO(content))


@pytest.fixture(scope="session")
def packed():
    return pack


@pytest.fixture(scope="session")
def added():
    return add

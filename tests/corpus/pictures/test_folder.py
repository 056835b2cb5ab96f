import os
import threading

import pytest

from s2f.corpus.pictures import folder as module
from s2f.corpus.pictures import source as source_module
from s2f.corpus.pictures.folder import FolderSource
from s2f.media.failures import Failure
from s2f.runtime import InputError


def listed(folder):
    return {entry.name: entry.problem for entry in FolderSource(folder).entries()}


def test_pictures_are_found_in_the_whole_tree_by_name(tmp_path):
    for name in ("b.JPG", "a/z.png", "a/note.txt", "labels.csv", "c.tar/x.webp", "d.zip", "png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert list(listed(tmp_path)) == ["a/z.png", "b.JPG", "c.tar/x.webp"]


def test_what_macos_leaves_beside_pictures_is_counted_and_left_out(tmp_path, caplog):
    caplog.set_level("INFO")
    for name in ("a.png", "._a.png", "._b.png"):
        (tmp_path / name).write_bytes(b"")
    assert list(listed(tmp_path)) == ["a.png"]
    assert "2 files of macOS's own" in caplog.text


def test_links_are_followed_inside_of_the_folder_and_never_out_of_it(tmp_path, caplog):
    folder, outside = tmp_path / "in", tmp_path / "out"
    for one in (folder / "sub", outside):
        one.mkdir(parents=True)
        (one / "real.png").write_bytes(b"real")
    links = {
        "inside.png": "sub/real.png",
        "outside.png": outside / "real.png",
        "climbing.png": "../out/real.png",
        "sub/up.png": "../sub/real.png",
        "system.png": "/etc/hostname",
        "nowhere.png": "gone.png",
        "loop.png": "loop.png",
        "folder": "sub",
        "whole": outside,
        "twice.png": "outside.png",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    out, nowhere = "a link that leads out of the folder", "a link that leads nowhere"
    assert listed(folder) == {
        "climbing.png": out, "inside.png": None, "loop.png": nowhere, "nowhere.png": nowhere, "outside.png": out,
        "sub/real.png": None, "sub/up.png": None, "system.png": out, "twice.png": out,
    }  # fmt: skip
    assert "2 folders that are links are not looked into" in caplog.text
    source = FolderSource(folder)
    assert source.read("inside.png") == source.read("sub/up.png") == b"real"
    for name in ("outside.png", "climbing.png", "system.png", "whole/real.png", "twice.png", "loop.png"):
        with pytest.raises(Failure) as caught:  # a link may be put there after the plan was made
            source.read(name)
        assert caught.value.reason == "bad_row"


def test_a_source_that_is_itself_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.png").write_bytes(b"a")
    (tmp_path / "link").symlink_to("real")
    assert listed(tmp_path / "link") == {"a.png": None}
    assert FolderSource(tmp_path / "link").read("a.png") == b"a"


def test_pipes_sockets_and_devices_are_bad_rows_and_nobody_waits_for_them(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "null.png").symlink_to("/dev/zero")
    (tmp_path / "folder.png").mkdir()
    assert listed(tmp_path) == {"pipe.png": module.NO_FILE, "null.png": module.LEADS_OUT}
    ends = []

    def read():
        for name in ("pipe.png", "folder.png"):
            try:
                FolderSource(tmp_path).read(name)
            except Failure as failure:
                ends.append(failure.reason)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(timeout=60)
    assert ends == ["bad_row", "bad_row"]


def test_a_name_that_is_no_text_or_too_long_is_a_bad_row_under_a_name_that_a_table_can_hold(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(b"")
    (tmp_path / "caf\\udce9.png").write_bytes(b"")
    long = "/".join(["x" * 250] * 4)
    (tmp_path / long).mkdir(parents=True)
    (tmp_path / long / "a.png").write_bytes(b"")
    found = listed(tmp_path)
    assert found.pop("caf\\udce9.png") is None
    assert found.pop("caf\\udce9.png#2") == "its name is not valid UTF-8; rename it"
    [(name, problem)] = found.items()
    assert (len(name), problem) == (1000, "its name has more than 1000 characters")


def test_a_picture_that_is_gone_or_may_not_be_read_says_so(tmp_path, monkeypatch):
    with pytest.raises(Failure) as caught:
        FolderSource(tmp_path).read("a.png")
    assert (caught.value.reason, caught.value.message) == ("removed", "a.png is gone")
    (tmp_path / "a.png").write_bytes(b"")

    def refuse(*_):  # root may read everything
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(Failure) as caught:
        FolderSource(tmp_path).read("a.png")
    assert (caught.value.reason, caught.value.message) == ("forbidden", "a.png may not be read")


def test_a_file_larger_than_any_picture_is_not_read(tmp_path):
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(source_module.MOST_BYTES + 1)
    with pytest.raises(Failure) as caught:
        FolderSource(tmp_path).read("a.png")
    assert caught.value.reason == "too_large"
    assert caught.value.message == "a.png: 268,435,457 bytes, 268,435,456 are the most"


def test_a_folder_that_may_not_be_entered_is_named(tmp_path, caplog, monkeypatch):
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.png").write_bytes(b"")
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert listed(tmp_path) == {"a.png": None}
    assert "closed: Permission denied; what is in it is left out" in caplog.text


def test_labels_that_are_a_link_out_of_the_folder_are_refused(tmp_path):
    (tmp_path / "labels.csv").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match=r"labels\.csv: a link that leads out of the folder"):
        FolderSource(tmp_path).labels()

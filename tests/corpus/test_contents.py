import hashlib
import os

from s2f.corpus.contents import contents_sha256


def test_contents_are_hashed_in_order_and_what_is_no_readable_file_has_none(tmp_path):
    paths = [tmp_path / f"{number}.bin" for number in range(20)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number]) * 300_000)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    odd = [tmp_path / "gone", tmp_path, tmp_path / "pipe", tmp_path / "loop"]
    expected = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert contents_sha256(paths + odd) == [*expected, None, None, None, None]

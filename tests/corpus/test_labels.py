import pytest

from s2f.corpus.labels import Labels, clip_labels, picture_labels
from s2f.runtime import InputError


def test_labels_are_found_by_clip_whatever_columns_there_are(tmp_path):
    (tmp_path / "labels.csv").write_text("person,youtube_id,start,gender,more\n7,-abc,1.5,m,x\n,-abc,9,,\n")
    assert clip_labels(tmp_path) == {"-abc_00001500": Labels(gender="m", person="7"), "-abc_00009000": Labels()}


def test_labels_are_found_by_picture(tmp_path):
    (tmp_path / "labels.csv").write_text("\ufeffpath,age,gender\na/b.jpg,31.5,f\n")
    assert picture_labels(tmp_path) == {"a/b.jpg": Labels(31.5, "f")}


def test_no_file_and_a_file_for_something_else_give_no_labels(tmp_path, caplog):
    assert clip_labels(tmp_path) == {}
    (tmp_path / "labels.csv").write_text("file,duration\nx,1\n")
    assert clip_labels(tmp_path) == {}
    assert "has no columns youtube_id, start" in caplog.text


@pytest.mark.parametrize("row", ["a.jpg,old,f", "a.jpg,30,female"])
def test_a_value_that_cannot_be_read_names_its_line(tmp_path, row):
    (tmp_path / "labels.csv").write_text(f"path,age,gender\n{row}\n")
    with pytest.raises(InputError, match="line 2"):
        picture_labels(tmp_path)

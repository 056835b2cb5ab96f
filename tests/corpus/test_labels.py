import pytest

from s2f.corpus.labels import Labels, clip_labels, label_file, picture_labels, warn_of_unused
from s2f.runtime import InputError


def test_labels_are_found_by_clip_whatever_columns_there_are(tmp_path):
    (tmp_path / "labels.csv").write_text("person,youtube_id,start,gender,more\n7,-abc,1.5,m,x\n,-abc,9,,\n")
    assert clip_labels(tmp_path) == {"-abc_00001500": Labels(gender="m", person="7"), "-abc_00009000": Labels()}


def test_labels_are_found_by_picture(tmp_path):
    (tmp_path / "labels.csv").write_text("\ufeffpath,age,gender\na/b.jpg,31.5,f\n")
    assert picture_labels(label_file(tmp_path)) == {"a/b.jpg": Labels(31.5, "f")}


def test_no_file_and_a_file_for_something_else_give_no_labels(tmp_path, caplog):
    assert clip_labels(tmp_path) == {}
    (tmp_path / "labels.csv").write_text("file,duration\nx,1\n")
    assert clip_labels(tmp_path) == {}
    assert "has no columns youtube_id, start" in caplog.text


def test_gender_is_a_letter_or_a_word_and_a_picture_a_path_or_a_file(tmp_path):
    rows = ["a.jpg,M", "b.jpg,Female", "c.jpg,MALE", "d.jpg, f", "e.jpg,"]
    (tmp_path / "labels.csv").write_text("\n".join(["file,gender", *rows]))
    assert [label.gender for label in picture_labels(label_file(tmp_path)).values()] == ["m", "f", "m", "f", None]
    assert list(picture_labels(label_file(tmp_path))) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a.jpg,old,f", "'old'"),
        ("a.jpg,nan,f", "age 'nan' is none; allowed: 0 to 130 years"),
        ("a.jpg,inf,f", "age 'inf'"),
        ("a.jpg,-1,f", "age '-1'"),
        ("a.jpg,1980,f", "age '1980'"),
        ("a.jpg,30,woman", "gender 'woman' is not known; allowed: f, female, m, male or nothing"),
    ],
)
def test_a_value_that_cannot_be_read_names_its_line(tmp_path, row, words):
    (tmp_path / "labels.csv").write_text(f"path,age,gender\n{row}\n")
    with pytest.raises(InputError, match="line 2: ") as caught:
        picture_labels(label_file(tmp_path))
    assert words in str(caught.value)


@pytest.mark.parametrize("content", [b"path,person\na.jpg,Andr\xe9\n", b"\xff\xfep\0"])
def test_what_is_no_text_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"labels\.csv, line"):
        picture_labels(label_file(tmp_path))


def test_a_start_that_is_no_time_is_refused_in_one_sentence(tmp_path):
    for start in ("nan", "inf", "soon"):
        (tmp_path / "labels.csv").write_text(f"youtube_id,start,age\nabc,{start},30\n")
        with pytest.raises(InputError, match="line 2"):
            clip_labels(tmp_path)


def test_spaces_around_cells_and_names_of_columns_mean_nothing(tmp_path):
    (tmp_path / "labels.csv").write_text("youtube_id , start, person\nabc , 1.0, ann \n")
    assert clip_labels(tmp_path) == {"abc_00001000": Labels(person="ann")}


def test_a_row_that_is_short_or_long_is_read_as_far_as_it_goes(tmp_path):
    (tmp_path / "labels.csv").write_text("path,age,gender\na.jpg,30\nb.jpg,31,f,more,and more\n,32,m\n")
    assert picture_labels(label_file(tmp_path)) == {
        "a.jpg": Labels(30.0),
        "b.jpg": Labels(31.0, "f"),
        ".": Labels(32.0, "m"),
    }


def test_labels_that_name_nothing_are_counted_once(tmp_path, caplog):
    warn_of_unused({"b", "c", "d"}, ["a", "b"], tmp_path, "picture")
    assert "labels.csv: 2 of 3 labels name no picture that there is, the first of them c." in caplog.text
    caplog.clear()
    warn_of_unused({"b"}, ["a", "b"], tmp_path, "picture")
    assert not caplog.records

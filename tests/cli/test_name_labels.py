from pathlib import Path

import pytest

from s2f.cli.name_labels import read_name_labels
from s2f.corpus.labels import Labels
from s2f.runtime import InputError


def read(path: Path, text: str | bytes, names: tuple[str, ...] = ("a", "b")) -> dict[str, Labels]:
    file = path / "labels.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_name_labels(file, names)


def test_labels_are_read_as_others_write_them(tmp_path: Path) -> None:
    text = "\ufeffperson, name ,hair,gender,age\np1,a.JPG,red,Female,33.5\n,b,,man,\nNA,sub/c,,unknown,nan\n"
    assert read(tmp_path, text) == {
        "a": Labels(33.5, "f", "p1"),
        "b": Labels(None, "m", None),
        "sub/c": Labels(None, None, None),
    }


def test_a_name_that_looks_like_a_file_is_a_name_where_there_is_one(tmp_path: Path) -> None:
    assert list(read(tmp_path, "name\njohn.png\n", names=("john.png",))) == ["john.png"]
    assert list(read(tmp_path, "name\njohn.smith\n")) == ["john.smith"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,age\na,3\n", "has no column 'name' (found: 'file, age')"),
        ("", "has no column 'name'"),
        ("name,age\na,30\nb,old\n", "line 3: age 'old' is none; allowed: 0 to 130"),
        ("name,age\na,1987\n", "line 2: age '1987' is none"),
        ("name,gender\na,x\n", "line 2: gender 'x' is not known; allowed: f, female, m, male, woman, man or nothing"),
        ("name,age\na,1\na.png,2\n", "line 3: 'a' stands there twice"),
        ("name,age\n,1\n", "line 2: there is no name"),
        (b"name,age\n\xff\xfe,1\n", "line"),
        ('name,age\n"' + "a" * 200_000 + '",1\n', "line"),
    ],
)
def test_labels_that_cannot_be_read_are_one_sentence_with_their_line(
    tmp_path: Path, text: str | bytes, says: str
) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert "--labels" in str(caught.value) and says in str(caught.value)
    with pytest.raises(InputError, match="no such file; allowed"):
        read_name_labels(tmp_path / "none.csv", ())

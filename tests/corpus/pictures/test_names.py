import pytest

from s2f.corpus.pictures.names import Unique, archived_problem_of, is_of_macos, is_picture, problem_of, shown


@pytest.mark.parametrize("name", ["a.png", "a/b.JPG", "a.b.jpeg", "x.tiff", "ä.webp", "../a.gif"])
def test_pictures_are_known_by_their_endings(name):
    assert is_picture(name)


@pytest.mark.parametrize(
    "name", ["png", ".png", "a/.png", "a.txt", "a.png/", "a.png.zip", "a.png/b", "", "labels.csv", "a.jpg.tar"]
)
def test_other_files_are_not(name):
    assert not is_picture(name)


def test_macos_own_files_are_known():
    assert all(is_of_macos(name) for name in ("._a.png", "x/._a.png", "__MACOSX/a.png", "x/__MACOSX/y/a.png"))
    assert not any(is_of_macos(name) for name in (".a.png", "a._b.png", "MACOSX/a.png", "._x/a.png"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../a.png", "leads out"),
        ("a/../../b.png", "leads out"),
        ("/etc/a.png", "leads out"),
        ("C:/a.png", "leads out"),
        ("a\0.png", "NUL"),
        ("a\udce9.png", "UTF-8"),
        ("x" * 1000 + ".png", "more than 1000 characters"),
    ],
)
def test_a_name_in_an_archive_that_is_not_trusted_says_why(name, words):
    assert words in archived_problem_of(name)
    assert shown(name).encode() and "\0" not in shown(name) and len(shown(name)) <= 1000


@pytest.mark.parametrize("name", ["a.png", "..a.png", "a..png", "a/..b/c.png", "ä/ß.png", "a:b.png", "a\nb.png"])
def test_odd_names_that_lead_nowhere_else_are_names(name):
    assert archived_problem_of(name) is None and problem_of(name) is None


def test_names_that_come_again_are_numbered_and_never_given_twice():
    unique = Unique()
    names = ["a", "b", "a", "a", "a#2", "a#3", "a"]
    assert [unique(name) for name in names] == ["a", "b", "a#2", "a#3", "a#2#2", "a#3#2", "a#4"]


def test_a_hundred_thousand_members_of_one_name_take_no_longer_than_of_many():
    unique = Unique()
    assert len({unique("a.png") for _ in range(100_000)}) == 100_000

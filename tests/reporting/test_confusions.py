"""The paper's figure 5 as a picture: what is written in it, and what is said of it."""

from typing import Any

from s2f.reporting.confusions import confusions, in_words
from s2f.reporting.drawing import as_svg

GENDER = {"f_as_f": 3, "f_as_m": 1, "m_as_f": 0, "m_as_m": 4}
AGE = {"bands": ["0–19", "20–29", "30–39"], "counts": [[0, 0, 0], [7, 1, 0], [2, 5, 0]]}
CONTENT: dict[str, Any] = {"guidance": {"1": {"confusion": GENDER, "age_confusion": AGE}}}


def test_counts_and_their_shares_of_the_row_are_written_in_the_cells() -> None:
    svg = as_svg(confusions(CONTENT, "1"), 7, 3, "c", "words")
    for words in (">3<", ">75%<", ">25%<", ">100%<", ">88%<", ">12%<", ">71%<", ">women<", ">0–19<", ">20–29<"):
        assert words in svg, words
    assert svg.count(">30–39<") == 1  # true faces alone: no generated one is judged so
    assert ">0<" not in svg


def test_who_cannot_see_it_is_told_whom_each_group_was_taken_for_most_often() -> None:
    assert in_words(CONTENT, "1") == (
        "True against generated faces at w = 1, as judged, most often: women as women 3 of 4; men as men 4 of 4; "
        "20–29 as 0–19 7 of 8; 30–39 as 20–29 5 of 7."
    )


def test_a_w_without_faces_is_not_available() -> None:
    assert "not available" in as_svg(confusions({"guidance": {}}, "1"), 7, 3, "c", "words")
    assert in_words({"guidance": {}}, "1").endswith("not available.")

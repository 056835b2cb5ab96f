import pytest

from s2f.evaluation.pairing import enough, pair_up, printable
from s2f.runtime import InputError


def test_samples_are_found_by_number_and_by_folder_in_order() -> None:
    generated = ["a.png", "b_10.png", "b_2.png", "c/10.png", "c/2.png", "c/deep/3.png", "deep/d_0.webp", "e.PNG"]
    pairing = pair_up(["a.jpg", "b.jpg", "c.jpg", "deep/d.jpg", "e.jpeg"], generated)
    assert pairing.generated == {
        "a": ["a.png"],
        "b": ["b_2.png"],  # as many as nearly all names have
        "c": ["c/2.png"],
        "deep/d": ["deep/d_0.webp"],
        "e": ["e.PNG"],
    }
    assert pairing.beyond == ["b_10.png", "c/10.png", "c/deep/3.png"]
    assert pairing.true["deep/d"] == "deep/d.jpg" and pairing.samples == 1


def test_a_name_that_is_exactly_a_true_ones_is_no_sample_of_another() -> None:
    pairing = pair_up(["id.jpg", "id_1.jpg"], ["id_1.png", "id_1_0.png", "id_0.png", "id_7.png"])
    assert pairing.generated == {"id": ["id_0.png", "id_7.png"], "id_1": ["id_1.png", "id_1_0.png"]}


def test_what_belongs_to_nobody_is_told() -> None:
    pairing = pair_up(["a.jpg", "b.jpg", "deep/c.jpg"], ["a.png", "x_0.png", "c.png", "a_x.png"])
    assert pairing.generated == {"a": ["a.png"]}
    assert pairing.without_generated == ["b.jpg", "deep/c.jpg"]
    assert pairing.without_true == ["a_x.png", "c.png", "x_0.png"]


def test_letters_with_marks_are_the_same_however_they_are_written() -> None:
    assert pair_up(["Zoe\u0308.jpg"], ["Zo\u00eb_0.png"]).generated == {"Zo\u00eb": ["Zo\u00eb_0.png"]}


@pytest.mark.parametrize(
    ("counts", "most"), [([4], 4), ([4, 3], 3), ([5] * 9 + [1], 5), ([5] * 8 + [1, 1], 1), ([1] * 99 + [8], 1)]
)
def test_so_many_samples_count_as_nine_in_ten_have(counts: list[int], most: int) -> None:
    assert enough(counts) == most


@pytest.mark.parametrize(
    ("true", "generated", "says"),
    [
        (["a.png", "a.jpg"], ["a.png"], "the true pictures 'a.jpg' and 'a.png' have one name"),
        (["a.png"], ["d/x.bmp", "d/x.PNG"], "the generated pictures 'd/x.PNG' and 'd/x.bmp' have one name"),
        (["anna.jpg"], ["img_1.png"], "(true: 'anna', generated: 'img_1')"),
    ],
)
def test_names_that_cannot_be_paired_are_one_sentence(true: list[str], generated: list[str], says: str) -> None:
    with pytest.raises(InputError) as caught:
        pair_up(true, generated)
    assert says in str(caught.value) and "allowed: " in str(caught.value) and "\n" not in str(caught.value)


def test_a_name_cannot_speak_to_the_terminal() -> None:
    assert printable("Zoë\x1b[2J\n") == "Zoë\\x1b[2J\\n"

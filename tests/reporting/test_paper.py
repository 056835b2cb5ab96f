from s2f.faces.anthropometry import MEASURES
from s2f.reporting import paper


def test_the_paper_has_a_row_for_every_measure_and_no_other() -> None:
    assert tuple(paper.CRANIOFACIAL) == tuple(MEASURES)
    assert set(paper.WORDS) == set(MEASURES)


def test_the_paper_has_a_row_for_each_of_its_weights() -> None:
    assert list(paper.FACIAL) == ["0", "1", "2", "3", "4"]

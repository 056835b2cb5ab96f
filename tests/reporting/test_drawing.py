import re
from xml.etree import ElementTree

from matplotlib.figure import Figure

from s2f.reporting.drawing import INK, RULE, as_png, as_svg
from s2f.reporting.figures import training
from s2f.reporting.sources import Model


def draw(figure: Figure) -> None:
    axes = figure.subplots()
    axes.plot([0, 1], [1, 0])
    axes.set_title("<script>$x$")


def test_a_figure_is_the_same_bytes_every_time() -> None:
    assert as_svg(draw, 2, 2, "a", "words") == as_svg(draw, 2, 2, "a", "words")
    assert as_png(draw, 2, 2) == as_png(draw, 2, 2)


def test_an_svg_takes_the_pages_colour_and_speaks() -> None:
    svg = as_svg(draw, 2, 2, "a", 'one "two" <three>')
    assert ElementTree.fromstring(svg).get("aria-label") == 'one "two" <three>'
    assert "currentColor" in svg and INK not in svg and RULE not in svg
    assert "<script>" not in svg and "$x$" in svg


def test_ids_of_two_figures_do_not_meet_and_references_hold() -> None:
    svg = as_svg(draw, 2, 2, "a", "words")
    ids = set(re.findall(r'\bid="([^"]+)"', svg))
    assert all(one.startswith("a-") for one in ids)
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg)) <= ids


def test_nothing_known_is_drawn_as_words() -> None:
    assert "not available" in as_svg(training([Model("speech_encoder", [])], {}), 3, 3, "t", "words")

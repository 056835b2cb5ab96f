"""The report's page as a reader has it: in a real browser, wide and narrow, light and dark, on paper, by keyboard."""

from pathlib import Path
from typing import Any

import pytest

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def address(reports: Path) -> str:
    return (reports / "index.html").as_uri()


@pytest.fixture
def open_page(browser: Any, address: str) -> Any:
    """A function that opens the page; `options` as for a browser context."""
    contexts = []

    def _open(**options: Any) -> Any:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(address, wait_until="load")
        return page

    yield _open
    for context in contexts:
        context.close()


def test_the_page_opens_without_a_complaint_and_asks_for_nothing_outside(open_page: Any, address: str) -> None:
    page = open_page(viewport=WIDE)
    page.mouse.wheel(0, 20_000)
    assert page.said == []
    assert [url for url in page.asked if not url.startswith(("data:", "blob:"))] == [address]


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_violation(open_page: Any, viewport: dict[str, int], scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(viewport=viewport, color_scheme=scheme, bypass_csp=True)
    found = Axe().run(page).response
    assert found["passes"]
    broken = [one for one in found["violations"] if one["impact"] in SERIOUS]
    assert broken == [], [(one["id"], one["nodes"][0]["html"][:200]) for one in broken]


def test_a_picture_that_says_nothing_is_found_by_axe(open_page: Any) -> None:
    """So that the check above can fail."""
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(viewport=WIDE, bypass_csp=True)
    page.evaluate("document.querySelector('img.large').removeAttribute('alt')")
    assert "image-alt" in {one["id"] for one in Axe().run(page).response["violations"]}


def test_every_figure_has_words_for_who_cannot_see_it(open_page: Any) -> None:
    page = open_page(viewport=WIDE)
    figures = page.locator(".figure svg, figure img")
    count = figures.count()
    assert count > 20
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('.figure svg, figure img')].filter(
            one => !(one.getAttribute('alt') ?? one.getAttribute('aria-label'))
                   && !one.classList.contains('small')).length"""
    )
    assert unnamed == 0


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_sticks_out_at_any_width(open_page: Any, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width


def test_tables_fit_a_wide_window_whatever_the_numbers(open_page: Any) -> None:
    page = open_page(viewport=WIDE)
    cells = page.locator(".close tbody td")
    assert cells.count() > 500
    cells.evaluate_all(
        """all => all.forEach(one => {  // N of three digits, a p that luck decides, an interval from below 0
            let text = one.textContent.replace(/^\\d\\d$/, '888').replace(/\\[−?/, '[−');
            text = text.replace(/^(<.001|1)$/, '.888').replace(/p (<.001|= 1)$/, 'p = .888');
            if (one.closest('[aria-labelledby=craniofacial]'))  // an r below 0, and all of its interval
                text = text.replace(/^(?=[\\d.]+ \\[)/, '−').replace(/, −?(?=[\\d.]+\\])/, ', −');
            one.textContent = text;
        })"""
    )
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.scroll')]
            .filter(one => one.scrollWidth > one.clientWidth).map(one => one.getAttribute('aria-label'))"""
    )
    assert cut == []


def test_the_square_scatter_of_ages_needs_no_scrolling_where_a_window_is_narrow(open_page: Any) -> None:
    page = open_page(viewport={"width": 320, "height": 740})
    assert page.locator(".figure.half").evaluate_all("all => all.map(one => one.scrollWidth <= one.clientWidth)") == [
        True
    ]


def test_in_a_narrow_window_captions_and_first_columns_stay_while_the_rest_scrolls(open_page: Any) -> None:
    page = open_page(viewport={"width": 320, "height": 740})
    seen = page.evaluate(
        """() => [...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).map(one => {
            one.scrollLeft = one.scrollWidth;
            const at = one.getBoundingClientRect();
            return ['caption span', 'thead th', 'tbody th'].map(what => {
                const box = one.querySelector(what).getBoundingClientRect();
                return [box.left - at.left, box.width / at.width];
            });
        })"""
    )
    assert len(seen) > 10
    for caption, head, first in seen:
        assert (caption[0], head[0], first[0]) == pytest.approx((0, 0, 0), abs=1)
        assert caption[1] <= 1 and first[1] < 0.5


def test_dark_is_dark_and_light_is_light(open_page: Any) -> None:
    def brightness(scheme: str) -> float:
        page = open_page(viewport=WIDE, color_scheme=scheme)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")) / 3

    assert brightness("dark") < 60 < 200 < brightness("light")


def test_a_voice_can_be_heard(open_page: Any) -> None:
    page = open_page(viewport=WIDE)
    at, error, seconds = page.evaluate(
        """async () => {
            const voice = document.querySelector('audio');
            await voice.play();
            await new Promise(done => setTimeout(done, 400));
            return [voice.currentTime, voice.error, voice.duration];
        }"""
    )
    assert at > 0 and error is None and seconds == pytest.approx(1, abs=0.05)


def test_the_keyboard_reaches_sections_sounds_and_tables_in_their_order(open_page: Any) -> None:
    page = open_page(viewport=WIDE)
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.tagName"))
    assert reached.index("A") < reached.index("AUDIO") < reached.index("DIV")
    page.locator("nav a", has_text="Limits and ethics").press("Enter")
    assert page.evaluate("location.hash") == "#limits"


def test_on_paper_no_table_is_wider_than_the_page(open_page: Any) -> None:
    page = open_page(viewport={"width": 718, "height": 900})  # A4 less its margins
    page.emulate_media(media="print")
    cells = page.locator("section[aria-labelledby=models] tbody td")
    cells.evaluate_all("all => all.forEach(one => { one.textContent = '0123456789abcdef'.repeat(4) })")  # as hashes are
    wide = page.evaluate(
        """() => [...document.querySelectorAll('.scroll')]
            .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.getAttribute('aria-label'))"""
    )
    assert wide == []


def test_it_prints_whole_with_dark_text_on_white(open_page: Any) -> None:
    page = open_page(viewport=WIDE, color_scheme="dark")
    page.emulate_media(media="print")
    for colour, where in (("rgb(255, 255, 255)", "backgroundColor"), ("rgb(0, 0, 0)", "color")):
        assert page.evaluate(f"getComputedStyle(document.body).{where}") == colour
    assert page.locator("audio").first.is_hidden()
    assert page.pdf(format="A4").startswith(b"%PDF")

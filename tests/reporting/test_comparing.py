import copy
from xml.etree import ElementTree

import pytest

from s2f.evaluation.comparing import compare_runs
from s2f.evaluation.runs import read_run
from s2f.evaluation.statistics import Plan
from s2f.reporting.comparing import changes, comparison, conclusion, figure_text, forest, introduction, render_page
from s2f.reporting.drawing import as_png, as_svg

TOLD = {"commits": {"a": "0123456789", "b": None}, "parameters": [], "code_files": 0, "edited": {}}
NOTHING = {kind: [] for kind in ("better", "worse", "same", "unclear", "few", "unknown")}


@pytest.fixture(scope="module")
def compared(write_run, tmp_path_factory):
    """Of a run and a better one; a name that a page must escape."""
    folder = tmp_path_factory.mktemp("runs")
    a = read_run("old", write_run(folder / "a", noise=1.5), 1)
    b = read_run("<new>", write_run(folder / "b", noise=0.3, seed=1, blur=0.2), 1)
    return compare_runs(a, b, 10, Plan(0.95, 200, 1)) | TOLD


@pytest.fixture
def content(compared):
    return copy.deepcopy(compared)


def test_the_table_has_a_row_for_each_headline_whose_numbers_are_the_contents(content) -> None:
    table = comparison(content)
    assert table.caption == "The headlines of A and B" and table.head[1:4] == ["A", "B", "B − A"]
    assert [row[0] for row in table.rows][-1] == "enlarging gain" and len(table.rows) == len(content["headlines"])
    row = content["headlines"]["age_r"]
    assert table.rows[1][1].startswith(f"{row['a']['value']:.2f} [")
    assert table.rows[1][3].startswith(f"{row['difference']['value']:.2f} [") and table.rows[1][6:] == [
        "40 of 40",
        "better",
    ]


def test_a_headline_without_a_number_has_its_reason_and_is_drawn_without_a_point(content) -> None:
    nothing = {"value": None, "low": None, "high": None, "n": 0, "reason": "not available: nobody was seen"}
    content["headlines"]["age_r"] |= {"a": nothing, "b": nothing, "difference": nothing, "verdict": "unknown"}
    content["headlines"]["cosine"] |= {"a": nothing, "b": nothing, "difference": nothing, "verdict": "unknown"}
    table = comparison(content)
    assert table.rows[1] == ["age r", "–", "–", "–", "–", "–", "0", "not known"]
    assert "Not known, age r, cosine: nobody was seen." in table.notes
    assert "age r –" in figure_text(content)
    assert as_png(forest(content), 3, 2).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ({"better": ["age_r"], "worse": ["one_face"], "unclear": ["cosine"]},
         "B is better at age r and worse at one face than A; the rest cannot be told apart at N = 40"),
        ({"better": ["age_r", "cosine"], "same": ["one_face"]},
         "B is better at age r and cosine than A; the rest is the same at N = 40"),
        ({"worse": ["age_r"]}, "B is worse at age r than A at N = 40"),
        ({"unclear": ["age_r"], "same": ["cosine"]}, "B and A cannot be told apart at N = 40"),
        ({"same": ["age_r", "cosine"]},
         "A and B measured the same: every headline has one and the same number in both, at N = 40"),
        ({"same": ["age_r"], "unknown": ["cosine"]}, "everything that is known has one and the same number in both"),
        ({"few": ["age_r", "cosine"]}, "portraits; too few people to say anything of age r and cosine."),
        ({"unclear": ["cosine"], "unknown": ["age_r"]}, "portraits; nothing is known of age r."),
        ({"unknown": ["age_r"]}, "Nothing of A and B can be compared."),
    ],
)  # fmt: skip
def test_the_verdict_claims_what_was_found_and_no_more(content, verdicts, said) -> None:
    content["a"]["name"], content["b"]["name"] = "A", "B"
    sentence = conclusion(content | {"verdicts": NOTHING | verdicts})
    assert said in sentence and sentence.count(".") == 1


def test_another_ruler_is_said_before_all_else_and_in_the_verdict(content) -> None:
    assert "ruler" not in " ".join([*introduction(content), conclusion(content)])
    content["other_rulers"] |= {
        "networks": {"arcface": [["x.onnx", "a" * 64], ["x.onnx", "b" * 64]], "age_gender": [["judge", "c"], None]},
        "true_faces": 3,
    }
    first = introduction(content)[0]
    assert "face embedding x.onnx, sha256 aaaaaaaa and bbbbbbbb" in first
    assert "age and gender judge judge and none" in first and "3 of 40 true faces are not the same" in first
    assert conclusion(content).startswith("By different rulers, <new> is better at ")


def test_who_is_compared_and_how_is_said(content) -> None:
    said = introduction(content)
    assert said[0] == "A is old (commit 0123456), B is <new>."
    assert said[1:] == ["40 voices of 40 people and 30 portraits are in both runs.", "Both at w = 1."]
    content["voices"] |= {"only_b": 7}
    assert introduction(content)[1].endswith("are in both runs, 7 voices and 0 portraits in B alone.")
    content["a"] |= {"samples": 4, "guidance": "3"}
    assert introduction(content)[2:] == [
        "old is taken at w = 3, <new> at w = 1.",
        "old has 4 samples of each voice, <new> 2: the first 2 of both are compared.",
    ]
    content["headlines"]["cosine"]["only_a"] = 5
    assert "Left out of both sides: cosine 5 that only old has." in comparison(content).notes


def test_changes_are_a_line_each_and_code_is_counted(content) -> None:
    assert changes(content) == ["No parameter that decides a result differs."]
    content |= {"parameters": [["seed", "7", "8"]], "code_files": 1}
    assert changes(content) == ["seed: 7 → 8", "code: 1 file differs"]
    assert changes(content | {"code_files": None}) == ["seed: 7 → 8"]


def test_a_parameter_that_one_side_does_not_know_is_no_change_to_nothing(content) -> None:
    content |= {"parameters": [["a.new", "–", "1"], ["a.old", "None", "–"]]}
    assert changes(content)[:2] == ["a.new: 1, which A does not know", "a.old: None, which B does not know"]


def test_two_runs_that_measured_the_same_are_one_column_of_numbers_and_no_figure(compared, write_run, tmp_path) -> None:
    one = read_run("one", write_run(tmp_path / "one"), 1)
    content = compare_runs(one, one, 10, Plan(0.95, 200, 1)) | TOLD
    table, page = comparison(content), render_page(content)
    assert table.head == ["headline", "A and B", "N of people"] and len(table.rows) == len(content["headlines"])
    cosine = content["headlines"]["cosine"]["b"]
    assert table.rows[2] == ["cosine", f"{cosine['value']:.3f} [{cosine['low']:.3f}, {cosine['high']:.3f}]", "40 of 40"]
    assert "<svg" not in page and "Holm" not in page and "B − A" not in page and conclusion(content) in page
    assert conclusion(content).startswith("one and one measured the same: every headline has one and the same number")
    assert "<svg" in render_page(compared)


def test_a_headline_that_is_the_same_among_others_has_no_difference(content) -> None:
    content["headlines"]["one_face"]["difference"]["same"] = True
    content["headlines"]["one_face"]["verdict"] = "same"
    assert comparison(content).rows[5][3:] == ["–", "–", "–", "40 of 40", "the same"]
    assert "one face the same" in figure_text(content)


def test_how_many_measures_are_beyond_chance_is_told_beside_their_mean_r(content) -> None:
    counts = content["headlines"]["measures_r"]["measures"]
    said = " ".join(comparison(content).notes)
    assert f"Beyond chance, as a report counts them, are {counts['beyond_chance_a']} of A's and 11 of B's" in said


def test_the_page_escapes_names_and_its_figure_has_words(content) -> None:
    page = render_page(content)
    assert "<new>" not in page and "&lt;new&gt; is better at" in page and conclusion(content).count("<new>") == 1
    head = page.partition("</header>")[0].partition("<body>")[2]
    assert head.count("&lt;new&gt;") == 2  # the verdict, and which of them is B
    figure = ElementTree.fromstring(as_svg(forest(content), 4, 2, "forest", figure_text(content)))
    assert figure.get("aria-label", "").startswith("Differences with intervals, <new> less old: gender accuracy ")


def test_the_page_is_accessible(content, browser, tmp_path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    (tmp_path / "compare.html").write_text(render_page(content), encoding="utf-8")
    page = browser.new_page(viewport={"width": 400, "height": 800})
    page.goto((tmp_path / "compare.html").as_uri())
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.close()

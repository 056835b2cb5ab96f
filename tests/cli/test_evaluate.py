"""`s2f evaluate` on drawn portraits as files, with the sample's own networks, which know them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from s2f.cli.main import main
from s2f.dataset.shards import iterate_rows
from s2f.reporting.tables import number

ROOT = Path(__file__).parents[2]
PEOPLE = 24
HOSTILE = "<img src=x onerror=alert(1)>\n|`*"
HEADLINES = [
    "gender_accuracy", "age_r", "cosine", "recall_at_1", "recall_at_10", "recall_at_10_same_gender", "one_face",
    "measures_beyond_chance",
]  # fmt: skip
AGAINST_CHANCE = HEADLINES[:6]
COPIED = "copied_files"

Evaluate = Callable[..., SimpleNamespace]


@pytest.fixture(scope="module")
def faces(face: Callable[..., np.ndarray]) -> list[np.ndarray]:
    return [face(seed, size=128, unit=0.42) for seed in range(PEOPLE)]


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("params") / "params.yaml"
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    text = re.sub(r"resamples: \d+", "resamples: 200", text)
    path.write_text(text.replace("s2f/sample/pack", str(ROOT / "s2f/sample/pack")), encoding="utf-8")
    return path


def no_json(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def no_word_of_voices(out: Path) -> None:
    """Whoever made the pictures may have heard none."""
    texts = [Tags((out / "index.html").read_text(encoding="utf-8")).text, (out / "report.md").read_text("utf-8")]
    reasons = [
        reason
        for path in out.glob("*.json")
        for reason in re.findall(r'"reason": "(.*)"', path.read_text(encoding="utf-8"))
    ]
    for text in (*texts, *reasons):
        styled = re.sub(r"(?s)svg \{.*?\}|\.voice[^{]*\{.*?\}", "", text)
        assert not re.search(r"\b(voices?|speakers?|clips?)\b", styled), re.findall(r".*\bvoice.*", styled)


@pytest.fixture
def evaluate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], params: Path, tmp_path: Path
) -> Evaluate:
    """Run the command on two folders below `tmp_path`; its exit code, what it printed, and the last line as JSON."""

    def _run(*words: object, truth: str = "true", generated: str = "drawn", params: Path = params) -> SimpleNamespace:
        folders = ["--truth", tmp_path / truth, "--generated", tmp_path / generated, "--params", params]
        monkeypatch.setattr(sys, "argv", ["s2f", "evaluate", *map(str, folders), *map(str, words)])
        code: Any = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        printed = capsys.readouterr()
        numbers = json.loads(printed.out.splitlines()[-1], parse_constant=no_json) if code == 0 else {}
        if code == 0:
            assert printed.out.endswith("}\n")
            assert [name for name in numbers if not name.startswith("judge_")] == [*HEADLINES, COPIED]
        if code == 0 and "--out" in words:
            no_word_of_voices(tmp_path / "out")
        return SimpleNamespace(code=code, out=printed.out, err=printed.err, numbers=numbers)

    return _run


def save(image: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, quality=95)


def fill(folder: Path, images: list[np.ndarray], name: str = "p{:02d}.png") -> None:
    for index, image in enumerate(images):
        save(image, folder / name.format(index))


def test_the_same_faces_on_both_sides_are_perfect_and_everything_is_written(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces)
    fill(tmp_path / "drawn", faces)
    found = evaluate("--out", tmp_path / "out")
    assert found.code == 0
    for name in AGAINST_CHANCE:
        row = found.numbers[name]
        assert row["value"] == pytest.approx(1, abs=1e-4) and row["n"] == PEOPLE, name
        assert row["low"] <= row["value"] <= row["high"] and row["chance"] < 0.9, name
        assert row["verdict"] == "clearly above chance", name
    assert found.numbers["recall_at_1"]["chance"] == pytest.approx(1 / PEOPLE, abs=0.02)
    said = f"Of {PEOPLE} generated pictures {PEOPLE} are true pictures' files, byte for byte (of the same name): copied"
    for text in (
        found.out,
        (tmp_path / "out/report.md").read_text(),
        Tags((tmp_path / "out/index.html").read_text()).text,
    ):
        assert said in text
    copied = found.numbers[COPIED]
    assert (copied["value"], copied["own_name"], copied["n"]) == (PEOPLE, PEOPLE, PEOPLE)
    assert (found.numbers["one_face"]["value"], found.numbers["measures_beyond_chance"]["value"]) == (1, 11)
    together = (tmp_path / "out/report.md").read_text().split("The mean r of the measures")[1]
    row = next(line for line in together.splitlines() if line.startswith("| everybody |"))
    value, luck, *rest = [cell.strip() for cell in row.strip("|").split("|")][1:]
    assert value == r"1.00 \[1.00, 1.00\]" and rest == ["11", "–", "–", str(PEOPLE)]
    assert re.fullmatch(r"−?0\.0\d \\\[−0\.[12]\d, 0\.[12]\d\\\], p = \.005", luck), luck
    assert len(re.findall(r"sha256 [0-9a-f]{64}", found.out)) == 5
    assert "face_models.arcface and face_models.age_gender" in found.err and "drawn faces alone" in found.err
    written = {path.name for path in (tmp_path / "out").iterdir()}
    results = {"facial.json", "craniofacial.json", "identity.json", "headlines.json"}
    assert written == results | {"report.md", "index.html", "measured"}
    assert "given" in json.loads((tmp_path / "out/facial.json").read_text())["guidance"]
    assert len(list(iterate_rows(tmp_path / "out/measured"))) == 2 * PEOPLE


def test_the_pages_read_right_for_faces_that_are_not_ours(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces)
    fill(tmp_path / "drawn", faces[::-1], "p{:02d}_0.png")
    fill(tmp_path / "drawn", faces, "p{:02d}_1.png")
    assert evaluate("--out", tmp_path / "out").code == 0
    for name in ("index.html", "report.md"):
        page = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert not re.search(r"\bw = |guidance|\bours\b|\bpaper's\b|given", page), name
        text = " ".join(re.sub("<[^>]+>", "", page).split())
        assert f"{2 * PEOPLE} generated pictures in" in text and f"against {PEOPLE} true ones in" in text
        assert f", of {PEOPLE} people; matched by name alone." in text
        assert "drawn faces alone" in page and "never an identification" in page
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert "://" not in re.sub(r'xmlns(:xlink)?="[^"]+"', "", page) and "<script" not in page
    tags = Tags(page)
    assert tags.names.count("table") == tags.names.count("caption") > 5 and tags.names.count("h1") == 1
    assert len(tags.ids) == len(set(tags.ids))


def test_a_copied_file_is_counted_by_whose_it_is_and_a_picture_saved_anew_is_none(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces[:5])
    fill(tmp_path / "drawn", faces[:5], "p{:02d}.webp")
    for copy, source in (("p00_1", "p00"), ("p01_1", "p00"), ("p02_1", "p02"), ("p03_1", "p04"), ("p04_1", "p01")):
        shutil.copy(tmp_path / f"true/{source}.png", tmp_path / f"drawn/{copy}.png")
    found = evaluate("--out", tmp_path / "out")
    copied = found.numbers[COPIED]
    assert (copied["value"], copied["own_name"], copied["n"]) == (5, 2, 10)
    assert (
        "Of 10 generated pictures 5 are true pictures' files, byte for byte (2 of them of the same name)" in found.out
    )
    headlines = json.loads((tmp_path / "out/headlines.json").read_text())
    assert headlines["copied_files"] == {"own_name": 2, "other_name": 3, "of": 10}


def test_pictures_that_nobody_copied_are_not_spoken_of(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces[:5])
    fill(tmp_path / "drawn", faces[:5], "p{:02d}.webp")
    found = evaluate()
    assert found.numbers[COPIED]["value"] == 0 and "byte for byte" not in found.out


def test_a_missing_number_has_one_reason_wherever_it_stands(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces[:6])
    fill(tmp_path / "drawn", [faces[3]] * 6)
    found = evaluate("--out", tmp_path / "out")
    report = (tmp_path / "out/report.md").read_text(encoding="utf-8")
    cells = {row.split(" | ")[0]: row.split(" | ")[1:] for row in report.splitlines() if row.startswith("| ")}
    why = found.numbers["cosine"]["reason"]
    assert cells["| cosine with the true face"][:2] == cells["| the same, each side centred"][:2] == [why, "–"]
    why = found.numbers["age_r"]["reason"]
    for row in ("age r, one picture", "age r by rank (Spearman)", "age r within gender"):
        assert cells[f"| {row}"][:2] == [why, "–"], row
    assert cells["| gender accuracy, one picture"][:2] == [found.numbers["gender_accuracy"]["reason"], "–"]
    for row in report.splitlines():
        if re.match(r"\| (age|gender): .* \| 0 of 0 ", row):
            assert "not available" not in row


def test_faces_under_other_peoples_names_are_at_chance(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces)
    fill(tmp_path / "drawn", [*faces[7:], *faces[:7]])
    numbers = evaluate().numbers
    for name in AGAINST_CHANCE:
        row = numbers[name]
        assert row["low"] <= row["chance"] <= row["high"], name
        assert row["verdict"] == "not distinguishable from chance", name
    assert numbers["measures_beyond_chance"]["value"] <= 1


@pytest.mark.parametrize("layout", ["p{:02d}_{}.jpg", "p{:02d}/{}.webp", "p{:02d}/sample_{}.BMP"])
def test_several_samples_are_found_by_number_or_by_folder(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path, layout: str
) -> None:
    fill(tmp_path / "true", faces[:6])
    for index, image in enumerate(faces[:6]):
        for sample in range(2):
            save(image, tmp_path / "drawn" / layout.format(index, sample))
    found = evaluate("--out", tmp_path / "out")
    assert (found.numbers["gender_accuracy"]["value"], found.numbers["gender_accuracy"]["n"]) == (1, 6)
    assert found.numbers["one_face"]["n"] == 6
    facial = json.loads((tmp_path / "out/facial.json").read_text())
    assert facial["samples"] == 2 and facial["guidance"]["given"]["pictures"] == 12


def test_labels_are_a_second_truth_and_say_who_is_one_person(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces[:8])
    fill(tmp_path / "drawn", faces[:8])
    rows = [f"p{index:02d}.png,{20 + index},{'female' if index % 2 else 'M'},{index // 2}" for index in range(8)]
    (tmp_path / "labels.csv").write_text("\n".join(["name,age,gender,person", *rows, "nobody,,,"]) + "\n")
    found = evaluate("--labels", tmp_path / "labels.csv", "--out", tmp_path / "out")
    row = found.numbers["gender_accuracy"]
    assert (row["value"], row["n"], row["people"]) == (1, 8, 4)
    judge = json.loads((tmp_path / "out/facial.json").read_text())["judge"]
    assert judge["age_r"]["n"] == judge["gender_accuracy"]["n"] == 8
    first_screen = (tmp_path / "out/report.md").read_text().split("## Age and gender")[0]
    for name, title in (("gender_accuracy", "gender by label"), ("age_r", "age by label")):
        ceiling = found.numbers[f"judge_{name}"]
        assert {key: ceiling[key] for key in judge[name] if key != "p"} == {
            key: value for key, value in judge[name].items() if key != "p"
        }
        assert re.search(rf"Ceiling: the judge on true faces, {title}.* \| {number(ceiling['value'])} \|", first_screen)
    assert "Against the labels" in (tmp_path / "out/report.md").read_text()
    assert "Labels that name no picture here: 1 ('nobody')" in found.out


def no_number(found: SimpleNamespace, names: list[str], says: str) -> None:
    for name in names:
        row = found.numbers[name]
        assert (row["value"], row["low"], row["high"], row["chance"]) == (None,) * 4, name
        assert row["reason"].startswith("not available: "), name
    assert says in found.numbers[names[0]]["reason"]
    assert "Traceback" not in found.err


def test_one_picture_is_a_sentence_and_no_number(evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path) -> None:
    fill(tmp_path / "true", faces[:1])
    fill(tmp_path / "drawn", faces[:1])
    found = evaluate("--out", tmp_path / "out")
    no_number(found, HEADLINES, "only 1 person")
    report = (tmp_path / "out/report.md").read_text(encoding="utf-8")
    assert "\n1 generated picture in " in report and " against 1 true one in " in report
    assert ", of 1 person; matched by name alone." in report
    assert not re.search(r"\d \\\[", report.replace("0.00 \\[", "")), "an interval of one person"


def test_the_same_picture_for_everybody_is_a_sentence_and_no_number(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces)
    fill(tmp_path / "drawn", [faces[3]] * PEOPLE)
    found = evaluate("--out", tmp_path / "out")
    no_number(found, [*AGAINST_CHANCE, "measures_beyond_chance"], "every generated face is judged the same")
    assert "all generated faces have one and the same embedding" in found.numbers["cosine"]["reason"]
    assert "all queries are the same" in found.numbers["recall_at_1"]["reason"]
    assert "All generated faces look alike" in found.out


@pytest.mark.parametrize("blank", ["true", "drawn", "both"])
def test_pictures_without_a_face_are_a_sentence_and_no_number(
    evaluate: Evaluate, faces: list[np.ndarray], wall: np.ndarray, tmp_path: Path, blank: str
) -> None:
    for folder in ("true", "drawn"):
        fill(tmp_path / folder, [wall] * 6 if blank in (folder, "both") else faces[:6])
    found = evaluate("--out", tmp_path / "out")
    no_number(found, [*AGAINST_CHANCE, "measures_beyond_chance"], "nobody has both")
    row = found.numbers["one_face"]
    assert (row["value"], row["n"]) == (1.0 if blank == "true" else 0.0, 6)
    assert row["verdict"] == "fewer than 20 people are too few to say"
    sides = {
        "true": "of the 6 true pictures", "drawn": "of the 6 generated pictures",
        "both": "of the 6 true pictures or of the 6 generated pictures",
    }  # fmt: skip
    said = f"No face was found in any {sides[blank]}, so nothing can be compared."
    report, page = ((tmp_path / "out" / name).read_text() for name in ("report.md", "index.html"))
    assert report.index(said) < report.index("## How good") and page.index(said) < page.index("</header>")
    for text in (found.out, report, page):
        assert text.count("No face was found") == 1 and said in text and "show no face" not in text
    assert {found.numbers[name]["reason"] for name in AGAINST_CHANCE} == {
        "not available: nobody has both a true value and a generated one"
    }


def test_an_embedding_that_is_no_number_is_a_sentence_and_no_number(
    evaluate: Evaluate, faces: list[np.ndarray], params: Path, tmp_path: Path
) -> None:
    network = write_nan_embedder(tmp_path / "least.onnx")
    other = tmp_path / "params.yaml"
    other.write_text(re.sub(r"arcface: \S+", f"arcface: {network}", params.read_text(encoding="utf-8"), count=1))
    fill(tmp_path / "true", faces[:6])
    fill(tmp_path / "drawn", faces[:6])
    found = evaluate("--out", tmp_path / "out", params=other)
    no_number(found, ["cosine", "recall_at_1", "recall_at_10", "recall_at_10_same_gender"], "nobody has both")
    assert found.numbers["gender_accuracy"]["value"] == 1
    for page in (found.out, (tmp_path / "out/report.md").read_text(), (tmp_path / "out/index.html").read_text()):
        assert "In 6 generated pictures a face was found, and its embedding is no number." in page
        assert not re.search(r"\bnan\b", page)
    assert "face_models.age_gender in" in found.err and "face_models.arcface" not in found.err


def write_nan_embedder(path: Path) -> Path:
    import onnx

    tensor, value = onnx.numpy_helper.from_array, onnx.helper.make_tensor_value_info
    weights = np.full((3, 512), np.nan, np.float32)
    nodes = [
        onnx.helper.make_node("GlobalAveragePool", ["data"], ["pooled"]),
        onnx.helper.make_node("Flatten", ["pooled"], ["colours"]),
        onnx.helper.make_node("MatMul", ["colours", "weights"], ["out"]),
    ]
    ends = [value("data", 1, ["n", 3, 112, 112])], [value("out", 1, ["n", 512])]
    graph = onnx.helper.make_graph(nodes, "least", *ends, [tensor(weights, "weights")])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def test_few_people_are_never_found_by_a_gallery_that_is_too_small(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces[:5])
    fill(tmp_path / "drawn", faces[:5])
    found = evaluate()
    no_number(found, ["recall_at_10", "recall_at_10_same_gender"], "everybody is among the first 10 of 5")
    assert found.numbers["recall_at_1"]["value"] == 1
    for name in ("recall_at_1", "one_face", "measures_beyond_chance"):
        assert "fewer than 20 people" in found.numbers[name]["verdict"], name


def test_three_people_have_the_chance_that_the_table_says(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces[:3])
    fill(tmp_path / "drawn", [faces[1], faces[2], faces[0]])
    assert evaluate().numbers["recall_at_1"]["chance"] == pytest.approx(1 / 3, abs=1e-6)


def test_what_cannot_be_read_or_matched_is_counted_named_and_left_out(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces[:9])
    fill(tmp_path / "drawn", faces[:8])
    (tmp_path / "true/p00.png").write_bytes(b"no picture")
    (tmp_path / "drawn/p01.png").write_bytes((tmp_path / "drawn/p02.png").read_bytes()[:900])
    (tmp_path / "drawn/p02.png").unlink()
    (tmp_path / "drawn/p02.png").symlink_to(tmp_path / "true/p02.png")
    save(faces[0], tmp_path / "drawn/stranger\x1b[2J.png")
    (tmp_path / "drawn/about.txt").write_text("no picture, and not called like one")
    found = evaluate("--out", tmp_path / "out")
    assert found.code == 0 and found.numbers["cosine"]["n"] == 5 and found.numbers["one_face"]["n"] == 6
    said = " ".join(found.out.split())
    assert "True pictures without a generated one, left out: 2 ('p02.png', 'p08.png')." in said
    assert "Generated pictures called like no true one, left out: 1 ('stranger\\x1b[2J.png')." in said
    assert "True pictures that cannot be read, left out: 1 ('p00.png'; 'p00.png': not a readable picture" in said
    assert (
        "Generated pictures that cannot be read, left out: 2 ('p01.png', 'p02.png'; 'p01.png': not a readable" in said
    )
    assert "\x1b" not in found.out
    assert "cannot be read, left out: 2" in (tmp_path / "out/index.html").read_text(encoding="utf-8")


def test_a_run_that_was_killed_may_start_again(evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path) -> None:
    fill(tmp_path / "true", faces[:5])
    fill(tmp_path / "drawn", faces[:5])
    evaluate("--out", tmp_path / "out")
    files = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    shard = tmp_path / "out/measured/00000.parquet"
    shutil.copy(shard, shard.with_name("00001.parquet"))  # of a larger run before
    (tmp_path / "out/index.html").unlink()
    evaluate("--out", tmp_path / "out")
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == files


def test_hostile_names_are_text_on_both_pages(evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path) -> None:
    for folder in ("true", "drawn"):
        for index, image in enumerate(faces[:5]):
            save(image, tmp_path / folder / f"{HOSTILE}{index}.png")
    save(faces[5], tmp_path / "drawn" / f"{HOSTILE}nobody.png")
    found = evaluate("--out", tmp_path / "out")
    assert found.code == 0 and found.numbers["gender_accuracy"]["n"] == 5
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    tags = Tags(page)
    assert tags.names.count("img") == 10 and not tags.handlers
    assert HOSTILE in tags.text
    markdown = (tmp_path / "out/report.md").read_text(encoding="utf-8")
    assert "\\<img src=x onerror=alert(1)\\>" in markdown and "<img" not in markdown.replace("\\<img", "")


class Tags(HTMLParser):
    """Names of tags, ids, handlers of events, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.ids: list[str | None] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_read_by_everybody(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path, browser: Any
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    fill(tmp_path / "true", faces)
    fill(tmp_path / "drawn", faces[::-1])
    save(faces[0], tmp_path / "drawn" / f"{'nobody' * 30}.png")
    evaluate("--out", tmp_path / "out")
    for width, scheme in ((1280, "light"), (360, "dark")):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.goto((tmp_path / "out/index.html").as_uri())
        found = Axe().run(page).response
        broken = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
        assert found["passes"] and broken == [], [(one["id"], one["nodes"][0]["html"][:200]) for one in broken]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 1280:
            cut = "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).length"
            assert page.evaluate(cut) == 0
        context.close()


def break_all(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(b"no picture")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda root: shutil.rmtree(root / "drawn"), "no such folder; allowed: a folder of pictures"),
        (lambda root: break_all(root / "true"), "none of the 2 pictures can be read, such as 'p00.png'"),
        (lambda root: break_all(root / "drawn"), "none of the 2 pictures can be read, such as 'p00.png'"),
        (
            lambda root: [path.rename(path.with_suffix(".txt")) for path in (root / "true").iterdir()],
            "no pictures; all",
        ),
        (lambda root: shutil.copy(root / "drawn/p00.png", root / "drawn/p00.jpg"), "have one name; allowed"),
        (lambda root: [path.rename(path.with_stem(f"x{path.stem}")) for path in (root / "true").iterdir()], "'xp00'"),
        (lambda root: (root / "out").write_text("a file"), "is a file; allowed: a folder"),
        (lambda root: (root / "labels.csv").write_text("name,age\np00,old\n"), "line 2: age 'old'"),
    ],
)
def test_input_that_cannot_be_used_is_one_sentence(
    evaluate: Evaluate, faces: list[np.ndarray], tmp_path: Path, harm: Callable[[Path], object], says: str
) -> None:
    fill(tmp_path / "true", faces[:2])
    fill(tmp_path / "drawn", faces[:2])
    (tmp_path / "labels.csv").write_text("name\n")
    harm(tmp_path)
    found = evaluate("--out", tmp_path / "out", "--labels", tmp_path / "labels.csv")
    [sentence] = [line for line in found.err.splitlines() if not line.startswith("warning: ")]
    assert found.code == 2 and sentence.startswith("error: ") and says in sentence, sentence
    assert not (tmp_path / "out/index.html").exists()


def test_the_last_line_of_a_pipe_is_the_json_and_nothing_follows_it(
    faces: list[np.ndarray], params: Path, tmp_path: Path
) -> None:
    fill(tmp_path / "true", faces[:5])
    fill(tmp_path / "drawn", faces[:5])
    words = ["evaluate", "--truth", tmp_path / "true", "--generated", tmp_path / "drawn", "--params", params]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "40"}
    done = subprocess.run(
        [sys.executable, "-m", "s2f.cli.main", *map(str, words)],
        capture_output=True, text=True, check=True, cwd=ROOT, env=environment,
    )  # fmt: skip
    assert done.stdout.endswith("}\n")
    assert list(json.loads(done.stdout.splitlines()[-1])) == [*HEADLINES, COPIED]
    assert re.search(r"^ Gender agrees +1\.00 ", done.stdout, flags=re.MULTILINE)  # no box, a row is a line
    assert not set("│┃━") & set(done.stdout)


def test_help_teaches_how_files_are_matched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["s2f", "evaluate", "--help"])
    with pytest.raises(SystemExit) as end:
        main()
    said = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0
    for words in ("NAME_0.png, NAME_1.png", "in a folder NAME", "without the ending", "last line", "cannot be read"):
        assert words in said

"""The evaluation and report stages on a small made-up run: voices whose faces follow them with some noise."""

import io
import json
import re
import struct
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from s2f.dataset.schemas import ENLARGED, GENERATED, HEARD, LEDGER, MEASURED, SPEECH_FACES
from s2f.dataset.shards import write_shard
from s2f.faces.measures import MEASURES
from s2f.stages import evaluate_craniofacial, evaluate_facial, evaluate_identity, report

ROOT = Path(__file__).parents[2]
WEIGHTS = (0.0, 1.0, 2.0, 3.0, 4.0)
VOICES, SAMPLES = 16, 2
PIXELS: dict[str, dict[str, float]] = {  # sharper than bicubic, and tinted
    "portrait": {},
    "super_resolution": {"psnr_db": 26.0, "ssim": 0.9, "colour_shift": 3.0},
    "bicubic": {"psnr_db": 25.0, "ssim": 0.8, "colour_shift": 0.5},
}
HOSTILE = '<img src=x onerror="alert(1)">|`*'


def picture(latent: np.ndarray, px: int, kind: str = "JPEG") -> dict[str, Any]:
    skin, width = 150 + 25 * np.tanh(latent[0]), 0.3 + 0.06 * np.tanh(latent[1])
    image = Image.new("RGB", (128, 128), (90, 110, 130))
    pen = ImageDraw.Draw(image)
    pen.ellipse((64 - 128 * width, 14, 64 + 128 * width, 122), fill=(int(skin) + 60, int(skin) + 20, int(skin)))
    for x in (46, 82):
        pen.ellipse((x - 6, 52, x + 6, 60), fill=(40, 30, 30))
    pen.line((64, 62, 64, 80), fill=(120, 80, 70), width=3)
    pen.arc((48, 80, 80, 102), 20, 160, fill=(150, 50, 60), width=4)
    sink = io.BytesIO()
    image.resize((px, px)).save(sink, format=kind)
    return {"bytes": sink.getvalue(), "path": None}


def unit(vector: np.ndarray) -> list[float]:
    return (vector / np.linalg.norm(vector)).tolist()


def measured(source: str, name: str, latent: np.ndarray, face: np.ndarray, **more: Any) -> dict[str, Any]:
    return {field.name: None for field in MEASURED} | {
        "source": source,
        "id": name,
        "faces": 1,
        "embedding": unit(face + 0.5),
        "age": 40 + 12 * latent[0],
        "male": 1 / (1 + np.exp(-3 * latent[1])),
        "yaw_degrees": 5.0,
        "measures": [(one, float(value)) for one, value in zip(MEASURES, latent, strict=False)],
        **more,
    }


def flac() -> dict[str, Any]:
    return {"bytes": b"fLaC" + bytes(3000), "path": None}


def write_run(root: Path, hostile: str = "") -> None:
    """Everything the stages read, below root/data."""
    data, rng = root / "data", np.random.default_rng(1)
    clips, generated, heard, rows = [], [], [], []
    for voice in range(VOICES):
        name = f"{hostile}video{voice // 2 if voice < 4 else voice:02d}_{voice:08d}"
        latent, face = rng.normal(size=11), rng.normal(size=512)
        labels = {"age": 40 + 12 * latent[0], "gender": "m" if latent[1] > 0 else "f"}
        clips.append(
            {field.name: None for field in SPEECH_FACES}
            | {"clip_id": name, "youtube_id": name.rpartition("_")[0], "face": picture(latent, 128), "speech": flac()}
            | {"spectrogram": rng.normal(size=(598, 257, 2)).astype(np.float16), **labels}
        )
        heard.append({"clip_id": name, "embedding": unit(face + 2 * rng.normal(size=512))})
        rows.append(measured("true", name, latent, face, label_age=labels["age"], label_gender=labels["gender"]))
        for w in WEIGHTS:
            for sample in range(SAMPLES):
                noisy, place = latent + 0.7 * rng.normal(size=11), {"guidance": w, "sample": sample}
                rows.append(measured("generated", name, noisy, face + 2 * rng.normal(size=512), **place))
                pictures = {"small": picture(noisy, 32, "PNG"), "face": picture(noisy, 128, "PNG")}
                generated.append({"clip_id": name, "seed": 1, **place, **pictures})
    rows[1].update(faces=0, embedding=None, age=None, male=None, yaw_degrees=None, measures=None)
    enlarged = []
    for index in range(8):  # the first loses its face
        latent, face = rng.normal(size=11), rng.normal(size=512)
        kinds = {"portrait": 0.0, "super_resolution": 0.5, "bicubic": 1.0}
        rows += [
            measured(kind, f"p{index}", latent, face + noise * rng.normal(size=512), **PIXELS[kind])
            for kind, noise in kinds.items()
        ]
        names = {"true": 128, "small": 32, "super_resolution": 128, "bicubic": 128}
        enlarged.append(
            {field.name: None for field in ENLARGED}
            | {"image_id": f"p{index}"}
            | {key: picture(latent, px) for key, px in names.items()}
        )
    lost = next(row for row in rows if row["source"] == "super_resolution")
    lost.update(faces=0, embedding=None, age=None, male=None, yaw_degrees=None, measures=None)
    write_shard(clips, SPEECH_FACES, data / "speech_faces/test/00000.parquet")
    write_shard(generated, GENERATED, data / "generated/faces/00000.parquet")
    write_shard(heard, HEARD, data / "generated/heard/00000.parquet")
    write_shard(enlarged, ENLARGED, data / "generated/enlarged/00000.parquet")
    write_shard(rows, MEASURED, data / "measured/00000.parquet")
    looked = {role: {"name": f"{role} network", "sha256": f"{role}123"} for role in ("detector_near", "age_gender")}
    (data / "measured/manifest.json").write_text(json.dumps({"dataset": "measured", "recipe": looked}))
    write_ledger(data / "ledger/speech_faces", {None: VOICES, "no_face": 3, f"corrupt{hostile}": 1})
    write_ledger(data / "ledger/portraits", {None: 20, "multiple_faces": 1})
    write_models(data / "models")


def write_ledger(folder: Path, counts: dict[str | None, int]) -> None:
    rows = [
        {"id": f"{reason}{index}", "status": "filtered" if reason else "ok", "reason": reason, "message": None}
        | {"attempts": 1, "split": "test", "shard": 0, "item": "", "tools": "{}"}
        for reason, count in counts.items()
        for index in range(count)
    ]
    write_shard(rows, LEDGER, folder / "00000.parquet")


def write_models(folder: Path) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]}}).encode()
    for name in ("speech_encoder", "face_decoder", "super_resolution"):
        (folder / name).mkdir(parents=True)
        (folder / name / "weights.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(48))
        lines = ["step,loss,loss_q1,loss_q2,loss_q3,loss_q4,validation_loss,learning_rate"]
        for step in range(0, 400, 20):
            loss = 0.2 + np.exp(-step / 80)
            quarters = ",,,," if name == "speech_encoder" else f",{loss * 2},{loss},{loss / 2},{loss / 4}"
            lines.append(f"{step},{loss}{quarters},{loss * 1.1},0.001")
        (folder / name / "history.csv").write_text("\n".join(lines) + "\n")


def run(root: Path) -> Path:
    """All four stages; the folder of the report."""
    data, params = root / "data", root / "params.yaml"
    if not params.exists():
        text = (ROOT / "params.yaml").read_text(encoding="utf-8")
        params.write_text(re.sub(r"resamples: \d+", "resamples: 200", text), encoding="utf-8")
    seen, faces, out = data / "measured", data / "speech_faces", data / "evaluation"
    evaluate_facial.main(seen, faces, out / "facial.json", params)
    evaluate_craniofacial.main(seen, faces, out / "craniofacial.json", params)
    evaluate_identity.main(seen, data / "generated", faces, out / "identity.json", params)
    places = [data / name for name in ("evaluation", "models", "speech_faces", "portraits", "ledger", "generated")]
    report.main(*places, seen, root / "reports", params)
    return root / "reports"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("run")
    write_run(root, HOSTILE)
    return run(root)


class Page(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, *names: str) -> Iterator[dict[str, str | None]]:
        return (attributes for tag, attributes in self.tags if tag in names)


@pytest.fixture(scope="module")
def page(reports: Path) -> Page:
    return Page((reports / "index.html").read_text(encoding="utf-8"))


def test_metrics_have_the_promised_keys(reports: Path) -> None:
    metrics = json.loads((reports / "metrics.json").read_text())
    for name in ("facial", "facial_shuffled"):
        assert list(metrics[name]) == ["0", "1", "2", "3", "4"]
        assert all({"age_r", "gender_accuracy", "n"} <= set(row) for row in metrics[name].values())
    assert list(metrics["craniofacial"]) == list(MEASURES)
    assert all({"r", "p", "low", "high", "n", "random_r"} <= set(row) for row in metrics["craniofacial"].values())
    assert {"cosine", "recall_at_10", "chance_at_10", "detected", "n"} <= set(metrics["identity"])
    assert {"cosine", "bicubic_cosine", "n"} <= set(metrics["super_resolution"])
    enlarged = metrics["super_resolution"]
    assert [enlarged[key] for key in ("n", "portraits", "lost", "bicubic_lost")] == [7, 8, 1, 0]
    assert metrics["corpus"]["tried"] == VOICES + 4
    assert metrics["corpus"]["ok"] == VOICES
    assert metrics["corpus"]["by_reason"]["no_face"] == 3
    identity = metrics["identity"]
    generated = json.loads((reports.parent / "data/evaluation/identity.json").read_text())
    face = generated["by_guidance"]["1"]["recall"]["at_10"]
    assert (identity["recall_at_10"], identity["chance_at_10"]) == (face["value"], face["chance"])
    assert identity["n"] == identity["cosine_n"] == identity["recall_at_10_n"] == VOICES
    assert identity["detected_n"] == VOICES * SAMPLES * len(WEIGHTS)
    voice = generated["voice"]["recall"]["at_10"]
    assert (identity["voice"]["recall_at_10"], identity["voice"]["n"]) == (voice["value"], VOICES)
    assert metrics["facial"]["0"]["age_r_low"] < metrics["facial"]["0"]["age_r"] < metrics["facial"]["0"]["age_r_high"]
    assert metrics["facial"]["0"]["age_r_n"] == VOICES - 1  # one face was not found
    assert metrics["super_resolution"]["other_cosine_low"] <= metrics["super_resolution"]["other_cosine"]
    assert metrics["facial"]["0"]["age_r"] > 0.5
    assert metrics["super_resolution"]["difference_low"] > 0


def test_the_page_loads_nothing_and_runs_nothing(page: Page, reports: Path) -> None:
    for attributes in (attributes for _, attributes in page.tags):
        for name in ("src", "href", "srcset", "xlink:href", "data", "poster"):
            assert (attributes.get(name) or "data:,").startswith(("data:", "#"))
        assert not any(name.startswith("on") for name in attributes)
    assert not list(page.all("script", "iframe", "object", "embed"))
    text = (reports / "index.html").read_text(encoding="utf-8")
    assert "@import" not in text and "url(http" not in text
    assert len(text.encode()) < 15_000_000


def test_every_picture_has_words_and_every_table_a_caption(page: Page) -> None:
    assert all("alt" in attributes for attributes in page.all("img"))
    assert all(attributes.get("aria-label") or attributes.get("aria-hidden") for attributes in page.all("svg"))
    assert all(attributes.get("aria-label") for attributes in page.all("audio"))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") > 5
    assert tags.count("h1") == 1
    assert next(page.all("html"))["lang"] == "en"


def test_ids_are_unique_on_the_page(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_hostile_names_are_text_on_both_pages(page: Page, reports: Path) -> None:
    assert f"{HOSTILE}video" in page.text
    assert not any(attributes.get("src") == "x" for attributes in page.all("img"))
    markdown = (reports / "report.md").read_text(encoding="utf-8")
    assert "corrupt\\<img src=x onerror=" in markdown
    assert "<img" not in markdown.replace("\\<img", "")


def test_the_page_says_what_was_run_and_that_faces_are_drawn(page: Page) -> None:
    text = " ".join(page.text.split())
    assert f"{VOICES} voices of {VOICES - 2} people" in text
    assert "A face from a voice is a statistical guess, never an identification." in text
    assert "Every face here is drawn" in text
    assert "non-commercial research only" in text
    assert "Not the paper's: The face decoder's prediction starts from the face that a linear map draws" in text


def test_distances_and_what_enlarging_did_to_colours_are_on_both_pages(page: Page, reports: Path) -> None:
    for text in (" ".join(page.text.split()), (reports / "report.md").read_text(encoding="utf-8")):
        assert "Distance from true faces" in text
        assert "Super-resolution shifts colours more than bicubic: ΔE 3.00 against 0.50." in text
        assert "loses PSNR" not in text


def test_a_face_that_enlarging_lost_is_on_the_card(page: Page) -> None:
    text = " ".join(page.text.split())
    assert "of 8 portraits with a face 1 have none when enlarged by us, 0 bicubically" in text


def test_the_page_names_who_judged_and_shows_who_was_taken_for_whom(page: Page) -> None:
    text = " ".join(page.text.split())
    assert "age and gender judge age_gender network age_gender123".replace(" ", "") in text.replace(" ", "")
    assert "figure 5" in text and "Age, true face against generated ones" in text and "60–69" in text
    assert "Tied, 3 measures" in text and "Free, 7 measures" in text and "claims neither" in text


def test_markdown_points_at_figures_that_exist(reports: Path) -> None:
    named = re.findall(r"\]\((figures/[a-z_]+\.png)\)", (reports / "report.md").read_text(encoding="utf-8"))
    assert {"figures/faces.png", "figures/facial.png", "figures/super_resolution.png"} <= set(named)
    for name in named:
        with Image.open(reports / name) as image:
            assert image.format == "PNG"


def test_every_markdown_table_is_rectangular(reports: Path) -> None:
    lines = (reports / "report.md").read_text(encoding="utf-8").splitlines()
    widths = [len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0 for line in lines]
    for above, below in pairwise(widths):
        assert above == below or 0 in (above, below)
    assert max(widths) > 5


def test_the_report_is_the_same_bytes_twice(tmp_path: Path, reports: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    (again / "data").symlink_to(reports.parent / "data")
    second = run(again)
    files = sorted(path.relative_to(reports) for path in reports.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    for name in files:
        assert (reports / name).read_bytes() == (second / name).read_bytes(), name


def test_a_run_in_which_nothing_is_found_reports_sentences(tmp_path: Path) -> None:
    write_run(tmp_path)
    nothing = {"faces": 0, "embedding": None, "age": None, "male": None, "yaw_degrees": None, "measures": None}
    rows = [
        measured(source, f"v{index}", np.zeros(11), np.ones(512), **nothing, **place)
        for index in range(5)
        for source, place in (("true", {}), *(("generated", {"guidance": w, "sample": 0}) for w in WEIGHTS))
    ]
    write_shard(rows, MEASURED, tmp_path / "data/measured/00000.parquet")
    for name in ("models", "ledger"):
        (tmp_path / "data" / name).rename(tmp_path / name)
    out = run(tmp_path)
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["facial"]["0"]["age_r"] is None
    assert metrics["not_available"]["facial.0.age_r"].startswith("not available: ")
    assert metrics["identity"]["detected"] == 0.0
    assert metrics["craniofacial"]["jaw_width"]["r"] is None
    assert "not available: " in (out / "index.html").read_text(encoding="utf-8")

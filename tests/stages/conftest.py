"""A made-up run for the evaluation and report stages: voices whose faces follow them with some noise."""

import io
import json
import re
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image, ImageDraw

from s2f.dataset.schemas import ENLARGED, GENERATED, HEARD, LEDGER, MEASURED, SPEECH_FACES
from s2f.dataset.shards import write_shard
from s2f.faces.anthropometry import MEASURES
from s2f.stages import evaluate_craniofacial, evaluate_facial, evaluate_headlines, evaluate_identity, report

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
    sink = io.BytesIO()
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(16_000) / 16_000)
    soundfile.write(sink, tone, 16_000, format="FLAC")
    return {"bytes": sink.getvalue(), "path": None}


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
        | {"attempts": 1, "split": "train" if index < 7 else "test", "shard": 0, "item": "", "tools": "{}"}
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
    """All five stages; the folder of the report."""
    data, params = root / "data", root / "params.yaml"
    if not params.exists():
        text = (ROOT / "params.yaml").read_text(encoding="utf-8")
        params.write_text(re.sub(r"resamples: \d+", "resamples: 200", text), encoding="utf-8")
    seen, faces, out = data / "measured", data / "speech_faces", data / "evaluation"
    evaluate_facial.main(seen, faces, out / "facial.json", params)
    evaluate_craniofacial.main(seen, faces, out / "craniofacial.json", params)
    evaluate_identity.main(seen, data / "generated", faces, out / "identity.json", params)
    evaluate_headlines.main(seen, data / "generated", faces, out / "headlines.json", params)
    places = [data / name for name in ("evaluation", "models", "speech_faces", "portraits", "ledger", "generated")]
    report.main(*places, seen, root / "reports", params, data / "times")
    return root / "reports"


@pytest.fixture(scope="session")
def made_up() -> SimpleNamespace:
    """How to write a run below a folder, measure a picture of it, and evaluate and report it; what is in it."""
    return SimpleNamespace(
        write=write_run, run=run, measured=measured, voices=VOICES, samples=SAMPLES, weights=WEIGHTS, hostile=HOSTILE
    )


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run's report; its names are hostile."""
    root = tmp_path_factory.mktemp("run")
    write_run(root, HOSTILE)
    return run(root)

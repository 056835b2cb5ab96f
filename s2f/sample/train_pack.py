"""Train and write the sample's pack, s2f/sample/pack/{arcface,genderage}.onnx, and what it can do (README.md there).

    python -m s2f.sample.train_pack            about ten minutes on two cores

ArcFace's loss with a small margin over a few thousand drawn people, plus regression of their latents from the
embedding, so that faces which differ little lie near each other: a voice tells only a part of a face.
"""

import logging
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from s2f.runtime import progress, run_command
from s2f.sample import law
from s2f.sample.pack_faces import PACK_SEED, Habits, close_faces, detected_faces, detector_habits, person
from s2f.sample.pack_networks import AgeGender, Embedder, MarginClassifier
from s2f.sample.pack_report import judge_pack, write_report

PACK = Path(__file__).parent / "pack"
# What the embedding must tell, next to who it is. (Accent and pitch cannot be seen.)
SEEN = tuple(name for name in law.LATENTS if name not in ("accent", "pitch_habit"))
WORKERS = 2
log = logging.getLogger(__name__)


def main(out: Path = PACK, people: int = 3000, pictures: int = 8, epochs: int = 6, test_people: int = 300) -> None:
    """Draw, train, export, judge."""
    torch.manual_seed(PACK_SEED)
    aligned, boxed = draw_faces(people, pictures)
    who = torch.arange(people).repeat_interleave(pictures)
    known = torch.tensor(np.stack([seen_latents(index) for index in range(people)]), dtype=torch.float32)
    known = (known - known.mean(0)) / known.std(0)
    ages = torch.tensor([person(index).age for index in range(people)])
    male = torch.tensor([person(index).sex == "m" for index in range(people)])
    embedder, judge = Embedder(), AgeGender()
    fit_embedder(embedder, aligned, who, known, epochs)
    fit_judge(judge, boxed, ages[who], male[who].long(), max(1, epochs // 2))
    out.mkdir(parents=True, exist_ok=True)
    export(embedder, out / "arcface.onnx", 112)
    export(judge, out / "genderage.onnx", 96)
    unseen = list(range(people, people + test_people))
    views = [detected_faces(unseen, PACK_SEED + view, worse=view > 1) for view in range(3)]
    write_report(out, judge_pack(out, views), people, pictures)


def seen_latents(index: int) -> np.ndarray:
    """A person's visible latents as numbers."""
    values = asdict(person(index)) | {"sex": float(person(index).sex == "m")}
    return np.array([float(values[name]) for name in SEEN])


def draw_faces(people: int, pictures: int) -> tuple[Tensor, Tensor]:
    """Training faces: uint8 (people·pictures, 3, 112, 112) and (…, 3, 96, 96), person by person."""
    habits = detector_habits(300)
    chunks = [list(range(start, min(start + 25, people))) for start in range(0, people, 25)]
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool, progress() as bar:
        task = bar.add_task("drawing faces", total=len(chunks), note="")
        results = []
        for result in pool.map(_close_faces, [(chunk, pictures, habits) for chunk in chunks]):
            results.append(result)
            bar.advance(task)
    aligned, boxed = (np.concatenate(parts) for parts in zip(*results, strict=True))
    return _channels_first(aligned), _channels_first(boxed)


def _close_faces(job: tuple[list[int], int, Habits]) -> tuple[np.ndarray, np.ndarray]:
    chunk, pictures, habits = job
    return close_faces(chunk, pictures, PACK_SEED, habits)


def fit_embedder(embedder: Embedder, faces: Tensor, who: Tensor, known: Tensor, epochs: int) -> None:
    """Margin loss over people and, from the same unit vector, their latents (people, k)."""
    classifier = MarginClassifier(len(known))
    regression = nn.Linear(512, known.shape[1])

    def loss(picked: Tensor) -> Tensor:
        embedding = embedder(_pixels(faces[picked], 127.5))
        guess = regression(nn.functional.normalize(embedding) * 512**0.5)
        return classifier(embedding, who[picked]) + 4 * nn.functional.mse_loss(guess, known[who[picked]])

    _fit("embedder", nn.ModuleList([embedder, classifier, regression]), loss, len(faces), epochs)


def fit_judge(judge: AgeGender, faces: Tensor, ages: Tensor, male: Tensor, epochs: int) -> None:
    """Cross-entropy of gender and squared error of age."""

    def loss(picked: Tensor) -> Tensor:
        guess = judge(_pixels(faces[picked], 128.0))
        return nn.functional.cross_entropy(guess[:, :2], male[picked]) + 20 * nn.functional.mse_loss(
            guess[:, 2], ages[picked] / 100
        )

    _fit("age and gender", judge, loss, len(faces), epochs)


def _fit(name: str, model: nn.Module, loss: object, count: int, epochs: int, batch: int = 128) -> None:
    steps = epochs * (count // batch)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    model.train()
    with progress() as bar:
        task = bar.add_task(f"training {name}", total=steps, note="")
        for epoch in range(epochs):
            order, total = torch.randperm(count), 0.0
            for picked in order[: count // batch * batch].split(batch):
                optimiser.zero_grad()
                value = loss(picked)  # type: ignore[operator]
                value.backward()
                optimiser.step()
                rate.step()
                total += value.item()
                bar.advance(task)
            log.info("%s, epoch %d: loss %.3f", name, epoch + 1, total / (count // batch))
    model.eval()


def export(network: nn.Module, path: Path, size: int) -> None:
    """ONNX with a free batch size; node names must not begin with Sub or Mul, or insightface stops normalising.

    The older of torch's two exporters (`dynamo=False`): the newer one needs onnxscript.
    """
    torch.onnx.export(
        network.eval(),
        (torch.zeros(1, 3, size, size),),
        str(path),
        input_names=["data"],
        output_names=["output"],
        dynamic_axes={"data": {0: "n"}, "output": {0: "n"}},
        dynamo=False,
    )


def _pixels(faces: Tensor, deviation: float) -> Tensor:
    """uint8 → float as insightface scales it; half of the pictures mirrored."""
    mirrored = torch.rand(len(faces)) < 0.5
    faces = torch.where(mirrored[:, None, None, None], faces.flip(3), faces)
    return (faces.float() - 127.5) / deviation


def _channels_first(pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))


if __name__ == "__main__":
    run_command(main)

"""Twenty losses of each model, as they were when this was written: a change of code that means no change leaves them.

S2F_WRITE_GOLDEN=1 pytest tests/training/test_golden.py    (after one that is meant; say why in the commit)
"""

import csv
import os
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from s2f.stages import train_face_decoder, train_speech_encoder, train_super_resolution

GOLDEN = Path(__file__).parent / "golden"
STAGES = {
    "speech_encoder": train_speech_encoder,
    "face_decoder": train_face_decoder,
    "super_resolution": train_super_resolution,
}


def trained(kind, params, data, folder, **changes):
    """Losses of twenty steps, of rows and of validation, by the stage that users run."""
    content = YAML(typ="safe").load(params.read_text())
    # A small rate, so that rounding, which is another on every kind of processor, does not grow.
    content[f"{kind}_training"] |= {"steps": 20, "validate_steps": 1, "learning_rate": 2e-4} | changes
    with params.open("w") as file:
        YAML().dump(content, file)
    STAGES[kind].main(data, folder / "out", folder / "checkpoints", params)
    with (folder / "out" / "history.csv").open() as file:
        return [[float(row["loss"]), float(row["validation_loss"])] for row in csv.DictReader(file)]


@pytest.mark.parametrize("kind", STAGES)
def test_losses_are_the_golden_ones(kind, params, portraits, speech_faces, tmp_path):
    losses = trained(kind, params, speech_faces if kind == "speech_encoder" else portraits, tmp_path)
    path = GOLDEN / f"{kind}.txt"
    if os.environ.get("S2F_WRITE_GOLDEN"):
        path.write_text("".join(f"{loss:.6g} {validation:.6g}\n" for loss, validation in losses))
    golden = [[float(word) for word in line.split()] for line in path.read_text().splitlines()]
    assert len(golden) == 20
    for step, (found, expected) in enumerate(zip(losses, golden, strict=True), start=1):
        assert found == pytest.approx(expected, rel=1e-5), f"step {step}"

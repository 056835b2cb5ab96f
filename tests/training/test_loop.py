import csv
import shutil

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from s2f.dataset.batches import Batches
from s2f.diffusion.schedule import Schedule
from s2f.models.face_decoder import FaceDecoder
from s2f.models.speech_encoder import SpeechEncoder
from s2f.models.weights import load_weights
from s2f.runtime import InputError
from s2f.training.checkpoint import NAME
from s2f.training.drawing import DrawingFaces
from s2f.training.draws import draws_at
from s2f.training.learner import Learner
from s2f.training.loop import Run, train
from s2f.training.losses import Losses
from s2f.training.runs import held
from s2f.training.validating import validate


class KilledError(Exception):
    """Stands for the power going out."""


class Until:
    """An objective that is killed at its `calls`-th call."""

    def __init__(self, objective, calls):
        self.objective, self.calls = objective, calls

    def __call__(self, model, batch, draws):
        self.calls -= 1
        if self.calls < 0:
            raise KilledError
        return self.objective(model, batch, draws)


@pytest.fixture
def start(tmp_path, portraits, speech_faces, decoder_config, encoder_config, diffusion, training_params, matching):
    """Trains into tmp_path/name; `calls` ends it early."""

    def start(name, calls=10**9, kind="face_decoder", objective=None, print_of_run="x", **changes):
        torch.manual_seed(0)
        if kind == "face_decoder":
            model, data, columns = FaceDecoder(decoder_config), portraits, ("face", "embedding")
            objective = objective or DrawingFaces(decoder_config, Schedule(diffusion))
        else:
            model, data, columns = SpeechEncoder(encoder_config), speech_faces, ("spectrogram", "embedding")
            objective = matching()
        params = training_params.model_copy(update=changes)
        out, checkpoints = tmp_path / name, tmp_path / f"{name}-checkpoints"
        run = Run(Until(objective, calls), params, 3, print_of_run, out, checkpoints)
        train(model, run, Batches(data / "train", columns, 4, 3), Batches(data / "validation", columns, 2, 3), {"a": 1})
        return out

    return start


@pytest.fixture
def learner(training_params):
    """Of a model and an objective."""
    return lambda model, objective, **changes: Learner(model, objective, training_params.model_copy(update=changes))


def step(learner):
    """On a batch of one row."""
    return learner.step({"face": torch.zeros(1)}, draws_at(3, range(1), "cpu"), 0.1)


def contents(out):
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def history(out):
    with (out / "history.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("calls", [12, 20, 23])  # steps 12, 18 (after a validation's two batches) and 19
def test_a_killed_run_resumes_to_the_same_bytes(start, tmp_path, calls):
    through = contents(start("through"))
    with pytest.raises(KilledError):
        start("killed", calls=calls)
    assert (tmp_path / "killed-checkpoints" / NAME).is_file()
    assert contents(start("killed")) == through
    assert {"history.csv", "weights.safetensors", "live/plots/metrics/validation_loss.tsv"} <= set(through)


def test_a_killed_encoder_run_resumes_with_its_running_statistics(start):
    changes = {"kind": "speech_encoder", "steps": 4, "checkpoint_steps": 2, "validate_steps": 4}
    through = contents(start("through", **changes))
    with pytest.raises(KilledError):
        start("killed", calls=3, **changes)
    assert contents(start("killed", **changes)) == through


def test_the_resumed_run_does_not_repeat_the_steps_before_its_checkpoint(start):
    with pytest.raises(KilledError):
        start("killed", calls=14)  # 12 steps and a validation of two batches
    start("killed", calls=10 + 2 + 2)  # from step 10: ten steps, validations at 16 and 20


def test_a_checkpoint_of_another_run_is_not_resumed(start):
    through = contents(start("through"))
    with pytest.raises(KilledError):
        start("killed", calls=12, print_of_run="other")
    assert contents(start("killed")) == through


def test_a_broken_checkpoint_is_started_over(start, tmp_path, caplog):
    through = contents(start("through", steps=3))
    (tmp_path / "again-checkpoints").mkdir()
    (tmp_path / "again-checkpoints" / NAME).write_bytes(b"half a file")
    assert contents(start("again", steps=3)) == through
    assert f"{NAME} cannot be read" in caplog.text


def test_two_trainings_do_not_write_to_one_folder(start, tmp_path):
    with (
        held(tmp_path / "run-checkpoints"),
        pytest.raises(InputError, match="run-checkpoints: another training writes"),
    ):
        start("run", steps=3)
    start("run", steps=3)


def test_weights_that_are_lost_come_back_without_training(start):
    out = start("run")
    through = contents(out)
    shutil.rmtree(out)
    assert contents(start("run", calls=0)) == through


def test_history_has_one_row_at_every_validation_and_at_the_end(start):
    rows = history(start("run"))
    assert [row["step"] for row in rows] == ["8", "16", "20"]
    assert all(float(row["loss"]) > 0 and float(row["validation_loss"]) > 0 for row in rows)
    assert all(row["loss"] != row["validation_loss"] for row in rows)


def test_the_loss_falls(start):
    rows = history(start("run", steps=80, learning_rate=1e-2, decay=1.0))
    assert float(rows[-1]["loss"]) < 0.9 * float(rows[0]["loss"])
    assert float(rows[-1]["validation_loss"]) < float(rows[0]["validation_loss"])


def test_weights_carry_what_they_were_told(start):
    assert load_weights(start("run", steps=1) / "weights.safetensors").about == {"a": 1}


def test_without_averaging_the_weights_are_the_last_ones(start):
    last = load_file(start("last", ema=0.0) / "weights.safetensors")
    averaged = load_file(start("averaged") / "weights.safetensors")
    assert any(not torch.equal(last[name], averaged[name]) for name in last)


def test_bf16_trains_too(start):
    (row,) = history(start("run", precision="bf16", steps=3))
    assert 0 < float(row["loss"]) < 3
    dtypes = {tensor.dtype for tensor in load_file(start("run", steps=1) / "weights.safetensors").values()}
    assert dtypes == {torch.float32}


class Breaking:
    """The sum of all weights, but for one call, whose loss or gradient is no number."""

    def __init__(self, call, what):
        self.call, self.what, self.calls = call, what, 0

    def __call__(self, model, batch, draws):
        self.calls += 1
        loss = sum(parameter.sum() for parameter in model.parameters())
        if self.calls == self.call and self.what == "loss":
            loss = loss * float("nan")
        if self.calls == self.call and self.what == "gradient":
            loss = loss + (0 * loss).sqrt()  # 0, but for its slope
        rows = torch.zeros(len(next(iter(batch.values()))))
        rows[0] = loss.detach()
        return Losses(loss, rows)


@pytest.mark.parametrize("clip_norm", [0.0, 1.0])
@pytest.mark.parametrize(("what", "words"), [("loss", "loss of step 20"), ("gradient", "gradient's norm at step 20")])
def test_a_last_step_that_is_no_number_is_never_saved_as_weights(start, tmp_path, what, words, clip_norm):
    broken = Breaking(24, what)  # twenty steps and two validations of two batches before the last
    with pytest.raises(InputError, match=f"^run: the {words} is nan .*try a lower learning_rate"):
        start("run", objective=broken, clip_norm=clip_norm)
    assert not (tmp_path / "run" / "weights.safetensors").exists()
    assert [row["step"] for row in history(tmp_path / "run")] == ["8", "16"]
    with safe_open(tmp_path / "run-checkpoints" / NAME, framework="pt") as file:
        assert file.metadata()["step"] == "15"


def test_a_step_that_is_no_number_says_where_to_go_on(start, tmp_path):
    with pytest.raises(InputError, match=r"the gradient's norm at step 4 is nan \(no checkpoint yet\)"):
        start("early", objective=Breaking(4, "gradient"))
    path = tmp_path / "late-checkpoints" / NAME
    with pytest.raises(InputError, match=rf"step 7 is nan \(the last good checkpoint, {path}, is of step 5\)"):
        start("late", objective=Breaking(7, "gradient"))


def test_a_step_that_is_no_number_names_the_rows(start, portraits):
    ids = Batches(portraits / "train", ("face",), 4, 3).ids(6)
    with pytest.raises(InputError, match=rf"look at row {ids[0]}\."):
        start("loss", objective=Breaking(7, "loss"))
    with pytest.raises(InputError, match=rf"look at rows {', '.join(ids)}\."):
        start("gradient", objective=Breaking(7, "gradient"))


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_a_bad_step_moves_no_weight_and_no_moment(what, decoder_config, learner, tmp_path):
    torch.manual_seed(0)
    model = FaceDecoder(decoder_config)
    one = learner(model, Breaking(2, what))
    assert step(one).norm == pytest.approx(sum(p.numel() for p in model.parameters()) ** 0.5)

    def state(name):
        one.save(tmp_path / name, fingerprint="x")
        return load_file(tmp_path / name / NAME)

    before = state("before")
    assert not step(one).good
    after = state("after")
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert step(one).good
    assert any(not torch.equal(tensor, before[name]) for name, tensor in state("moved").items())


@pytest.mark.parametrize(("clip_norm", "expected"), [(0.0, 3.0), (1.0, 1.0), (5.0, 3.0)])
def test_a_gradient_is_shortened_to_the_clip_norm_and_never_without_one(clip_norm, expected, learner):
    model = nn.Linear(8, 1)  # nine numbers: the gradient of their sum is three long
    assert step(learner(model, Breaking(0, "nothing"), clip_norm=clip_norm)).norm == pytest.approx(3.0)
    assert torch.cat([p.grad.flatten() for p in model.parameters()]).norm().item() == pytest.approx(expected, rel=1e-4)


class BreakingValidation:
    """Learns, and hears nothing when it is tested."""

    def __call__(self, model, batch, draws):
        loss = sum(parameter.square().sum() for parameter in model.parameters())
        rows = loss.detach() * torch.ones(len(batch["face"]))
        return Losses(loss, rows if model.training else rows * float("nan"))


def test_weights_whose_validation_is_no_number_are_not_saved(start, tmp_path):
    path = tmp_path / "run-checkpoints" / NAME
    with pytest.raises(
        InputError, match=rf"^run: the validation loss after step 8 is no number \(.* {path}, is of step 5\)"
    ):
        start("run", objective=BreakingValidation())
    assert not (tmp_path / "run" / "weights.safetensors").exists() and not (tmp_path / "run" / "history.csv").exists()


def test_validation_uses_the_same_noise_every_time_whatever_fits_memory_and_leaves_no_trace(
    portraits, decoder_config, diffusion, learner
):
    torch.manual_seed(0)
    model, sizes = FaceDecoder(decoder_config), []
    model.register_forward_hook(lambda _, given, __: sizes.append(len(given[0])))
    batches = Batches(portraits / "validation", ("face", "embedding"), 3, 3)
    found = []
    for micro_batch in (0, 0, 2):
        one = learner(model, DrawingFaces(decoder_config, Schedule(diffusion)), ema=0.0, micro_batch=micro_batch)
        sizes.clear()
        found.append(validate(one, batches, 3).means())
    assert found[0] == found[1] and found[2] == pytest.approx(found[0], rel=1e-4)
    assert sizes == [2, 1, 2, 1]
    assert model.training

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from s2f.dataset.batches import Batches
from s2f.diffusion.schedule import Schedule
from s2f.models.face_decoder import FaceDecoder
from s2f.models.speech_encoder import SpeechEncoder
from s2f.models.weights import load_weights
from s2f.runtime import InputError
from s2f.training import loop
from s2f.training.checkpoint import NAME
from s2f.training.denoising import DrawingFaces
from s2f.training.loop import Run, average, train
from s2f.training.matching import Matching


class KilledError(Exception):
    """Stands for the power going out."""


class Until:
    """An objective that is killed at its `calls`-th call."""

    def __init__(self, objective, calls):
        self.objective, self.calls = objective, calls

    def __call__(self, model, batch, rng):
        self.calls -= 1
        if self.calls < 0:
            raise KilledError
        return self.objective(model, batch, rng)


@pytest.fixture
def start(tmp_path, portraits, speech_faces, decoder_config, encoder_config, diffusion, training_params):
    """Trains into tmp_path/name; `calls` ends it early."""

    def start(name, calls=10**9, kind="face_decoder", objective=None, print_of_run="x", **changes):
        torch.manual_seed(0)
        if kind == "face_decoder":
            model, data, columns = FaceDecoder(decoder_config), portraits, ("face", "embedding")
            objective = objective or DrawingFaces(decoder_config, Schedule(diffusion))
        else:
            model, data, columns = SpeechEncoder(encoder_config), speech_faces, ("spectrogram", "embedding")
            objective = Matching()
        params = training_params.model_copy(update=changes)
        out, checkpoints = tmp_path / name, tmp_path / f"{name}-checkpoints"
        run = Run(Until(objective, calls), params, 3, print_of_run, out, checkpoints)
        train(model, run, Batches(data / "train", columns, 4, 3), Batches(data / "validation", columns, 2, 3), {"a": 1})
        return out

    return start


def contents(out):
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


@pytest.mark.parametrize("calls", [12, 20, 23])  # steps 12, 18 (after a validation's two batches) and 19
def test_a_killed_run_resumes_to_the_same_bytes(start, tmp_path, calls):
    through = contents(start("through"))
    with pytest.raises(KilledError):
        start("killed", calls=calls)
    assert (tmp_path / "killed-checkpoints" / NAME).is_file()
    assert contents(start("killed")) == through
    assert set(through) == {"history.csv", "weights.safetensors"}


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


def test_a_checkpoint_of_other_parameters_is_not_resumed(start):
    through = contents(start("through"))
    with pytest.raises(KilledError):
        start("killed", calls=12, print_of_run="other")
    assert contents(start("killed")) == through


def test_a_broken_checkpoint_is_started_over(start, tmp_path):
    through = contents(start("through", steps=3))
    (tmp_path / "again-checkpoints").mkdir()
    (tmp_path / "again-checkpoints" / NAME).write_bytes(b"half a file")
    assert contents(start("again", steps=3)) == through


def test_the_checkpoint_is_gone_when_the_weights_are_there(start, tmp_path):
    start("run")
    assert list((tmp_path / "run-checkpoints").iterdir()) == []


def test_history_has_a_row_per_split_at_every_validation_and_at_the_end(start):
    lines = (start("run") / "history.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [
        [step, split] for step in ("8", "16", "20") for split in ("train", "validation")
    ]


def test_the_loss_falls(start):
    lines = (start("run", steps=80, learning_rate=5e-2, decay=1.0) / "history.csv").read_text().splitlines()
    losses = [float(line.split(",")[2]) for line in lines if ",train," in line]
    assert losses[-1] < 0.9 * losses[0]


def test_weights_carry_what_they_were_told(start):
    assert load_weights(start("run", steps=1) / "weights.safetensors").about == {"a": 1}


def test_without_averaging_the_weights_are_the_last_ones(start):
    last = load_file(start("last", ema=0.0) / "weights.safetensors")
    averaged = load_file(start("averaged") / "weights.safetensors")
    assert any(not torch.equal(last[name], averaged[name]) for name in last)


def test_bf16_trains_too(start):
    lines = (start("run", precision="bf16", steps=3) / "history.csv").read_text().splitlines()
    assert 0 < float(lines[1].split(",")[2]) < 3
    dtypes = {tensor.dtype for tensor in load_file(start("run", steps=1) / "weights.safetensors").values()}
    assert dtypes == {torch.float32}


def test_a_loss_that_is_no_number_stops_with_its_step_named(start, tmp_path):
    class Diverging:
        step = 0

        def __call__(self, model, batch, rng):
            self.step += 1
            loss = next(model.parameters()).sum() * (float("nan") if self.step == 7 else 1.0)
            return loss, {"loss": loss[None]}

    with pytest.raises(InputError, match=r"the loss of step 6 is nan; try a learning_rate below"):
        start("run", objective=Diverging())
    assert not (tmp_path / "run").exists()


def test_validation_uses_the_same_noise_every_time_and_leaves_no_trace(
    portraits, decoder_config, diffusion, training_params, tmp_path
):
    model = FaceDecoder(decoder_config).train()
    batches = Batches(portraits / "validation", ("face", "embedding"), 2, 3)
    run = Run(DrawingFaces(decoder_config, Schedule(diffusion)), training_params, 3, "x", tmp_path, tmp_path)
    one, other = (loop.validate(model, run, batches, torch.device("cpu")).means() for _ in range(2))
    assert one == other
    assert model.training


def test_the_average_covers_running_statistics_and_copies_counters():
    averaged, current = [torch.zeros(2)], [torch.ones(2)]
    move = average(0.9)
    move(averaged, current, torch.tensor(1000))
    torch.testing.assert_close(averaged[0], torch.full((2,), 0.1))
    counters = [torch.tensor(1)]
    move(counters, [torch.tensor(5)], torch.tensor(1000))
    assert counters[0].item() == 5

    model = nn.BatchNorm1d(2)
    both = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=average(0.5), use_buffers=True)
    for _ in range(3):
        model(torch.randn(8, 2) + 5)
        both.update_parameters(model)
    assert 0 < both.module.running_mean[0] < model.running_mean[0]


def test_the_average_forgets_the_first_weights_of_a_short_run():
    averaged = [torch.full((1,), 100.0)]
    for count in range(1, 30):
        average(0.999)(averaged, [torch.zeros(1)], torch.tensor(count))
    assert averaged[0].item() < 0.01

"""Several processes, started as a user starts them; on processors they talk by gloo."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML
from safetensors.torch import load_file

from s2f.runtime import InputError
from s2f.stages import train_face_decoder, train_speech_encoder
from s2f.training.checkpoint import NAME
from s2f.training.processes import Processes

STAGES = {"face_decoder": train_face_decoder, "speech_encoder": train_speech_encoder}


@pytest.fixture
def several(params, portraits, speech_faces, tmp_path):
    """Starts a stage in two processes."""

    def start(kind, name, module=None):
        data = speech_faces if kind == "speech_encoder" else portraits
        launch = [Path(sys.executable).parent / "torchrun", "--standalone", "--nproc-per-node", "2", "-m"]
        places = ["--data", data, "--out", tmp_path / name, "--checkpoints", tmp_path / f"{name}-checkpoints"]
        words = [*launch, module or f"s2f.stages.train_{kind}", *places, "--params", params]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{tmp_path}"}
        return subprocess.Popen(list(map(str, words)), env=environment, stderr=subprocess.PIPE, text=True)

    return start


@pytest.fixture
def alone(params, portraits, speech_faces, tmp_path):
    """Runs a stage in this process."""

    def run(kind, name):
        data = speech_faces if kind == "speech_encoder" else portraits
        STAGES[kind].main(data, tmp_path / name, tmp_path / f"{name}-checkpoints", params)

    return run


def edit(params, **changes):
    """Keys of both trainings, each where it is one."""
    content = YAML(typ="safe").load(params.read_text())
    for name in STAGES:
        section = content[f"{name}_training"]
        section |= {key: value for key, value in changes.items() if key in section}
    with params.open("w") as file:
        YAML().dump(content, file)


def losses(folder):
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [float(row[name]) for row in rows for name in ("loss", "validation_loss")]


# Row for row the same numbers, summed in another order. torch's own batch norm on processors sums in float32, one value
# after the other: a thousandth off after 600,000, which is what two halves of a batch differ by.
@pytest.mark.parametrize(
    ("kind", "micro_batch", "tolerance"),
    [("face_decoder", 0, 1e-5), ("face_decoder", 1, 1e-5), ("speech_encoder", 0, 1e-2)],
)
def test_two_processes_learn_what_one_learns(kind, micro_batch, tolerance, params, several, alone, tmp_path):
    edit(params, steps=20, micro_batch=micro_batch)
    with several(kind, "two") as processes:
        _, words = processes.communicate()
    assert processes.returncode == 0, words
    assert words.count("training on cpu × 2") == 1  # the first one alone speaks
    alone(kind, "one")
    written = [sorted(path.name for path in (tmp_path / name).rglob("*")) for name in ("one", "two")]
    assert written[0] == written[1]
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=tolerance)
    if kind == "face_decoder":
        one, two = (load_file(tmp_path / name / "weights.safetensors") for name in ("one", "two"))
        for name in one:
            torch.testing.assert_close(two[name], one[name], rtol=1e-3, atol=1e-4)


def stopped(processes, checkpoints):
    """Two processes that are told to end once there is a checkpoint; what they said."""
    with processes:
        while not list(checkpoints.glob(f"*/{NAME}")) and processes.poll() is None:
            time.sleep(0.01)
        processes.send_signal(signal.SIGTERM)
        _, words = processes.communicate()
    assert words.count("SIGTERM was received") == 1, words
    return words


def test_two_processes_that_share_out_the_model_learn_what_one_learns_and_go_on(
    params, several, alone, tmp_path, caplog
):
    edit(params, steps=30, checkpoint_steps=5, shard=True, micro_batch=1)
    stopped(several("face_decoder", "two"), tmp_path / "two-checkpoints")
    shutil.copytree(tmp_path / "two-checkpoints", tmp_path / "two then one-checkpoints")
    with several("face_decoder", "two") as processes:
        _, words = processes.communicate()
    assert processes.returncode == 0 and "resuming" in words, words
    # What two have saved is the whole, and one goes on with it.
    with caplog.at_level("INFO"):
        alone("face_decoder", "two then one")
    assert "resuming after step" in caplog.text
    alone("face_decoder", "one")
    assert_alike("one", "two", tmp_path)
    assert_alike("one", "two then one", tmp_path)


def assert_alike(name, other, folder):
    """Two runs wrote the same files, losses and weights but for rounding."""
    written = [sorted(path.name for path in (folder / one).rglob("*")) for one in (name, other)]
    assert written[0] == written[1]
    assert losses(folder / other) == pytest.approx(losses(folder / name), rel=1e-4)
    one, two = (load_file(folder / run / "weights.safetensors") for run in (name, other))
    for tensor in one:
        torch.testing.assert_close(two[tensor], one[tensor], rtol=1e-3, atol=1e-4)


def test_two_processes_that_are_told_to_end_are_gone_on_with_by_one(params, several, alone, tmp_path, caplog):
    edit(params, steps=150, checkpoint_steps=7)
    stopped(several("face_decoder", "run"), tmp_path / "run-checkpoints")
    assert not (tmp_path / "run" / "weights.safetensors").exists()
    with caplog.at_level("INFO"):
        alone("face_decoder", "run")
    assert "resuming after step" in caplog.text
    alone("face_decoder", "through")
    assert losses(tmp_path / "run") == pytest.approx(losses(tmp_path / "through"), rel=0.01)


def test_two_processes_go_on_with_what_one_has_saved(params, several, alone, tmp_path):
    edit(params, steps=10, validate_steps=5, show_steps=5)
    alone("face_decoder", "run")
    edit(params, steps=20)
    with several("face_decoder", "run") as processes:
        _, words = processes.communicate()
    assert processes.returncode == 0 and "resuming after step 10 of 20" in " ".join(words.split()), words
    alone("face_decoder", "through")
    assert_alike("through", "run", tmp_path)


def test_processes_that_would_go_on_from_different_steps_do_not(params, several, alone, tmp_path):
    """As where every machine has a disk of its own."""
    edit(params, steps=10)
    alone("face_decoder", "run")
    edit(params, steps=20)
    (tmp_path / "s2f_own_disk.py").write_text(OWN_DISK)
    with several("face_decoder", "run", module="s2f_own_disk") as processes:
        _, words = processes.communicate()
    assert processes.returncode != 0
    assert words.count("not every process finds the same checkpoint in") == 1, words


OWN_DISK = """
import os

from s2f.runtime import run_command
from s2f.stages.train_face_decoder import main
from s2f.training import learner

if os.environ["RANK"] == "1":
    learner.load_checkpoint = lambda *_: None
run_command(main)
"""


def test_a_batch_that_cannot_be_shared_is_one_sentence(monkeypatch):
    processes = Processes("fp32")
    assert processes.rows(7) == range(7)
    monkeypatch.setattr(processes, "count", 3)
    monkeypatch.setattr(processes, "index", 2)
    assert processes.rows(12) == range(8, 12)
    with pytest.raises(InputError, match="batch 7 cannot be shared by 3 processes; allowed: a multiple of 3"):
        processes.rows(7)


NORMS = """
import copy

import torch
from torch import nn

from s2f.training.processes import Processes

processes = Processes("fp32")
own = slice(2 * processes.index, 2 * processes.index + 2)
torch.manual_seed(0)
layers = [nn.Conv2d(2, 3, 3), nn.ReLU(), nn.BatchNorm2d(3), nn.Flatten(2), nn.BatchNorm1d(3)]
whole = nn.Sequential(*layers).double()
several = processes.prepare(copy.deepcopy(whole))
shared = several.module
assert [name for name, _ in shared.named_parameters()] == [name for name, _ in whole.named_parameters()]
x, y = torch.randn(4, 2, 8, 8).double(), torch.randn(4, 3, 36).double()
(whole(x) - y).square().mean().backward()
(several(x[own]) - y[own]).square().mean().backward()
for one, other in zip(whole.parameters(), shared.parameters()):
    torch.testing.assert_close(other.grad, one.grad)
for (name, one), other in zip(whole.named_buffers(), shared.buffers()):
    torch.testing.assert_close(other, one, msg=name)
torch.testing.assert_close(shared.eval()(x), whole.eval()(x))
print("equal")
"""


CONTRAST = """
import torch
from torch import distributed, nn

from s2f.training.matching import contrast

distributed.init_process_group("gloo")
rank = distributed.get_rank()
own = slice(2 * rank, 2 * rank + 2)
torch.manual_seed(0)
heard, faces = torch.randn(4, 6).double(), torch.randn(4, 5).double()
several = nn.parallel.DistributedDataParallel(nn.Linear(6, 5).double())
rows = contrast(several(heard[own]), faces[own], 0.1)
rows.mean().backward()
weight, bias = several.module.weight, several.module.bias
alone = [parameter.detach().clone().requires_grad_() for parameter in (weight, bias)]
voices = nn.functional.normalize(heard @ alone[0].T + alone[1], dim=1)
scores = voices @ nn.functional.normalize(faces, dim=1).T / 0.1
whole = -(scores.log_softmax(1).diagonal() + scores.log_softmax(0).diagonal()) / 2
whole.mean().backward()
torch.testing.assert_close(rows, whole[own])
torch.testing.assert_close(weight.grad, alone[0].grad)
torch.testing.assert_close(bias.grad, alone[1].grad)
print("equal")
"""
LOST = """
import sys
from pathlib import Path

import torch
from torch import distributed, nn

from s2f.dataset.batches import Batches
from s2f.params.training import TrainingParams
from s2f.runtime import InputError
from s2f.training.loop import Run, train
from s2f.training.losses import Losses


class One(nn.Linear):
    pass


def objective(model, batch, draws):
    rows = model(batch["embedding"])[:, 0].square()
    if distributed.get_rank() == 1:  # knows nothing of the other's rows
        rows = rows * torch.tensor([1.0, float("nan")])
    return Losses(rows.mean(), rows)


data, out, content = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
batches = Batches(data / "train", ("embedding",), 4, 3)
run = Run(objective, TrainingParams.model_validate_json(content), 3, "x", out / "run", out / "checkpoints")
try:
    train(One(512, 1), run, batches, batches, {})
except (InputError, SystemExit) as end:
    assert type(end) is (InputError if distributed.get_rank() == 0 else SystemExit)
    assert distributed.get_rank() or f"look at row {batches.ids(0)[3]}." in str(end), end
    print("ended")
"""


@pytest.mark.parametrize(("script", "word"), [("NORMS", "equal"), ("CONTRAST", "equal"), ("LOST", "ended")])
def test_two_processes_agree(script, word, portraits, training_params, tmp_path):
    (tmp_path / "script.py").write_text(globals()[script])
    torchrun = Path(sys.executable).parent / "torchrun"
    given = [portraits, tmp_path, training_params.model_dump_json()]
    words = [torchrun, "--standalone", "--nproc-per-node", "2", tmp_path / "script.py", *given]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{Path(__file__).parents[2]}"}
    done = subprocess.run(list(map(str, words)), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.count(word) == 2, done.stderr

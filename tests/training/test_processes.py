"""Several processes, started as a user starts them; on processors they talk by gloo."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from s2f.runtime import InputError
from s2f.stages import train_face_decoder, train_speech_encoder
from s2f.training.checkpoint import NAME
from s2f.training.processes import Processes

ROOT = Path(__file__).parents[2]
STAGES = {"face_decoder": train_face_decoder, "speech_encoder": train_speech_encoder}


TORCHRUN = [Path(sys.executable).parent / "torchrun", "--standalone", "--nproc-per-node", "2"]
ALONE = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def places(portraits, speech_faces):
    """A function that gives a stage's options for a training in a folder, by the name of its outputs."""

    def places(kind, folder, name):
        data = speech_faces if kind == "speech_encoder" else portraits
        return data, folder / name, folder / f"{name}-checkpoints", folder / "params.yaml"

    return places


def options(data, out, checkpoints, params):
    return ["--data", data, "--out", out, "--checkpoints", checkpoints, "--params", params]


@pytest.fixture
def several(places, tmp_path):
    """Starts a stage in two processes."""

    def start(kind, name, module=None):
        words = [*TORCHRUN, "-m", module or f"s2f.stages.train_{kind}", *options(*places(kind, tmp_path, name))]
        environment = ALONE | {"PYTHONPATH": f"{tmp_path}"}
        return subprocess.Popen(list(map(str, words)), env=environment, stderr=subprocess.PIPE, text=True)

    return start


@pytest.fixture
def alone(places, tmp_path):
    """Runs a stage in this process."""
    return lambda kind, name, folder=tmp_path: STAGES[kind].main(*places(kind, folder, name))


def losses(folder):
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [float(row[name]) for row in rows for name in ("loss", "validation_loss")]


ONE_BY_ONE = """
import importlib, json, sys

from s2f.runtime import run_command

for module, *words in json.loads(sys.argv[1]):
    sys.argv[1:] = words
    try:
        run_command(importlib.import_module(module).main)
    except SystemExit as end:
        if end.code:
            raise
"""
# Name → model, what is changed.
LEARNT = {
    "face_decoder": ("face_decoder", {"steps": 20}),
    "one row at a time": ("face_decoder", {"steps": 20, "micro_batch": 1}),
    "speech_encoder": ("speech_encoder", {"steps": 10}),
    "saved by one": ("face_decoder", {"steps": 20, "validate_steps": 5, "show_steps": 5}),
}


@pytest.fixture(scope="module")
def learnt(places, write_params, tmp_path_factory):
    """Folders of runs by name, in each what two processes have learnt, and what they said.

    It takes ten times as long to start two than to train, so these train one run after the other.
    """
    folder = tmp_path_factory.mktemp("learnt")
    runs = []
    for name, (kind, changes) in LEARNT.items():
        (folder / name).mkdir()
        if name == "saved by one":
            write_params(folder / name / "params.yaml", **changes | {"steps": 10})
            STAGES[kind].main(*places(kind, folder / name, "two"))
        write_params(folder / name / "params.yaml", **changes)
        runs.append([f"s2f.stages.train_{kind}", *map(str, options(*places(kind, folder / name, "two")))])
    (folder / "one_by_one.py").write_text(ONE_BY_ONE)
    words = [*TORCHRUN, folder / "one_by_one.py", json.dumps(runs)]
    environment = ALONE | {"PYTHONPATH": f"{ROOT}"}
    done = subprocess.run(list(map(str, words)), env=environment, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    return folder, done.stderr


# Row for row the same numbers, summed in another order. torch's own batch norm on processors sums in float32, one value
# after the other: a thousandth off after 600,000, which is what two halves of a batch differ by. Every step makes more
# of it: after 20 steps losses were a hundredth apart on one processor, a thousandth on another.
@pytest.mark.parametrize(
    ("name", "tolerance"), [("face_decoder", 1e-5), ("one row at a time", 1e-5), ("speech_encoder", 1e-2)]
)
def test_two_processes_learn_what_one_learns(name, tolerance, learnt, alone):
    kind, folder = LEARNT[name][0], learnt[0] / name
    assert learnt[1].count("training on cpu × 2") == len(LEARNT)  # the first one alone speaks
    alone(kind, "one", folder)
    written = [sorted(path.name for path in (folder / count).rglob("*")) for count in ("one", "two")]
    assert written[0] == written[1]
    assert losses(folder / "two") == pytest.approx(losses(folder / "one"), rel=tolerance)
    if kind == "face_decoder":
        one, two = (load_file(folder / count / "weights.safetensors") for count in ("one", "two"))
        for tensor in one:
            torch.testing.assert_close(two[tensor], one[tensor], rtol=1e-3, atol=1e-4)


def test_two_processes_go_on_with_what_one_has_saved(learnt, alone):
    folder, said = learnt
    assert " ".join(said.split()).count("resuming after step 10 of 20") == 1
    alone("face_decoder", "through", folder / "saved by one")
    assert_alike("through", "two", folder / "saved by one")


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
    write_params, several, alone, tmp_path, caplog
):
    write_params(tmp_path / "params.yaml", steps=30, checkpoint_steps=5, shard=True, micro_batch=1)
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


def test_two_processes_that_are_told_to_end_are_gone_on_with_by_one(write_params, several, alone, tmp_path, caplog):
    write_params(tmp_path / "params.yaml", steps=80, checkpoint_steps=7)
    stopped(several("face_decoder", "run"), tmp_path / "run-checkpoints")
    assert not (tmp_path / "run" / "weights.safetensors").exists()
    with caplog.at_level("INFO"):
        alone("face_decoder", "run")
    assert "resuming after step" in caplog.text
    alone("face_decoder", "through")
    assert losses(tmp_path / "run") == pytest.approx(losses(tmp_path / "through"), rel=0.01)


def test_processes_that_would_go_on_from_different_steps_do_not(write_params, several, alone, tmp_path):
    """As where every machine has a disk of its own."""
    write_params(tmp_path / "params.yaml", steps=10)
    alone("face_decoder", "run")
    write_params(tmp_path / "params.yaml", steps=20)
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


TOLD = {"NORMS": "norms are equal", "CONTRAST": "contrasts are equal", "LOST": "ended"}


@pytest.fixture(scope="module")
def said(portraits, training_params, tmp_path_factory):
    """What two processes say that run one script after the other."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "script.py").write_text("".join(globals()[name] for name in TOLD))
    words = [*TORCHRUN, folder / "script.py", portraits, folder, training_params.model_dump_json()]
    environment = ALONE | {"PYTHONPATH": f"{ROOT}"}
    done = subprocess.run(list(map(str, words)), env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("script", TOLD)
def test_two_processes_agree(script, said):
    code, words, errors = said
    assert (code, words.count(TOLD[script])) == (0, 2), errors


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
print("norms are equal")
"""


CONTRAST = """
import torch
from torch import distributed, nn

from s2f.training.matching import contrast

rank = distributed.get_rank()  # of the group that the script before has made
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
print("contrasts are equal")
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

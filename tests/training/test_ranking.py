import pytest
import torch
from torch import nn

from s2f.dataset.batches import Batches
from s2f.training.learner import Learner
from s2f.training.ranking import rank, ranks


def test_the_own_face_is_first_for_a_voice_that_equals_it_and_last_for_its_opposite():
    faces = torch.randn(9, 4, generator=torch.Generator().manual_seed(0))
    assert ranks(faces, faces).tolist() == [0] * 9
    assert ranks(-faces, faces).tolist() == [8] * 9


def test_a_mean_that_all_share_is_no_merit():
    generator = torch.Generator().manual_seed(0)
    faces, voices = (torch.randn(400, 8, generator=generator) + 100 for _ in range(2))
    assert abs(ranks(voices, faces).double().mean() / 399 - 0.5) < 0.05


class Knows(nn.Module):
    """Hears the face that was hidden in the first bins."""

    def __init__(self):
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(1))

    def forward(self, spectrogram):
        return spectrogram[:, 0, :8, 0].float()


def test_validation_ranks_on_whole_batches(monkeypatch, speech_faces, training_params):
    batches = Batches(speech_faces / "train", ("spectrogram", "embedding"), 4, 3)
    real = batches.iterate

    def hidden():
        for batch in real():
            batch["spectrogram"][:, 0, :8, 0] = batch["embedding"][:, :8].half()
            batch["embedding"] = batch["embedding"][:, :8]
            yield batch

    monkeypatch.setattr(batches, "iterate", hidden)
    params = training_params.model_copy(update={"ema": 0.0, "validation_batches": 5})
    found = rank(Learner(Knows(), None, params), batches)
    assert found == {"validation_rank": 0.0, "validation_recall_at_10": 1.0}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_voices_that_are_all_the_same_guess(dtype):
    voices = torch.ones(64, 8).to(dtype).float() / 3
    faces = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))
    assert ranks(voices, faces).mean().item() / 63 == pytest.approx(0.5, abs=0.1)

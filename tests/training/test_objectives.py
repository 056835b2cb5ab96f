import itertools

import pytest
import torch
from torch import nn

from s2f.dataset.batches import Batches
from s2f.diffusion.schedule import Schedule
from s2f.models.face_decoder import FaceDecoder
from s2f.models.speech_encoder import SpeechEncoder
from s2f.models.super_resolution import SuperResolution
from s2f.params.speech_encoder import SHORTEST
from s2f.training import matching as hearing
from s2f.training.denoising import drop_condition, shrink, squared_error, to_float
from s2f.training.drawing import DrawingFaces
from s2f.training.draws import draws_at
from s2f.training.enlarging import EnlargingFaces, crop
from s2f.training.matching import contrast


def draws(rows, seed=0):
    return draws_at(seed, range(rows), "cpu")(range(rows))


def overfit(model, objective, batch, steps, noise_seeds, lr):
    """Mean losses of the first and the last steps on one batch."""
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for step in range(steps):
        loss = objective(model.train(), batch, draws(8, step % noise_seeds)).minimised
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return sum(losses[:noise_seeds]) / noise_seeds, sum(losses[-noise_seeds:]) / noise_seeds


def eight_rows(folder, *columns):
    return next(Batches(folder / "train", columns, 8, seed=0).iterate())


def test_the_encoder_overfits_eight_rows(speech_faces, encoder_config, matching):
    torch.manual_seed(0)
    batch = eight_rows(speech_faces, "spectrogram", "embedding")
    objective = matching(crop_frames=SHORTEST)
    first, last = overfit(SpeechEncoder(encoder_config), objective, batch, steps=20, noise_seeds=1, lr=1e-2)
    assert first > 0.9
    assert last < 0.4


def test_crops_are_drawn_in_training_and_whole_clips_are_heard_in_validation(matching):
    heard = []

    class Ear(nn.Module):
        def forward(self, spectrogram):
            heard.append(spectrogram[:, :, 0])
            return spectrogram.mean((1, 2))[:, None].expand(2, 3)

    batch = {"spectrogram": torch.arange(300.0).reshape(1, 300, 1).repeat(2, 1, 1), "embedding": torch.ones(2, 3)}
    model = Ear()
    for seed in (1, 1, 2):
        matching(crop_frames=260)(model.train(), batch, draws(2, seed))
    matching(crop_frames=260)(model.eval(), batch, draws(2, 1))
    matching()(model.train(), batch, draws(2, 1))
    assert [len(one[0]) for one in heard] == [260, 260, 260, 300, 300]
    assert torch.equal(heard[0], heard[1]) and not torch.equal(heard[0], heard[2])
    assert (heard[0].diff(dim=1) == 1).all()
    assert heard[0][0, 0] != heard[0][1, 0]  # every clip its own


def test_the_decoder_overfits_eight_rows(portraits, decoder_config, diffusion):
    torch.manual_seed(0)
    batch = eight_rows(portraits, "face", "embedding")
    objective = DrawingFaces(decoder_config, Schedule(diffusion))
    first, last = overfit(FaceDecoder(decoder_config), objective, batch, steps=160, noise_seeds=4, lr=5e-3)
    assert last < 0.25 * first


def test_super_resolution_overfits_eight_rows(portraits, enlarger_config, diffusion):
    torch.manual_seed(0)
    batch = eight_rows(portraits, "face", "embedding")
    objective = EnlargingFaces(enlarger_config, Schedule(diffusion), 0)
    first, last = overfit(SuperResolution(enlarger_config), objective, batch, steps=160, noise_seeds=4, lr=5e-3)
    assert last < 0.25 * first


class Recorder(nn.Module):
    """Keeps what it was given and answers with zeros."""

    def forward(self, x_t, *given):
        self.given = given
        return torch.zeros_like(x_t)


def test_matching_is_the_cosine_distance_whatever_the_length(matching):
    given = {"spectrogram": torch.tensor([[3.0, 4.0], [0.0, 2.0]]), "embedding": torch.tensor([[0.6, 0.8], [1.0, 0.0]])}
    losses = matching()(nn.Identity(), given, draws(2))
    torch.testing.assert_close(losses.rows, torch.tensor([0.0, 1.0]))
    assert losses.minimised.item() == pytest.approx(0.5)


def test_dropped_conditions_are_zero_vectors_about_as_often_as_asked():
    dropped = drop_condition(torch.ones(4000, 3), 0.1, draws(4000))
    assert set(dropped.unique().tolist()) == {0.0, 1.0}
    assert (dropped[:, 0] == 0).float().mean().item() == pytest.approx(0.1, abs=0.02)
    assert torch.equal(drop_condition(torch.ones(50, 3), 0.0, draws(50)), torch.ones(50, 3))


def test_the_low_picture_is_the_large_one_s_mean_with_the_stated_noise(portraits, enlarger_config, diffusion):
    batch = eight_rows(portraits, "face", "embedding")
    quiet = enlarger_config.model_copy(update={"max_noise_level": 0.0})
    model = Recorder()
    EnlargingFaces(quiet, Schedule(diffusion), 0)(model, batch, draws(8))
    _, low, level, _ = model.given
    torch.testing.assert_close(low, to_float(batch["face"]).unflatten(3, (8, 2)).unflatten(2, (8, 2)).mean((3, 5)))
    assert level.abs().max() == 0
    EnlargingFaces(enlarger_config, Schedule(diffusion), 0)(model, batch, draws(8))
    _, noised, level, _ = model.given
    assert (level.min() > 0) and (level.max() < 0.3) and len(level.unique()) == len(level)
    assert (noised - low).std() > 0.1


def test_a_crop_is_one_square_of_both_pictures_another_for_every_row():
    low = torch.arange(64.0).reshape(1, 1, 8, 8).expand(6, 3, 8, 8)
    large = low.repeat_interleave(2, 2).repeat_interleave(2, 3)
    cut, small = crop(large, low, 8, draws(6))
    assert cut.shape == (6, 3, 8, 8) and small.shape == (6, 3, 4, 4)
    assert torch.equal(shrink(cut, 4), small)
    assert len(small[:, 0, 0, 0].unique()) > 1
    assert torch.equal(crop(large, low, 16, draws(6))[0], large)


def test_super_resolution_is_cropped_in_training_and_validated_whole(portraits, enlarger_config, diffusion):
    batch = eight_rows(portraits, "face", "embedding")
    objective = EnlargingFaces(enlarger_config, Schedule(diffusion), 8)
    model = Recorder()
    objective(model.train(), batch, draws(8))
    assert model.given[1].shape[-1] == 4
    objective(model.eval(), batch, draws(8))
    assert model.given[1].shape[-1] == 8


def test_an_unconditioned_enlarger_gets_no_embedding(portraits, enlarger_config, diffusion):
    model = Recorder()
    config = enlarger_config.model_copy(update={"embedding": 0})
    EnlargingFaces(config, Schedule(diffusion), 0)(model, eight_rows(portraits, "face", "embedding"), draws(8))
    assert model.given[3] is None


def test_losses_are_told_apart_by_quarter_of_t(diffusion):
    t = torch.tensor([0, 24, 25, 99])
    output = torch.tensor([1.0, 3.0, 2.0, 0.0])[:, None, None, None].expand(4, 3, 2, 2)
    losses = squared_error(output, torch.zeros(4, 3, 2, 2), t, Schedule(diffusion), "v")
    assert losses.minimised.item() == pytest.approx((1 + 9 + 4 + 0) / 4)
    assert losses.rows.tolist() == [1.0, 9.0, 4.0, 0.0]
    assert losses.quarter.tolist() == [0, 0, 1, 3]


def test_min_snr_weighs_what_is_minimised_and_not_what_is_logged(diffusion):
    t = torch.tensor([0, 50, 99])
    output, target = torch.ones(3, 3, 2, 2), torch.zeros(3, 3, 2, 2)
    schedule = Schedule(diffusion)
    plain = squared_error(output, target, t, schedule, "x0")
    weighted = squared_error(output, target, t, schedule, "x0", 5.0)
    snr = schedule.alpha_bar[t] / (1 - schedule.alpha_bar[t])
    assert weighted.minimised.item() == pytest.approx(snr.clamp(max=5.0).mean().item(), rel=1e-5)
    assert torch.equal(weighted.rows, plain.rows)


def test_a_row_s_draws_depend_on_nothing_beside_it():
    whole = draws_at(3, range(8), "cpu", "training", 17)(range(8))
    part = draws_at(3, range(4, 8), "cpu", "training", 17)(range(2))
    for draw in (lambda d: d.uniform(), lambda d: d.integers(1000, 2), lambda d: d.normal(3, 2)):
        every, some = draw(whole), draw(part)
        assert torch.equal(every[4:6], some)
        assert len(every.flatten(1).unique(dim=0) if every.ndim > 1 else every.unique()) == 8
    other = draws_at(3, range(8), "cpu", "training", 18)(range(8))
    assert not torch.equal(other.uniform(), draws_at(3, range(8), "cpu", "training", 17)(range(8)).uniform())


def test_noise_is_normal_and_numbers_are_uniform():
    many = draws_at(1, range(2000), "cpu", "x")(range(2000))
    noise, share, whole = many.normal(4), many.uniform(), many.integers(4)[:, 0]
    assert abs(noise.mean()) < 0.05 and noise.std().item() == pytest.approx(1, abs=0.05)
    assert share.min() >= 0 and share.max() < 1 and share.mean().item() == pytest.approx(0.5, abs=0.03)
    assert torch.bincount(whole).tolist() == pytest.approx([500] * 4, abs=80)
    assert abs(torch.corrcoef(torch.stack([noise[:, 0], share]))[0, 1]) < 0.08


def test_the_same_seed_gives_the_same_losses_and_another_does_not(portraits, decoder_config, diffusion):
    batch = eight_rows(portraits, "face", "embedding")
    of_noise = decoder_config.model_copy(update={"prediction": "epsilon"})  # zeros are always as far from a face
    objective = DrawingFaces(of_noise, Schedule(diffusion))
    losses = [objective(Recorder(), batch, draws(8, seed)).minimised.item() for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


def test_pictures_become_minus_one_to_one_and_shrink_by_area():
    pictures = torch.tensor([0, 255]).to(torch.uint8).repeat(1, 4, 2)[..., None].expand(1, 4, 4, 3)
    as_float = to_float(pictures)
    assert as_float.shape == (1, 3, 4, 4)
    assert (as_float.min(), as_float.max()) == (-1.0, 1.0)
    assert shrink(as_float, 2).abs().max() < 1e-6
    assert shrink(as_float, 4) is as_float


def test_batches_differ_so_that_overfitting_one_proves_something(portraits):
    one, other = itertools.islice(Batches(portraits / "train", ("embedding",), 8, seed=0).iterate(), 2)
    assert not torch.equal(one["embedding"], other["embedding"])


def test_contrast_is_what_clip_s_pseudocode_computes():
    generator = torch.Generator().manual_seed(0)
    voices, faces = (torch.randn(5, 7, generator=generator) for _ in range(2))
    unit = [one / one.norm(dim=1, keepdim=True) for one in (voices, faces)]
    logits = unit[0] @ unit[1].T / 0.1
    by_hand = torch.stack([-logits.log_softmax(1).diagonal(), -logits.log_softmax(0).diagonal()]).mean(0)
    torch.testing.assert_close(contrast(voices, faces, 0.1), by_hand)


def test_contrast_is_minimised_beside_the_distance_and_only_the_distance_is_logged(
    speech_faces, encoder_config, matching
):
    torch.manual_seed(0)
    batch, model = eight_rows(speech_faces, "spectrogram", "embedding"), SpeechEncoder(encoder_config).train()
    plain = matching()(model, batch, draws(8))
    both = matching(contrastive_weight=2.0)(model, batch, draws(8))
    assert torch.equal(plain.rows, both.rows)
    assert both.minimised.item() > plain.minimised.item() + 1  # ln 8 = 2.1 for guessing, twice
    assert torch.equal(
        matching(contrastive_weight=2.0)(model.eval(), batch, draws(8)).minimised,
        matching()(model, batch, draws(8)).minimised,
    )


def test_bf16_hears_crops_and_contrasts_in_float32(speech_faces, encoder_config, matching):
    torch.manual_seed(0)
    batch, model = eight_rows(speech_faces, "spectrogram", "embedding"), SpeechEncoder(encoder_config).train()
    with torch.autocast("cpu", torch.bfloat16):
        assert matching(crop_frames=300, contrastive_weight=1.0)(model, batch, draws(8)).minimised.isfinite()
        voices, faces = (torch.randn(8, 512).double() for _ in range(2))
        in_bf16 = contrast(voices.float(), faces.float(), 0.01)
    assert in_bf16.double().sub(contrast(voices, faces, 0.01)).abs().max() < 1e-4


def test_crops_are_parts_of_their_rows_at_places_drawn_by_row():
    heard = torch.arange(8 * 20).reshape(8, 20, 1, 1)
    cut = hearing.crop(heard, 7, draws(8))
    assert cut.shape == (8, 7, 1, 1)
    starts = (cut[:, 0] - heard[:, 0]).flatten().tolist()
    assert all(torch.equal(cut[row], heard[row, start : start + 7]) for row, start in enumerate(starts))
    assert len(set(starts)) > 2 and 0 <= min(starts) <= max(starts) <= 13


def test_attributes_are_hidden_as_often_as_asked_each_by_itself(decoder_config, diffusion):
    config = decoder_config.model_copy(update={"attributes": ("age", "gender"), "attribute_dropout": 0.3})
    rows, model = 2000, Recorder()
    batch = {
        "face": torch.zeros(rows, 8, 8, 3, dtype=torch.uint8),
        "embedding": torch.ones(rows, 4),
        "age": torch.full((rows,), 40.0),
        "gender": torch.tensor([1.0, torch.nan]).repeat(rows // 2),
    }
    DrawingFaces(config, Schedule(diffusion))(model, batch, draws(rows))
    condition = model.given[1]
    hidden = condition[:, 4:].isnan()
    assert hidden[:, 0].float().mean().item() == pytest.approx(0.3, abs=0.04)
    assert hidden[1::2, 1].all() and hidden[::2, 1].float().mean().item() == pytest.approx(0.3, abs=0.05)
    dropped = condition[:, 0] == 0
    assert dropped.float().mean().item() == pytest.approx(0.1, abs=0.03)
    assert hidden[dropped, 0].float().mean().item() == pytest.approx(0.3, abs=0.12)

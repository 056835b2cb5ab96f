import io
import itertools
import time

import numpy as np
import pytest
import torch
from PIL import Image

from s2f.dataset.batches import AHEAD, Batches
from s2f.dataset.schemas import PORTRAITS, SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import shard_name, write_shard
from s2f.runtime import InputError

ROWS = 107  # in three shards, the last row group of each short


def portrait(index):
    """A row that says its number twice: in its embedding and in its picture's colour."""
    file = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), index, dtype=np.uint8)).save(file, format="PNG")
    return {
        "image_id": f"{index:05d}",
        "face": {"bytes": file.getvalue(), "path": None},
        "face_box": np.zeros(4, np.float32),
        "face_score": 1.0,
        "embedding": np.full(512, index, np.float32),
        "age": None,
        "gender": None,
        "person": None,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portraits")
    rows = [portrait(index) for index in range(ROWS)]
    for shard, start in enumerate(range(0, ROWS, 40)):
        write_shard(rows[start : start + 40], PORTRAITS, folder / shard_name(shard))
    return folder


def numbers(batches, count, step=0, part=0, parts=1):
    """The rows of `count` batches from `step` on."""
    taken = itertools.islice(batches.iterate(step, part, parts), count)
    return [batch["embedding"][:, 0].int().tolist() for batch in taken]


def make(folder, batch=8, seed=1, window_rows=48):
    return Batches(folder, ("face", "embedding"), batch, seed, window_rows)


def test_each_row_comes_once_per_pass_whatever_the_window(folder):
    for window_rows in (1, 48, 512):
        for batch, lanes in ((5, 1), (6, 2), (8, 4)):
            passes = 3
            rows = list(itertools.chain(*numbers(make(folder, batch, window_rows=window_rows), passes * ROWS // batch)))
            counts = np.bincount(rows, minlength=ROWS)
            assert len(counts) == ROWS
            # Lanes are a row apart at the most, and the last batch is not whole.
            assert (counts == passes).sum() >= ROWS - batch - lanes
            assert abs(counts - passes).max() <= 1


def test_passes_differ_and_mix_shards(folder):
    rows = list(itertools.chain(*numbers(make(folder, window_rows=512), 27)))
    assert rows[:ROWS] != rows[ROWS : 2 * ROWS]
    assert {row // 40 for row in rows[:16]} == {0, 1, 2}


def test_resuming_at_any_step_equals_running_through(folder):
    through = numbers(make(folder), 40)
    for step in (1, 7, 13, 14, 26, 27, 39):
        assert numbers(make(folder), 40 - step, step) == through[step:]


def test_seeds_decide_the_order(folder):
    assert numbers(make(folder, seed=1), 5) == numbers(make(folder, seed=1), 5)
    assert numbers(make(folder, seed=1), 5) != numbers(make(folder, seed=2), 5)


def test_pictures_stay_with_their_embeddings(folder):
    batch = next(make(folder).iterate())
    assert batch["face"].shape == (8, 8, 8, 3)
    assert batch["face"].dtype == torch.uint8
    assert torch.equal(batch["face"][:, 3, 4, 1].float(), batch["embedding"][:, 0])


def test_one_window_is_all_that_is_read_at_a_time(folder, monkeypatch):
    import s2f.dataset.batches as module

    sizes = []
    real = module.read_window

    def noting(window, columns):
        sizes.append(sum(group.rows for group, _, _ in window.parts))
        return real(window, columns)

    monkeypatch.setattr(module, "read_window", noting)
    numbers(make(folder, batch=5, window_rows=48), 18)
    assert max(sizes) <= 48
    sizes.clear()
    numbers(make(folder, batch=5, window_rows=48), 1, step=18)
    assert len(sizes) <= 2  # windows before the step are skipped unread


@pytest.mark.parametrize(("batch", "parts"), [(8, 2), (8, 4), (8, 8), (6, 3), (5, 5)])
def test_processes_share_every_batch_without_overlap_in_the_order_that_one_has(folder, batch, parts):
    whole = numbers(make(folder, batch), 30)
    shares = [numbers(make(folder, batch), 30, part=part, parts=parts) for part in range(parts)]
    for step, rows in enumerate(whole):
        assert [row for share in shares for row in share[step]] == rows
        assert {len(share[step]) for share in shares} == {batch // parts}


def test_a_process_reads_the_row_groups_of_its_own_lanes_alone(folder, monkeypatch):
    import s2f.dataset.batches as module

    read = []
    real = module.read_group
    monkeypatch.setattr(module, "read_group", lambda group, names: read.append(group) or real(group, names))
    numbers(make(folder), 12)
    whole = len(read)
    read.clear()
    numbers(make(folder), 12, part=1, parts=4)
    assert len(read) < 0.5 * whole  # a quarter, and what lanes share at their borders


def test_what_cannot_be_read_ahead_is_said_where_it_is_needed(folder, tmp_path):
    shard = tmp_path / shard_name(0)
    write_shard(
        [portrait(index) | {"face": {"bytes": b"no picture", "path": None}} for index in range(8)], PORTRAITS, shard
    )
    with pytest.raises(InputError, match="not a readable picture"):
        next(make(tmp_path).iterate())


def test_ids_name_the_rows_of_a_batch_in_order(folder):
    batches = make(folder)
    rows = numbers(batches, 1, step=9)[0]
    assert batches.ids(9) == [f"{row:05d}" for row in rows]


def test_spectrograms_come_as_stored(tmp_path):
    rng = np.random.default_rng(0)
    stored = [rng.standard_normal(SPECTROGRAM_SHAPE).astype(np.float16) for _ in range(3)]
    blank = dict.fromkeys(SPEECH_FACES.names)
    rows = [
        blank | {"clip_id": str(i), "embedding": np.full(512, i, np.float32), "spectrogram": spectrogram}
        for i, spectrogram in enumerate(stored)
    ]
    write_shard(rows, SPEECH_FACES, tmp_path / shard_name(0))
    batch = next(Batches(tmp_path, ("spectrogram", "embedding"), 3, seed=0).iterate())
    assert batch["spectrogram"].dtype == torch.float16
    for row, spectrogram in zip(batch["embedding"], batch["spectrogram"], strict=True):
        assert np.array_equal(spectrogram.numpy(), stored[int(row[0])])


def test_fewer_rows_than_a_batch_and_no_rows_are_one_sentence(folder, tmp_path):
    with pytest.raises(InputError, match=r"107 rows are fewer than one batch; allowed: batch ≤ 107"):
        make(folder, batch=108)
    with pytest.raises(InputError, match="no rows"):
        make(tmp_path)


def test_labels_are_numbers_and_what_is_not_known_is_none(tmp_path):
    labels = [("f", 30.0), ("m", None), (None, 50.0)]
    rows = [portrait(index) | {"gender": gender, "age": age} for index, (gender, age) in enumerate(labels)]
    write_shard(rows, PORTRAITS, tmp_path / shard_name(0))
    batch = next(Batches(tmp_path, ("embedding", "age", "gender"), 3, seed=0).iterate())
    order = batch["embedding"][:, 0].long()
    assert batch["gender"].dtype == batch["age"].dtype == torch.float32
    torch.testing.assert_close(batch["gender"], torch.tensor([0.0, 1.0, torch.nan])[order], equal_nan=True)
    torch.testing.assert_close(batch["age"], torch.tensor([30.0, torch.nan, 50.0])[order], equal_nan=True)


def test_batches_are_read_while_others_are_trained_on(folder, monkeypatch):
    import s2f.dataset.batches as module

    made = []
    real = module.collate
    monkeypatch.setattr(module, "collate", lambda rows, decoders: made.append(1) or real(rows, decoders))
    batches = make(folder).iterate()
    for taken in (1, 2, 3):
        next(batches)
        deadline = time.monotonic() + 10
        while len(made) < taken + AHEAD and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(made) == taken + AHEAD

"""However large a corpus is, reading it takes the memory of its windows and of the batches ahead."""

import os
import subprocess
import sys

import numpy as np
import pytest

from s2f.dataset.schemas import SPECTROGRAM_SHAPE, SPEECH_FACES
from s2f.dataset.shards import shard_name, write_shard

ROW_MB = 2 * np.prod(SPECTROGRAM_SHAPE) / 1e6
SHARDS, PER_SHARD, WINDOW_ROWS, BATCH = 48, 64, 16, 4
READ = f"""
import resource, sys
from s2f.dataset.batches import Batches

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3

batches = Batches(sys.argv[1], ("spectrogram", "embedding"), {BATCH}, 0, window_rows={WINDOW_ROWS})
print(peak())
for step, batch in zip(range(int(batches.steps_per_epoch)), batches.iterate()):
    if step == 32:  # eight windows, and the allocator has what it needs
        print(peak())
print(peak())
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """3,072 spectrograms, 1.9 GB in memory: one small shard under many names, whose rows say little."""
    folder = tmp_path_factory.mktemp("corpus")
    bands = np.random.default_rng(0).standard_normal((1, *SPECTROGRAM_SHAPE[1:])).astype(np.float16)
    row = {"embedding": np.zeros(512, np.float32), "spectrogram": np.tile(bands, (SPECTROGRAM_SHAPE[0], 1, 1))}
    write_shard([dict.fromkeys(SPEECH_FACES.names) | row] * PER_SHARD, SPEECH_FACES, folder / shard_name(0))
    for shard in range(1, SHARDS):
        os.link(folder / shard_name(0), folder / shard_name(shard))
    return folder


def test_a_corpus_twenty_times_as_large_as_what_reading_it_takes_is_read_in_flat_memory(corpus):
    done = subprocess.run([sys.executable, "-c", READ, corpus], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, early, late = map(float, done.stdout.split())
    assert late < 1.1 * early
    assert 20 * (late - before) < SHARDS * PER_SHARD * ROW_MB

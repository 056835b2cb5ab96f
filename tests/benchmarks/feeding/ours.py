"""The training loop's own reader.

python ours.py FOLDER BATCH SECONDS
"""

import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import torch

from s2f.dataset.batches import Batches
from tests.benchmarks.feeding.running import run


def main(folder, batch, seconds):
    torch.set_num_threads(1)
    names = pq.read_schema(next(Path(folder).glob("*.parquet"))).names
    columns = ("spectrogram" if "spectrogram" in names else "face", "embedding")
    begun = time.perf_counter()
    batches = Batches(folder, columns, int(batch), seed=0)
    run((len(one["embedding"]) for one in batches.iterate()), begun, float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])

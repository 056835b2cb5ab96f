"""What somebody writes in ten minutes: pyarrow's batches in the files' order, pictures decoded, stacked for torch.

Nothing is shuffled, and nothing can be resumed.

    python plain.py FOLDER BATCH SECONDS
"""

import io
import itertools
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from PIL import Image

from tests.benchmarks.feeding.running import run


def batches(folder, batch):
    for path in itertools.cycle(sorted(Path(folder).glob("*.parquet"))):
        with pq.ParquetFile(path) as file:
            media = "spectrogram" if "spectrogram" in file.schema_arrow.names else "face"
            for found in file.iter_batches(batch, columns=[media, "embedding"]):
                embedding = torch.from_numpy(np.stack(found["embedding"].to_numpy(zero_copy_only=False)))
                if media == "face":
                    contents = found["face"].field("bytes").to_pylist()
                    values = np.stack([np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in contents])
                else:
                    values = found["spectrogram"].to_numpy_ndarray().copy()
                yield len(torch.from_numpy(values)), embedding


def main(folder, batch, seconds):
    torch.set_num_threads(1)
    begun = time.perf_counter()
    run((count for count, _ in batches(folder, int(batch))), begun, float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])

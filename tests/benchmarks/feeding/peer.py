"""Hugging Face datasets on the same files; run by the Python of an environment of its own.

`from Arrow, shuffled`: Parquet is written anew as Arrow, which is mapped into memory and read in a random order.
`streamed, shuffled`: Parquet is read as it lies, through a buffer of 512 rows, as the training loop's own window.
Arrow's tensors it refuses (5.2): here pyarrow is made to forget them, so that a spectrogram is a list of numbers.

    /path/to/peer/python peer.py WAY FOLDER BATCH SECONDS
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import datasets
import numpy as np
import pyarrow as pa
from running import run

BUFFER = 512


def main(way, folder, batch, seconds):
    pa.unregister_extension_type("arrow.fixed_shape_tensor")
    datasets.disable_progress_bars()
    begun = time.perf_counter()
    streamed = way.startswith("streamed")
    rows = datasets.load_dataset("parquet", data_files=f"{folder}/*.parquet", split="train", streaming=streamed)
    media = "spectrogram" if "spectrogram" in rows.column_names else "face"
    rows = rows.select_columns([media, "embedding"])
    if media == "face":
        rows = rows.cast_column("face", datasets.Image())
    run(batches(rows, media, int(batch), streamed), begun, float(seconds))


def batches(rows, media, batch, streamed):
    for epoch in range(10_000):
        shuffled = rows.shuffle(seed=epoch, **({"buffer_size": BUFFER} if streamed else {}))
        for found in shuffled.with_format(None if media == "face" else "numpy").iter(batch, drop_last_batch=True):
            if media == "face":
                values = np.stack([np.asarray(one.convert("RGB")) for one in found["face"]])
            else:
                values = np.asarray(found["spectrogram"])
            np.asarray(found["embedding"], np.float32)
            yield len(values)


if __name__ == "__main__":
    main(*sys.argv[1:])

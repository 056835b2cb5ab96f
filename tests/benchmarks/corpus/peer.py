"""The peer, video2dataset, on the same films from the same server; run by the Python of an environment of its own.

It fetches with requests, cuts with Debian's ffmpeg and writes tar files: no face, no embedding, no spectrogram.
`exact` encodes each film anew to cut where the list says; `low` copies, and cuts at the key frames it finds. Its own
clocks are used, from the first shard's begin to the last one's end: the start of its processes is left out.

    /path/to/peer/python peer.py URL LIST OUT PRECISION PROCESSES
"""

import csv
import json
import sys
import tarfile
import time
from pathlib import Path

import pandas as pd
from video2dataset import video2dataset


def main(url, clip_list, out, precision, processes):
    with Path(clip_list).open() as listed:
        rows = [
            (url.format(youtube_id=video), [[float(begin), float(end)]]) for video, begin, end, *_ in csv.reader(listed)
        ]
    table = f"{out}.parquet"
    pd.DataFrame(rows, columns=["url", "clips"]).to_parquet(table)
    config = {
        "subsampling": {"ClippingSubsampler": {"args": {"min_length": 1.0, "precision": precision}}},
        "reading": {"yt_args": {"download_size": 480, "yt_metadata_args": None}, "timeout": 60, "sampler": None},
        "storage": {"number_sample_per_shard": 16, "oom_shard_count": 5, "captions_are_subtitles": False},
        "distribution": {
            "processes_count": int(processes), "thread_count": 4, "subjob_size": 1000,
            "distributor": "multiprocessing",
        },
    }  # fmt: skip
    begun = time.perf_counter()
    video2dataset(
        url_list=table, output_folder=out, output_format="webdataset", input_format="parquet", url_col="url",
        clip_col="clips", encode_formats={"video": "mp4"}, tmp_dir=str(Path(out).parent), config=config,
    )  # fmt: skip
    seconds = time.perf_counter() - begun
    stats = [json.loads(path.read_text()) for path in Path(out).glob("*_stats.json")]
    kept = sum(name.endswith(".mp4") for path in Path(out).glob("*.tar") for name in names_in(path))
    at_work = max(one["end_time"] for one in stats) - min(one["start_time"] for one in stats)
    print(json.dumps({"seconds": at_work, "with_start": seconds, "tried": len(rows), "kept": kept}))


def names_in(path):
    with tarfile.open(path) as archive:
        return archive.getnames()


if __name__ == "__main__":
    main(*sys.argv[1:])

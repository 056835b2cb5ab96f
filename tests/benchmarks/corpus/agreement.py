"""Whether the plain loop's rows are the build's: contestants that make different things cannot be compared."""

import duckdb
import numpy as np


def frames_looked_at(turn, fps=5):
    """Video → frames until the first with one face, as the build found it; each video has one clip here."""
    rows = duckdb.sql(f"SELECT youtube_id, frame_s FROM '{turn}/ours1/out/*/*.parquet'").fetchall()
    return {video: round(frame_s * fps) + 1 for video, frame_s in rows}


def compare(turn):
    """Sentence: how near the two are."""
    ours, plain = (
        duckdb.sql(f"SELECT clip_id, embedding, spectrogram FROM '{turn}/{files}' ORDER BY clip_id").fetchnumpy()
        for files in ("ours1/out/*/*.parquet", "plain.parquet")
    )
    same = list(ours["clip_id"]) == list(plain["clip_id"])
    if not same:
        return f"The plain loop kept {len(plain['clip_id'])} clips, the build {len(ours['clip_id'])}: not comparable."
    one, other = (np.stack(rows["embedding"]).astype(np.float64) for rows in (ours, plain))
    cosines = (one * other).sum(1)
    off = max(
        np.abs(np.asarray(a, np.float32) - np.asarray(b, np.float32)).max()
        for a, b in zip(ours["spectrogram"], plain["spectrogram"], strict=True)
    )
    return (
        f"The plain loop's {len(one)} rows are the build's: cosine of embeddings {cosines.min():.3f} or more (median "
        f"{np.median(cosines):.4f}), spectrograms within {off:.2g}."
    )

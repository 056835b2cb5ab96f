"""Voices to try the page with: the test split's, which no model has heard."""

from pathlib import Path

from s2f.dataset.choice import unpicked
from s2f.dataset.shards import iterate_rows, shard_paths

COUNT = 4


def write_examples(speech_faces: Path, folder: Path) -> list[Path]:
    """A few test voices as FLAC files in `folder`, chosen by a hash of their ids; none where there is no corpus."""
    test = speech_faces / "test"
    if not shard_paths(test):
        return []
    chosen = unpicked((row["clip_id"] for row in iterate_rows(test, ["clip_id"])), COUNT)
    paths = {one: folder / f"voice {number}.flac" for number, one in enumerate(chosen, start=1)}
    for row in iterate_rows(test, ["clip_id", "speech"]):
        if row["clip_id"] in paths:
            paths[row["clip_id"]].write_bytes(row["speech"]["bytes"])
    return list(paths.values())

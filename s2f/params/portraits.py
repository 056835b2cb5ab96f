"""Section `portraits`: from pictures to faces for the two diffusion models."""

from pydantic import Field

from s2f.params.base import Section


class PortraitsParams(Section):
    """The unpaired corpus of faces."""

    source: str  # folder tree, .zip, .tar, .parquet or folder of them; labels.csv (path, age, gender, person) if known
    max_pictures: int | None = Field(default=None, gt=0)  # the first so many by name; null: all
    face_px: int = Field(ge=32, le=1024)  # side of the stored crop: what super-resolution aims at
    face_margin: float = Field(ge=0.5, le=4)  # 1 frames the head as FFHQ does; more shows more around it
    validation_share: float = Field(gt=0, lt=1)
    shard_pictures: int = Field(gt=0)
    workers: int = Field(gt=0)  # shards built at a time

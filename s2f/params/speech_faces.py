"""Section `speech_faces`: from a clip list to pairs of voice and face."""

from typing import Self

from pydantic import Field, model_validator

from s2f.params.base import Section


class SpeechFacesParams(Section):
    """The paired corpus."""

    source: str  # folder with the clip list, labels.csv if labels are known, and the videos if they are local
    clip_list: str  # file in source, AVSpeech's format: youtube_id,start,end,x,y
    test_list: str | None = None  # file in source: its clips are the test split (AVSpeech ships one)
    url: str  # {youtube_id} and {source} are filled in; file: URLs are relative to the project folder
    max_height: int = Field(ge=144, le=4320)  # of a fetched video's frames, where its site offers several
    max_clips: int | None = Field(default=None, gt=0)  # the first so many rows of each list; null: all
    min_seconds: float = Field(gt=0)  # shorter clips are dropped as too_short
    face_search_seconds: float = Field(gt=0)  # look for a frame with exactly one face this far into the clip
    face_search_fps: float = Field(gt=0, le=60)  # frames looked at per second of it
    max_centre_distance: float = Field(gt=0)  # face centre to the list's, as a fraction of the frame's diagonal
    face_px: int = Field(ge=32, le=1024)  # side of the stored crop
    face_margin: float = Field(ge=0.5, le=4)  # 1 frames the head as FFHQ does; more shows more around it
    validation_share: float = Field(gt=0, lt=1)
    test_share: float = Field(ge=0, lt=1)  # ignored where test_list is given
    shard_clips: int = Field(gt=0)
    workers: int = Field(gt=0)  # shards built at a time

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if "{youtube_id}" not in self.url:
            raise ValueError("url does not contain {youtube_id}; it is where each clip's id goes")
        if self.test_share == 0 and self.test_list is None:
            raise ValueError("test_share 0 leaves nothing to test on; allowed: above 0, or 0 with a test_list")
        if self.validation_share + self.test_share >= 1:
            raise ValueError("validation_share and test_share leave nothing to train on; allowed: a sum below 1")
        return self

"""From a picture of a source to a row of the unpaired corpus, or the reason why not."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.corpus.cliplist import BadRow
from s2f.corpus.faces import face_reader, forget_readers
from s2f.corpus.ledger import Outcome
from s2f.corpus.pictures.opening import open_source
from s2f.corpus.pictures.source import PictureSource
from s2f.corpus.plan import Item, Picture
from s2f.faces.images import TooManyPixelsError, decode_image
from s2f.media.failures import Failure, tidy, unforeseen
from s2f.params.face_models import FaceModelsParams
from s2f.params.portraits import PortraitsParams
from s2f.runtime import InputError


@dataclass(frozen=True)
class PictureRows:
    """Builds rows by these parameters."""

    params: PortraitsParams
    face_models: FaceModelsParams

    def build(self, items: Sequence[Item]) -> Generator[Outcome]:
        """Try pictures one by one.

        Raises:
            InputError: a source that cannot be opened, or weights that cannot be had. Nothing that one picture does
                ends the others.
        """
        face_reader(self.face_models)
        source = open_source(Path(self.params.source))
        for item in items:
            yield self._outcome(item, source)

    def done(self, items: Sequence[Item]) -> None:
        """Nothing was kept for them."""

    def _outcome(self, item: Item, source: PictureSource) -> Outcome:
        try:
            return Outcome(item.what.id, self._row(item, source))
        except Failure as failure:
            return Outcome(item.what.id, failure, failure.attempts)
        except Exception as error:
            forget_readers()
            return Outcome(item.what.id, unforeseen(error, item.what.id))

    def _row(self, item: Item, source: PictureSource) -> dict[str, Any]:
        if isinstance(item.what, BadRow):
            raise Failure("bad_row", item.what.message, attempts=0)
        if isinstance(item.what, Picture) and item.what.same_as is not None:
            raise Failure("duplicate", f"the same bytes as {item.what.same_as}", attempts=0)
        picture = decode_picture(source.read(item.what.id), item.what.id)
        reader = face_reader(self.face_models)
        faces = reader.detector.detect(picture)
        if len(faces) != 1:
            raise Failure("multiple_faces" if faces else "no_face", f"{len(faces)} faces")
        return {
            "image_id": item.what.id,
            **reader.columns(picture, faces[0], self.params.face_margin, self.params.face_px),
        }


def decode_picture(content: bytes, name: str) -> NDArray[np.uint8]:
    """uint8 (h, w, 3) RGB, upright.

    Raises:
        Failure: too_large, by what its header says; corrupt.
    """
    try:
        return decode_image(content, name)
    except TooManyPixelsError as error:
        raise Failure("too_large", tidy(str(error))) from None
    except InputError as error:
        raise Failure("corrupt", tidy(str(error))) from None

"""From a picture of a folder to a row of the unpaired corpus, or the reason why not."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s2f.corpus.cliplist import BadRow
from s2f.corpus.faces import face_reader, forget_readers
from s2f.corpus.ledger import Outcome
from s2f.corpus.plan import Item
from s2f.faces.images import decode_image
from s2f.media.failures import Failure, tidy, unforeseen
from s2f.params.face_models import FaceModelsParams
from s2f.params.portraits import PortraitsParams
from s2f.runtime import InputError


@dataclass(frozen=True)
class PictureRows:
    """Builds rows by these parameters."""

    params: PortraitsParams
    face_models: FaceModelsParams

    def build(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """Try pictures one by one.

        Raises:
            InputError: weights that cannot be had. Nothing that one picture does ends the others.
        """
        face_reader(self.face_models)
        for item in items:
            yield self._outcome(item)

    def _outcome(self, item: Item) -> Outcome:
        try:
            return Outcome(item.what.id, self._row(item))
        except Failure as failure:
            return Outcome(item.what.id, failure, failure.attempts)
        except Exception as error:
            forget_readers()
            return Outcome(item.what.id, unforeseen(error, item.what.id))

    def _row(self, item: Item) -> dict[str, Any]:
        if isinstance(item.what, BadRow):
            raise Failure("bad_row", item.what.message, attempts=0)
        picture = read_picture(Path(self.params.source, item.what.id))
        reader = face_reader(self.face_models)
        faces = reader.detector.detect(picture)
        if len(faces) != 1:
            raise Failure("multiple_faces" if faces else "no_face", f"{len(faces)} faces")
        return {
            "image_id": item.what.id,
            **reader.columns(picture, faces[0], self.params.face_margin, self.params.face_px),
            **asdict(item.labels),
        }


def read_picture(path: Path) -> NDArray[np.uint8]:
    """uint8 (h, w, 3) RGB, upright.

    Raises:
        Failure: removed, if it is gone since it was listed; forbidden; corrupt.
        OSError: a disk that fails.
    """
    try:
        return decode_image(path.read_bytes(), path.name)
    except FileNotFoundError:
        raise Failure("removed", f"{path.name} is gone") from None
    except PermissionError:
        raise Failure("forbidden", f"{path.name} may not be read") from None
    except InputError as error:
        raise Failure("corrupt", tidy(str(error))) from None

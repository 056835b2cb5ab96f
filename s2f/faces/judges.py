"""The judges of age and gender, of which `face_models.age_gender` chooses one, behind one interface."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from s2f.faces.attributes import AgeGenderJudge
from s2f.faces.detect import Face
from s2f.faces.inaface import ROLES, command, installed
from s2f.faces.process_judge import ProcessJudge
from s2f.params.face_models import INA, FaceModelsParams


class Judge(Protocol):
    """Tells age and gender of many faces at a time; any thread may ask."""

    name: str  # of the weights that judge
    version: str  # of the library that runs them, with its name
    sha256: str  # of the weights that judge
    others: Mapping[str, tuple[str, str]]  # name and sha256 of other weights that have a hand in it, by what they do

    def judge(self, faces: Sequence[tuple[NDArray[np.uint8], Face]]) -> list[tuple[float, float] | None]:
        """(age in years, probability of male) of each face, beside the uint8 (h, w, 3) RGB picture that it is in.

        None of a face that the judge, looking for itself, does not see.

        Raises:
            InputError: the judge is gone.
        """


@contextmanager
def open_judge(params: FaceModelsParams) -> Iterator[Judge]:
    """The judge that `params` name, ready to be asked.

    Raises:
        InputError: its weights or its environment are not there, or are others than params ask for.
    """
    if params.age_gender != INA:
        yield AgeGenderJudge(params.age_gender, params.age_gender_sha256)
        return
    installed()
    with closing(ProcessJudge(INA, command(), ROLES, params.age_gender_sha256)) as judge:
        yield judge

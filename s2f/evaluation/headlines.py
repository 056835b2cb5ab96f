"""The headlines as scores: six numbers that say how good the faces of one w are, each voice by voice.

The same six are taken of every w, of every group of voices and of two experiments, so that all of them can be told
apart by paired tests.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from s2f.evaluation.embeddings import COSINES, mean_embedding, no_cosine
from s2f.evaluation.genders import right_gender
from s2f.evaluation.people import mean_of_others
from s2f.evaluation.pictures import Pictures
from s2f.evaluation.retrieval import ALL_FOUND, no_ranking, own_ranks
from s2f.evaluation.scores import NOBODY, Score, one_face
from s2f.evaluation.statistics import Floats
from s2f.evaluation.tables import Voices, line_up, read_heard, read_people, take

GENDER, AGE, LIKENESS, FACE_FINDS, VOICE_FINDS, ONE_FACE = HEADLINES = (
    "gender_accuracy", "age_r", "cosine", "recall_by_face", "recall_by_voice", "one_face",
)  # fmt: skip


@dataclass(frozen=True)
class Study:
    """Everything that was measured of one run."""

    true: Pictures
    generated: Pictures
    voices: Voices
    heard: dict[str, NDArray[np.float32]]

    @property
    def truth(self) -> Floats:
        """The true faces' embeddings (n, 512)."""
        return take(self.true.embedding, self.voices.true).astype(np.float64)

    @property
    def voice(self) -> Floats:
        """What was heard in each voice (n, 512)."""
        size = self.true.embedding.shape[-1]
        missing = np.full(size, np.nan, dtype=np.float32)
        heard = [self.heard.get(one, missing) for one in self.voices.ids]
        return np.array(heard, dtype=np.float64).reshape(-1, size)


def study_of(pictures: dict[str, Pictures], speech_faces: Path, generated: Path) -> Study:
    """From what was measured, by source, and the two folders that say who speaks and what was heard."""
    voices = line_up(pictures["true"], pictures["generated"], read_people(speech_faces))
    return Study(pictures["true"], pictures["generated"], voices, read_heard(generated / "heard"))


def headline_scores(study: Study, places: NDArray[np.int64], first: int) -> dict[str, Score]:
    """By name, of the generated pictures at `places` (n, k); found means among the `first` faces of the gallery."""
    true, voices, truth = study.true, study.voices, study.truth
    faces = take(study.generated.embedding, places).astype(np.float64)
    return {
        GENDER: right_gender(take(true.male, voices.true), take(study.generated.male, places), voices.people),
        AGE: Score(take(study.generated.age, places), take(true.age, voices.true), chance=np.zeros(len(truth))),
        LIKENESS: _likeness(faces, truth, voices.people),
        FACE_FINDS: _found(mean_embedding(faces), truth, voices.people, first),
        VOICE_FINDS: _found(study.voice, truth, voices.people, first),
        ONE_FACE: one_face(take(study.generated.faces, places)),
    }


def _likeness(faces: Floats, truth: Floats, people: NDArray[np.int64]) -> Score:
    """Cosine of each sample (n, k, 512) with the true face; none where one side is one and the same embedding."""
    cosine = np.einsum("nkd,nd->nk", faces, truth)
    known = np.isfinite(cosine)
    reason = no_cosine(faces[known], truth[known.any(1)])
    if reason:
        return Score(np.full(cosine.shape, np.nan), reason=reason)
    others = mean_of_others(mean_embedding(faces), people)
    return Score(cosine, chance=np.einsum("nd,nd->n", others, truth), bounds=COSINES)


def _found(queries: Floats, truth: Floats, people: NDArray[np.int64], first: int) -> Score:
    """Whether each voice's own face is among the first of its gallery: all faces but its person's others."""
    kept = np.isfinite(truth[:, 0]) & np.isfinite(queries[:, 0])
    hits = np.full((len(queries), 1), np.nan)
    reason = no_ranking(queries[kept], truth[kept]) if kept.any() else NOBODY
    if reason:
        return Score(hits, share=True, reason=reason)
    ranks, galleries = own_ranks(queries[kept], truth[kept], people[kept])
    if first >= galleries.max():
        return Score(hits, share=True, reason=ALL_FOUND.format(first, galleries.max()))
    hits[kept, 0] = ranks < first
    chance = np.full(len(hits), np.nan)
    chance[kept] = np.minimum(1.0, first / galleries)
    return Score(hits, share=True, chance=chance)

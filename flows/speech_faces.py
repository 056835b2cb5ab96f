"""Build the paired corpus: clip list → data/speech_faces and its ledger. Run it again to resume.

python -m flows.speech_faces --out data/speech_faces --ledger data/ledger/speech_faces
"""

from pathlib import Path

from prefect import flow

from flows.running import run_flow
from flows.shards import build_corpus
from s2f.corpus.speech_faces import SpeechFaces
from s2f.params.base import read_section, read_seed
from s2f.params.face_models import FaceModelsParams
from s2f.params.fetching import FetchingParams
from s2f.params.spectrogram import SpectrogramParams
from s2f.params.speech_faces import SpeechFacesParams
from s2f.runtime import run_command


@flow(name="speech-faces", flow_run_name="speech-faces to {out}", persist_result=False)
def build_speech_faces(out: Path, ledger: Path, params: Path = Path("params.yaml")) -> dict[str, int]:
    """Clip list → fetched, cut, seen and heard → Parquet, ledger, manifest."""
    return build_corpus(recipe_of(params), out, ledger)


def recipe_of(params: Path) -> SpeechFaces:
    """The paired corpus that a params file describes.

    Raises:
        InputError: parameters that cannot be used.
    """
    recipe = SpeechFaces(
        read_section(params, "speech_faces", SpeechFacesParams),
        read_section(params, "spectrogram", SpectrogramParams),
        read_section(params, "face_models", FaceModelsParams),
        read_section(params, "fetching", FetchingParams),
        read_seed(params),
    )
    recipe.check()
    return recipe


def main(out: Path, ledger: Path, params: Path = Path("params.yaml")) -> None:
    """Build the paired corpus, or what is missing of it."""
    run_flow(build_speech_faces, recipe_of(params), out=out, ledger=ledger, params=params)


if __name__ == "__main__":
    run_command(main)

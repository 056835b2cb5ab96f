"""Build the unpaired corpus: pictures → data/portraits and its ledger. Run it again to resume.

python -m flows.portraits --out data/portraits --ledger data/ledger/portraits
"""

from pathlib import Path

from prefect import flow

from flows.running import run_flow
from flows.shards import build_corpus
from s2f.corpus.pictures.digests import CACHE
from s2f.corpus.portraits import Portraits
from s2f.params.base import read_section, read_seed
from s2f.params.face_models import FaceModelsParams
from s2f.params.portraits import PortraitsParams
from s2f.runtime import run_command


@flow(name="portraits", flow_run_name="portraits to {out}", persist_result=False)
def build_portraits(out: Path, ledger: Path, params: Path = Path("params.yaml")) -> dict[str, int]:
    """Pictures → faces, cropped and embedded → Parquet, ledger, manifest."""
    return build_corpus(recipe_of(params), out, ledger)


def recipe_of(params: Path) -> Portraits:
    """The unpaired corpus that a params file describes.

    Raises:
        InputError: parameters that cannot be used.
    """
    return Portraits(
        read_section(params, "portraits", PortraitsParams),
        read_section(params, "face_models", FaceModelsParams),
        read_seed(params),
        cache=params.parent / CACHE,
    )


def main(out: Path, ledger: Path, params: Path = Path("params.yaml")) -> None:
    """Build the unpaired corpus, or what is missing of it."""
    run_flow(build_portraits, recipe_of(params), out=out, ledger=ledger, params=params)


if __name__ == "__main__":
    run_command(main)

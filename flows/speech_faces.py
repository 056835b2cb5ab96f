"""Build the paired corpus: clip list → data/speech_faces and its ledger. Run it again to resume.

python -m flows.speech_faces --out data/speech_faces --ledger data/ledger/speech_faces
"""

from pathlib import Path

from prefect import flow

from flows.running import run_flow
from flows.shards import build_corpus
from s2f.corpus.speech_faces import read_speech_faces
from s2f.params.base import read_section
from s2f.params.building import BuildingParams
from s2f.runtime import run_command


@flow(name="speech-faces", flow_run_name="speech-faces to {out}", persist_result=False)
def build_speech_faces(
    out: Path, ledger: Path, params: Path = Path("params.yaml"), building: BuildingParams | None = None
) -> dict[str, int]:
    """Clip list → fetched, cut, seen and heard → Parquet, ledger, manifest."""
    building = building or read_section(params, "building", BuildingParams)
    return build_corpus(read_speech_faces(params), out, ledger, building)


def main(out: Path, ledger: Path, params: Path = Path("params.yaml")) -> None:
    """Build the paired corpus, or what is missing of it."""
    building = read_section(params, "building", BuildingParams)
    run_flow(build_speech_faces, read_speech_faces(params), building, out=out, ledger=ledger, params=params)


if __name__ == "__main__":
    run_command(main)

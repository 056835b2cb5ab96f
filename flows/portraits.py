"""Build the unpaired corpus: pictures → data/portraits and its ledger. Run it again to resume.

python -m flows.portraits --out data/portraits --ledger data/ledger/portraits
"""

from pathlib import Path

from prefect import flow

from flows.running import run_flow
from flows.shards import build_corpus
from s2f.corpus.portraits import read_portraits
from s2f.params.base import read_section
from s2f.params.building import BuildingParams
from s2f.runtime import run_command


@flow(name="portraits", flow_run_name="portraits to {out}", persist_result=False)
def build_portraits(
    out: Path, ledger: Path, params: Path = Path("params.yaml"), building: BuildingParams | None = None
) -> dict[str, int]:
    """Pictures → faces, cropped and embedded → Parquet, ledger, manifest."""
    building = building or read_section(params, "building", BuildingParams)
    return build_corpus(read_portraits(params), out, ledger, building)


def main(out: Path, ledger: Path, params: Path = Path("params.yaml")) -> None:
    """Build the unpaired corpus, or what is missing of it."""
    building = read_section(params, "building", BuildingParams)
    run_flow(build_portraits, read_portraits(params), building, out=out, ledger=ledger, params=params)


if __name__ == "__main__":
    run_command(main)

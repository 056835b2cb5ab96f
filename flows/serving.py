"""Offer both builds on Prefect's page, where they are started with other parameters, scheduled and watched.

    make ui      (the server and its page; leave it running)
    make serve   (this; leave it running too)

What changes a corpus stays in params.yaml. Builds that are started here run in this folder, one at a time for each
corpus: a second one would wait for the same shards.
"""

from pathlib import Path

from prefect import serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.local_server import lasting_server
from flows.portraits import build_portraits
from flows.speech_faces import build_speech_faces
from s2f.params.base import read_section
from s2f.params.building import BuildingParams
from s2f.runtime import InputError, run_command

FLOWS = {"speech_faces": build_speech_faces, "portraits": build_portraits}


def deployments(data: Path, params: Path) -> list[RunnerDeployment]:
    """One for each corpus, with the parameters that `dvc repro` would give it."""
    building = read_section(params, "building", BuildingParams).model_dump(mode="json")
    one_at_a_time = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
    return [
        flow.to_deployment(  # type: ignore[misc]
            name="corpus",
            parameters={
                "out": f"{data / name}",
                "ledger": f"{data / 'ledger' / name}",
                "params": f"{params}",
                "building": building,
            },
            tags=["s2f", name],
            description=flow.__doc__,
            concurrency_limit=one_at_a_time,
        )
        for name, flow in FLOWS.items()
    ]


def main(data: Path = Path("data"), params: Path = Path("params.yaml")) -> None:
    """Offer both builds until interrupted."""
    url = PREFECT_API_URL.value() or lasting_server()
    if url is None:
        raise InputError("No Prefect server is up; `make ui` starts one, PREFECT_API_URL names another.")
    with temporary_settings({PREFECT_API_URL: url}):
        serve(*deployments(data, params), print_starting_message=True)


if __name__ == "__main__":
    run_command(main)

"""Where tasks run: threads of this machine, or the workers of a Dask or Ray cluster, by one parameter and an address.

What a cluster's workers need: this project and its corpus packages, the same folders under the same paths, and a
Prefect server that they reach (PREFECT_API_URL). They load their networks once, and keep them from shard to shard.
"""

from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from s2f.params.building import BuildingParams
from s2f.runtime import InputError


def task_runner(building: BuildingParams, workers: int) -> TaskRunner[Any]:
    """A runner of `workers` tasks at a time, to be entered where tasks are submitted.

    Raises:
        InputError: the cluster's packages are not installed.
    """
    if building.runner == "threads":
        return ThreadPoolTaskRunner(max_workers=workers)
    try:
        return _dask(building.address, workers) if building.runner == "dask" else _ray(building.address, workers)
    except ImportError as error:
        raise InputError(
            f"building.runner: {building.runner} is not installed here ({error}); pip install '.[cluster]' installs it."
        ) from None


def _dask(address: str | None, workers: int) -> TaskRunner[Any]:
    from prefect_dask import DaskTaskRunner

    if address is not None:
        return DaskTaskRunner(address=address)
    return DaskTaskRunner(cluster_kwargs={"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None})


def _ray(address: str | None, workers: int) -> TaskRunner[Any]:
    from prefect_ray import RayTaskRunner

    if address is not None:
        return RayTaskRunner(address=address)
    return RayTaskRunner(init_kwargs={"num_cpus": workers, "include_dashboard": False})

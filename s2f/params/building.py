"""Section `building`: where shards are built. Nothing here changes what is in a corpus."""

from typing import Literal, Self

from pydantic import Field, model_validator

from s2f.params.base import Section


class BuildingParams(Section):
    """How a corpus is built."""

    runner: Literal["threads", "dask", "ray"]  # threads of this machine, or the workers of a cluster
    address: str | None = (
        None  # of the cluster's scheduler: tcp://host:8786 (Dask), ray://host:10001 (Ray); null: a local one
    )
    min_free_gb: float = Field(ge=0)  # a build stops before the disk has less

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.runner == "threads" and self.address is not None:
            raise ValueError("address is a cluster's, and runner is threads; allowed: null, or runner dask or ray")
        return self

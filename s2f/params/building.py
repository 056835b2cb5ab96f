"""Section `building`: where shards are built. Nothing here changes what is in a corpus."""

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from s2f.params.base import Section

# What each cluster's own client takes. Ray's "auto" is not among them: where it finds no cluster it may start one.
ALLOWED = {"dask": "tcp://host:8786, tls://host:8786", "ray": "host:6379, ray://host:10001"}
SCHEMES = {"dask": (None, "tcp", "tls"), "ray": (None, "ray")}
_ADDRESS = re.compile(r"(?:(?P<scheme>\w+)://)?(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})", re.ASCII)


class BuildingParams(Section):
    """How a corpus is built."""

    runner: Literal["threads", "dask", "ray"]  # threads of this machine, or the workers of a cluster
    address: str | None = None  # the cluster's; null: one of this machine's own processes, for as long as a build takes
    min_free_gb: float = Field(ge=0)  # a build stops before the disk has less

    @property
    def place(self) -> tuple[str, int] | None:
        """Host and port of the cluster; None without an address."""
        found = _ADDRESS.fullmatch(self.address or "")
        return (found["host"].strip("[]"), int(found["port"])) if found else None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.address is None:
            return self
        if self.runner == "threads":
            raise ValueError("address is a cluster's, and runner is threads; allowed: null, or runner dask or ray")
        found = _ADDRESS.fullmatch(self.address)
        if not found or found["scheme"] not in SCHEMES[self.runner] or not 0 < int(found["port"]) < 65536:
            raise ValueError(
                f"address {self.address} is none of {self.runner}'s; allowed: {ALLOWED[self.runner]}, null"
            )
        return self

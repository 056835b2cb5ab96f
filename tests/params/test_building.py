import pytest

from s2f.params.base import ParamsError, parse
from s2f.params.building import BuildingParams


def building(runner, address):
    content = {"runner": runner, "address": address, "min_free_gb": 0}
    return parse(BuildingParams, content, "params.yaml: building")


@pytest.mark.parametrize(
    ("runner", "address", "place"),
    [
        ("dask", "tcp://node1.cluster:8786", ("node1.cluster", 8786)),
        ("dask", "tls://10.0.0.1:8786", ("10.0.0.1", 8786)),
        ("dask", "node_1:8786", ("node_1", 8786)),
        ("ray", "ray://[fd00::1]:10001", ("fd00::1", 10001)),
        ("ray", "10.0.0.1:6379", ("10.0.0.1", 6379)),
        ("ray", None, None),
    ],
)
def test_an_address_has_a_host_and_a_port(runner, address, place):
    assert building(runner, address).place == place


@pytest.mark.parametrize(
    ("runner", "address"),
    [
        ("ray", "auto"),  # may start a cluster of its own
        ("ray", "local"),
        ("ray", "tcp://host:6379"),
        ("dask", "ray://host:10001"),
        ("dask", "http://host:8787"),
        ("dask", "host"),
        ("dask", "host:0"),
        ("dask", "host:65536"),
        ("dask", "tcp://user:word@host:8786"),
        ("dask", ""),
    ],
)
def test_what_is_no_address_of_the_cluster_is_refused(runner, address):
    with pytest.raises(ParamsError, match=f"address .* is none of {runner}'s; allowed: .*host:.*, null"):
        building(runner, address)


def test_threads_have_no_address():
    with pytest.raises(ParamsError, match="runner is threads"):
        building("threads", "host:8786")

import socket

import pytest

from s2f.media.addresses import PROXY_PORTS, Addresses, is_public, origin
from s2f.media.failures import Failure


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
     "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
     "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fec0::1", "64:ff9b:1::7f00:1", "::127.0.0.1", "::8.8.8.8",
     "192.88.99.1", "192.0.0.8"],
)  # fmt: skip
def test_addresses_of_no_public_network_are_told(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_ones_are_public_however_they_are_wrapped(address):
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://Example.org/x", ("example.org", 80)),
        ("https://example.org/x", ("example.org", 443)),
        ("HTTPS://u:p@[::1]:8443/", ("::1", 8443)),
    ],
)
def test_an_origin_is_a_host_and_a_port(url, found):
    assert origin(url) == found


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://x/y",
        "data:text/plain,x",
        "rtmp://x",
        "//x/y",
        "x",
        "http:///x",
        "http://[x",
        "http://x:y/",
    ],
)
def test_what_has_no_web_origin_is_unsafe(url):
    with pytest.raises(Failure) as caught:
        origin(url)
    assert caught.value.reason == "unsafe_address"


def test_the_named_host_may_be_private_at_its_own_port_alone():
    addresses = Addresses(origin("http://localhost:8000/{youtube_id}"))
    assert addresses.resolve("localhost", 8000)
    others = ("127.0.0.1", 8000), ("127.0.0.2", 8000), ("0x7f000001", 8000), ("2130706433", 8000)
    for host, port in (("localhost", 8001), *others):
        with pytest.raises(Failure, match="private network") as caught:
            addresses.resolve(host, port)
        assert caught.value.reason == "unsafe_address"


def test_a_name_with_one_private_address_among_public_ones_is_unsafe(monkeypatch):
    def answer(host, port, **options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(Failure, match=r"two\.example is 10\.0\.0\.1"):
        Addresses(("example.org", 443)).resolve("two.example", 443)


def test_behind_a_proxy_hosts_are_judged_by_name_and_the_proxy_may_be_anywhere():
    proxy = origin("socks5h://127.0.0.1", PROXY_PORTS)
    addresses = Addresses(("example.org", 443), frozenset([proxy]))
    assert proxy == ("127.0.0.1", 1080)
    assert addresses.resolve(*proxy)
    addresses.check("https://example.org/x")
    addresses.check("https://known-to-the-proxy-alone.invalid/x")
    for url in ("http://127.0.0.1:1080/x", "http://10.0.0.1/", "http://localhost/"):
        with pytest.raises(Failure, match="private network"):
            addresses.check(url)

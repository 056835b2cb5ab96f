"""Which addresses a fetch may open: web pages of the public internet, and the one host that the user's URL names.

A page, a redirect or a playlist could lead to this machine's own network: to a router, a database, a cloud's metadata.
What a host's name means is looked up once, judged, and then used: a second look-up could be answered otherwise.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from s2f.media.failures import Failure

PORTS = {"http": 80, "https": 443}
PROXY_PORTS = PORTS | dict.fromkeys(("socks4", "socks4a", "socks5", "socks5h"), 1080)
NAT64 = ip_network("64:ff9b::/96")  # an IPv4 address in its last 32 bits
NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays, given up
        "::/96",  # IPv4 addresses written as IPv6, given up
        "64:ff9b:1::/48",  # a network's own NAT64
        "fec0::/10",  # site-local, given up
    )
)

Origin = tuple[str, int]  # a host's name as it was written, and a port


@dataclass(frozen=True)
class Addresses:
    """What may be opened: `named`, be it in a private network, the proxies on the way, and the public internet."""

    named: Origin
    proxies: frozenset[Origin] = frozenset()

    def check(self, url: str) -> None:
        """Judge a URL by its words alone; behind a proxy by its host's address too, for no connection will show that.

        Raises:
            Failure: unsafe_address.
        """
        host, port = origin(url)
        if not self.proxies or (host, port) == self.named:
            return
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            return  # a name that only the proxy knows
        _refuse_private(host, found)

    def resolve(self, host: str, port: int) -> list[Any]:
        """What `socket.getaddrinfo` answers, all of it safe to connect to.

        Raises:
            Failure: unsafe_address.
            OSError: no such host.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if (host.lower(), port) not in {self.named, *self.proxies}:
            _refuse_private(host, found)
        return found


def origin(url: str, ports: dict[str, int] = PORTS) -> Origin:
    """Host and port of a URL.

    Raises:
        Failure: unsafe_address, for another scheme than those of `ports`, or no host.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError as error:
        raise Failure("unsafe_address", f"no URL ({error}): {url[:200]}") from None
    if scheme not in ports or not host:
        raise Failure("unsafe_address", f"neither http nor https: {url[:200]}")
    return host, port or ports[scheme]


def is_public(address: str) -> bool:
    """Is an IP address part of the public internet, whatever it is wrapped in?"""
    return all(_is_public(one) for one in _meant(ip_address(address)))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Python's tables call some addresses global that lead back here; those are told by their networks."""
    if not address.is_global or address.is_multicast:
        return False
    return not any(address in network for network in NOT_PUBLIC if network.version == address.version)


def _meant(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """The address, and the IPv4 addresses that a gateway would find in it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            yield address.ipv4_mapped
            return
        yield from (one for one in (address.sixtofour, *(address.teredo or ())) if one)
        if address in NAT64:
            yield IPv4Address(int(address) & 0xFFFFFFFF)
    yield address


def _refuse_private(host: str, found: list[Any]) -> None:
    for *_, place in found:
        if not is_public(place[0]):
            raise Failure("unsafe_address", f"{host} is {place[0]}, an address of a private network")

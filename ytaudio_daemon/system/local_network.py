"""Finds the network through which this machine reaches the internet."""

import ipaddress
import socket

#: Addresses for documentation (RFC 5737, RFC 3849): nothing is sent to them, the kernel
#: is only asked for the route.
_FAR = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
#: Temporary addresses (RFC 8981) change daily below the same prefix.
_IPV6_PREFIX = 64


def local_network() -> str | None:
    """Return the network that this machine reaches the internet from; None without one.

    It is the address that packets would be sent from: of IPv4 if there is a route, else
    the prefix of IPv6. Connecting a UDP socket sends nothing (udp(7)).
    """
    for family, far in _FAR:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 443))
                address = probe.getsockname()[0]
        except OSError:
            continue
        if family == socket.AF_INET:
            return str(address)
        plain = address.partition("%")[0]
        return str(ipaddress.ip_network(f"{plain}/{_IPV6_PREFIX}", strict=False))
    return None

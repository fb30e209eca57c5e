"""Where a caller comes from: what guesses are counted by."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Behind n proxies of ours the n-th address from the right, which cannot be forged; else the peer's.

    Of IPv6 the /64 network: one subscriber has all of it, and would never run out of addresses to guess from.
    """
    proxies = settings.AXES_IPWARE_PROXY_COUNT or 0
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if proxies and len(hops) >= proxies:
        return _subscriber(hops[-proxies])
    return _subscriber(str(request.META.get("REMOTE_ADDR", "")))


def seen_from(request: HttpRequest) -> str:
    """The address with the name that the browser gives itself: what a network's devices of one model share."""
    return f"{address(request)} {request.headers.get('User-Agent', '')[:400]}"


def _subscriber(typed: str) -> str:
    try:
        found = ip_address(typed)
    except ValueError:  # a socket's peer has none: all of them are counted as one
        return typed
    if not isinstance(found, IPv6Address):
        return typed
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))

"""Where a caller comes from: what guesses are counted by."""

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Behind n proxies of ours the n-th address from the right, which cannot be forged; else the peer's."""
    proxies = settings.AXES_IPWARE_PROXY_COUNT or 0
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if proxies and len(hops) >= proxies:
        return hops[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))

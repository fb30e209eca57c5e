"""What guesses are counted by."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from qihu.address import address


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
    ],
)
def test_one_subscriber_is_one_address(peer, counted):
    assert address(RequestFactory(REMOTE_ADDR=peer).get("/")) == counted


def test_behind_our_proxy_the_peer_it_saw_counts_and_what_was_forged_does_not(settings):
    settings.AXES_IPWARE_PROXY_COUNT = 1
    request = RequestFactory(REMOTE_ADDR="10.0.0.1").get("/", headers={"X-Forwarded-For": "198.51.100.1, 2001:db8::5"})
    assert address(request) == "2001:db8::/64"

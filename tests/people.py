"""The cast: 李娜's firm files; 陈伟 and the other officers answer; heads, dispatcher, director and watchers look on."""

from __future__ import annotations

from functools import cached_property

from qihu.accounts.models import User
from tickets.access import Caller


def user(username: str) -> User:
    return User.objects.get(username=username)


class Cast:
    """Members of staff by role, as users (`officer`) and as callers (`as_officer`); loaded when first named."""

    officer = cached_property(lambda _: user("officer.finance"))
    head = cached_property(lambda _: user("head.finance"))
    rival_officer = cached_property(lambda _: user("officer.land"))
    rival_head = cached_property(lambda _: user("head.land"))
    dispatcher = cached_property(lambda _: user("dispatcher"))
    intake = cached_property(lambda _: user("intake"))
    director = cached_property(lambda _: user("director"))
    supervisor = cached_property(lambda _: user("supervisor"))
    leader = cached_property(lambda _: user("leader"))
    discipline = cached_property(lambda _: user("officer.discipline"))
    auditor = cached_property(lambda _: user("auditor"))

    def __getattr__(self, name: str) -> Caller:
        if name.startswith("as_"):
            return Caller(getattr(self, name[3:]))
        raise AttributeError(name)

"""The only way doors get a request: who sees it, and who somebody is to it (domain.md §1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from qihu.accounts.models import Claim, Contact, Department, Region, Role, User, lies_in, within
from qihu.audit.models import Action as Deed
from qihu.audit.record import record
from qihu.errors import Forbidden, Unknown
from tickets.models import Approval, Leg, QRCode, Sheet, Ticket
from tickets.models.approval import ApprovalQuerySet
from tickets.models.lists import TicketQuerySet
from tickets.models.ticket import OPEN_TO_FIRM
from tickets.workflow import Action, Party, approvers

_WATCHERS = (Role.INTAKE, Role.DISPATCHER, Role.DIRECTOR, Role.SUPERVISOR, Role.LEADER)
_CENTRE = (Role.INTAKE, Role.DISPATCHER, Role.DIRECTOR)
_REGION_PARTY = {
    Role.INTAKE: Party.INTAKE,
    Role.DISPATCHER: Party.DISPATCHER,
    Role.DIRECTOR: Party.DIRECTOR,
    Role.SUPERVISOR: Party.SUPERVISOR,
    Role.LEADER: Party.LEADER,
}
_LEAD_PARTY = {Role.OFFICER: Party.OFFICER, Role.DISCIPLINE: Party.OFFICER, Role.HEAD: Party.HEAD}
_CO_PARTY = {Role.OFFICER: Party.CO_OFFICER, Role.HEAD: Party.CO_HEAD}
_KNOWING = frozenset({Party.FIRM, Party.FIRM_VIEWER, Party.INTAKE, Party.SUPERVISOR, Party.SYSTEM})
_NOT_FOUND = "没有找到这件诉求。请核对编号；没有权限的诉求也不会显示。"


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a move is made: a member of staff, the firm (whoever holds the access code, or `contact`, a
    person signed in for it), or the system.
    """

    user: User | None = None
    firm: bool = False
    contact: Contact | None = None

    @property
    def actor_id(self) -> int | None:
        """Key of the member of staff, or None."""
        return self.user.pk if self.user else None

    @property
    def person(self) -> User:
        """The member of staff. Raises `Forbidden` for a firm and for the system."""
        if self.user is None:
            raise Forbidden("这一步由工作人员办理。")
        return self.user

    @property
    def trace(self) -> Mapping[str, int]:
        """What an event's data keeps of a person of a firm: the key of the contact."""
        return {"contact": self.contact.pk} if self.contact else {}


FIRM = Caller(firm=True)
SYSTEM = Caller()


def signed_in(contact: Contact) -> Caller:
    """A person of a firm, signed in by one-time code."""
    return Caller(firm=True, contact=contact)


def as_of_now(caller: Caller) -> Caller:
    """The caller read anew, for a check under the lock: who has just left a firm, or only looks there now, is told."""
    return signed_in(Contact.objects.get(pk=caller.contact.pk)) if caller.contact else caller


def visible_to_contact(contact: Contact) -> TicketQuerySet:
    """What a signed-in person of a firm may see: their own, and what the firms they belong to share.

    A request shared with the firm is the firm's: whoever has left it no longer sees it. "Only me" stays with the
    person, whatever the firm; so does a restricted one.
    """
    alone = Q(enterprise=None) | Q(visibility=Ticket.Visibility.ME) | Q(restricted=True)
    shared = Q(enterprise__in=sorted(contact.firms()), visibility__in=OPEN_TO_FIRM, restricted=False)
    return Ticket.objects.filter((Q(contact=contact) & alone) | shared)


def visible_to(user: User | AnonymousUser) -> TicketQuerySet:
    """Requests a member of staff may see. Restricted ones: their department and supervisors only."""
    if not isinstance(user, User) or not user.is_active:
        return Ticket.objects.none()
    return Ticket.objects.filter(_of_department(user) | _of_region(user))


def _of_department(user: User) -> Q:
    handling = user.departments((Role.OFFICER, Role.HEAD, Role.DISCIPLINE))
    if not handling:
        return Q(pk__in=[])
    helping = Exists(Leg.objects.filter(ticket=OuterRef("pk"), department__in=handling))
    secret = frozenset(
        g.department_id for g in user.held if g.department and g.department.kind == Department.Kind.DISCIPLINE
    )
    return (Q(department__in=handling) | Q(helping)) & (Q(restricted=False) | Q(department__in=secret))


def _of_region(user: User) -> Q:
    seen = Q(pk__in=[])
    for path in user.region_paths(_WATCHERS):
        seen |= lies_in(path) & Q(restricted=False)
    for path in user.region_paths((Role.SUPERVISOR,)):
        seen |= lies_in(path)
    return seen


def helping_now(user: User) -> TicketQuerySet:
    """Visible requests in which one of the person's departments owes its part as a co-handler."""
    legs = Leg.objects.open().filter(ticket=OuterRef("pk")).held_by(user.departments())
    return visible_to(user).open().filter(Exists(legs))


def named_to(user: User) -> Q:
    """Requests whose firm this person may know: the rule of `identity_hidden`, for searches."""
    known = Q(shielded=False)
    for path in user.region_paths((Role.INTAKE, Role.SUPERVISOR)):
        known |= lies_in(path)
    return known


def regions_of(user: User) -> QuerySet[Region]:
    """Regions for which this person's service centre answers, each after the one above it."""
    answered = Q(pk__in=[])
    for path in user.region_paths(_CENTRE):
        answered |= lies_in(path, field="path")
    return Region.objects.filter(answered).order_by("path")


def qr_codes_of(user: User) -> QuerySet[QRCode]:
    """Codes of those regions, newest first."""
    mine = QRCode.objects.filter(region__in=regions_of(user).order_by())
    return mine.select_related("chain_tag", "category", "region").order_by("-pk")


def qr_code_or_404(user: User, code: str) -> QRCode:
    """That code, or `Unknown` for what does not exist or is another region's."""
    found = qr_codes_of(user).filter(code=code).first()
    if found is None:
        raise Unknown("没有这个二维码。")
    return found


def claims_of(user: User) -> QuerySet[Claim]:
    """Firms claimed in the regions where this person is intake."""
    mine = Q(pk__in=[])
    for path in user.region_paths((Role.INTAKE,)):
        mine |= lies_in(path)
    return Claim.objects.filter(mine).select_related("contact", "region", "decided_by")


def claim_or_404(user: User, key: int) -> Claim:
    """That claim, or `Unknown` for what does not exist or is another region's."""
    found = claims_of(user).filter(pk=key).first()
    if found is None:
        raise Unknown("没有这份认领。")
    return found


def ticket_or_404(user: User | AnonymousUser, number: str) -> Ticket:
    """The request with everything its page shows, or `Unknown` for what does not exist or is not theirs.

    Every door comes through here, so here it goes on record that a restricted request was read.
    """
    ticket = (
        visible_to(user)
        .for_lists()
        .select_related("qr_code", "reply_author", "topic__region")
        .filter(number=number)
        .first()
    )
    if ticket is None:
        raise Unknown(_NOT_FOUND)
    if ticket.restricted and isinstance(user, User):
        record(Deed.RESTRICTED_READ, actor=user, kind="ticket", key=ticket.number)
    return ticket


def ticket_of_contact(contact: Contact, number: str) -> Ticket | None:
    """The request with everything its page shows, if this person of a firm may see it."""
    return (
        visible_to_contact(contact).for_lists().select_related("qr_code", "reply_author").filter(number=number).first()
    )


def _of_firm(contact: Contact | None, ticket: Ticket) -> tuple[Party, ...]:
    """As `visible_to_contact`, for one request: the firm itself, somebody who only reads there, or nobody."""
    if contact is None:
        return (Party.FIRM,)
    alone = ticket.enterprise_id is None or ticket.visibility == Ticket.Visibility.ME or ticket.restricted
    if alone:
        return (Party.FIRM,) if ticket.contact_id == contact.pk else ()
    member = contact.membership(ticket.enterprise_id) if ticket.visibility in OPEN_TO_FIRM else None
    if member is None:
        return ()
    return (Party.FIRM,) if member.writes else (Party.FIRM_VIEWER,)


def parties(caller: Caller, ticket: Ticket) -> tuple[Party, ...]:
    """Every party the caller is to this request, strongest claim first; empty for a stranger."""
    if caller.firm:
        return _of_firm(caller.contact, ticket)
    if caller.user is None:
        return (Party.SYSTEM,)
    user = caller.user
    found: list[Party] = []
    for grant in user.held:
        if grant.department_id and grant.department_id == ticket.department_id and grant.role in _LEAD_PARTY:
            found.append(_LEAD_PARTY[Role(grant.role)])
        elif grant.region and grant.role in _REGION_PARTY and within(ticket.region.path, grant.region.path):
            if ticket.restricted and grant.role != Role.SUPERVISOR:
                continue
            found.append(_REGION_PARTY[Role(grant.role)])
    return tuple(dict.fromkeys(found))


def co_parties(user: User, department_ids: frozenset[int]) -> tuple[Party, ...]:
    """What the person is to a request through the co-handling departments `department_ids`."""
    return tuple(
        dict.fromkeys(
            _CO_PARTY[Role(g.role)] for g in user.held if g.department_id in department_ids and g.role in _CO_PARTY
        )
    )


def helping_parties(caller: Caller, ticket: Ticket) -> frozenset[Party]:
    """What the caller is to a request through every leg that it has had: one query."""
    if caller.user is None:
        return frozenset()
    helping = Leg.objects.filter(ticket=ticket).values_list("department_id", flat=True)
    return frozenset(co_parties(caller.user, frozenset(helping)))


def approval_or_404(user: User, key: int) -> Approval:
    """An asked move on a request that this person sees, or `Unknown`."""
    found = Approval.objects.with_words().filter(pk=key, ticket__in=visible_to(user)).first()
    if found is None:
        raise Unknown("没有这项申请。")
    return found


def approvals_of(user: User) -> ApprovalQuerySet:
    """What waits for this person's word: asked by somebody else, on requests they see, for a party that they are."""
    waiting = Q(pk__in=[])
    for role, party in _REGION_PARTY.items():
        for path in user.region_paths((role,)):
            near = lies_in(path, field="ticket__region__path")
            plain = [str(action) for action in Action if party in approvers(action)]
            secret = [str(action) for action in Action if party in approvers(action, restricted=True)]
            waiting |= near & Q(action__in=plain, ticket__restricted=False)
            waiting |= near & Q(action__in=secret, ticket__restricted=True)
    return Approval.objects.pending().filter(waiting).exclude(asked_by=user).order_by("asked_at", "pk")


def identity_hidden(ticket: Ticket, who: tuple[Party, ...]) -> bool:
    """A shielded firm is known to itself, to intake, which relays, and to supervisors: nobody else needs it (ADR 5).

    The head and the director may lift the shield for themselves: `services.shield`.
    """
    return ticket.shielded and not _KNOWING & set(who)


ON_BEHALF = (
    *(Ticket.Channel.HOTLINE, Ticket.Channel.COUNTER, Ticket.Channel.VISIT),
    *(Ticket.Channel.MEETING, Ticket.Channel.LEADER),
)
"""Channels that somebody enters by hand for a firm."""


def channels_of(user: User) -> tuple[Ticket.Channel, ...]:
    """By which channels this person may enter for a firm: intake by all, a department by its visits alone."""
    roles = user.roles()
    if Role.INTAKE in roles:
        return ON_BEHALF
    return (Ticket.Channel.VISIT,) if roles & {Role.OFFICER, Role.HEAD} else ()


def regions_entered_by(user: User, channel: str) -> QuerySet[Region]:
    """For which regions this person may enter by that channel, each after the one above it."""
    mine = Q(pk__in=[])
    for path in user.region_paths((Role.INTAKE,)) if channel in {*ON_BEHALF, Ticket.Channel.IMPORT} else ():
        mine |= lies_in(path, field="path")
    if channel == Ticket.Channel.VISIT:
        visitors = Region.objects.filter(departments__in=user.departments((Role.OFFICER, Role.HEAD)))
        for path in visitors.values_list("path", flat=True):
            mine |= lies_in(path, field="path")
    return Region.objects.filter(mine).order_by("path")


def sheets_of(user: User) -> QuerySet[Sheet]:
    """Sheets of the regions for which this person may import, newest first."""
    mine = Q(pk__in=[])
    for path in user.region_paths((Role.INTAKE,)):
        mine |= lies_in(path)
    return Sheet.objects.filter(mine).order_by("-pk")

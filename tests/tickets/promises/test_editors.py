"""The back office of promises: the system administrator drafts, the security administrator puts in force."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from qihu.audit.models import Action, Entry
from routing.promises.models import Calendar, CalendarVersion, Policy, PolicySet
from tests import make
from tests.people import user
from tests.see import deadline
from tests.tickets.promises.changes import (
    calendar_draft,
    calendar_in_force,
    enforce,
    policy_draft,
    table_in_force,
    worked_off,
)
from tickets.models import Recalculation
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
LATER = make.MONDAY + timedelta(days=1)


@pytest.fixture
def as_(client):
    """Signs somebody in."""

    def sign_in(username):
        client.force_login(user(username), backend=BACKEND)
        return client

    return sign_in


def address(version, page="change"):
    return reverse(f"admin:promises_{version._meta.model_name}_{page}", args=[version.pk])


def filled(client, version, **changes):
    """The form as a browser would send it, with `changes` by field name."""
    context = client.get(address(version)).context
    data = {}
    for form in (context["adminform"].form, *(s.formset for s in context["inline_admin_formsets"])):
        for bound in [*(form.management_form if hasattr(form, "management_form") else ())]:
            data[bound.html_name] = bound.value()
        for one in form.forms if hasattr(form, "forms") else [form]:
            for bound in one:
                value = bound.field.prepare_value(bound.value())
                shown = value if isinstance(value, bool) else bound.field.widget.format_value(value)
                data[bound.html_name] = shown[0] if isinstance(shown, list) and shown else shown
    return {name: value for name, value in {**data, **changes}.items() if value or type(value) is int}


def said(response):
    """What stands beside the fields."""
    context = response.context
    forms = [context["adminform"].form]
    sets = [s.formset for s in context["inline_admin_formsets"]]
    texts = [str(error) for form in forms for errors in form.errors.values() for error in errors]
    for one in sets:
        texts += [str(error) for form in one.forms for errors in form.errors.values() for error in errors]
        texts += [str(error) for error in one.non_form_errors()]
    return "；".join(texts)


class TestPromiseTable:
    def test_draw_up_edit_and_what_was_changed_is_on_record(self, as_):
        client = as_("sysadmin")
        listing = reverse("admin:promises_policyset_changelist")
        client.post(listing, {"action": "draw_up", "_selected_action": [table_in_force().pk]})
        draft = PolicySet.objects.get(number=2)
        assert draft.published_at is None
        assert draft.policies.count() == table_in_force().policies.count()
        assert draft.rungs.count() == table_in_force().rungs.count() > 0

        changes = {"RESOLVE-L2": "3wd", "INTERIM-L1": "1wd", "EXTENSION-L3": "8wd×2", "NOTE-L2": "–"}
        response = client.post(address(draft), filled(client, draft, **changes))

        assert response.status_code == 302, said(response)
        rows = {(p.clock, p.grade): p for p in draft.policies.filter(rework=False, repeat=False)}
        assert (rows["RESOLVE", "L2"].value, rows["RESOLVE", "L2"].unit) == (3, "wd")
        assert rows["INTERIM", "L1"].value == 1
        assert (rows["EXTENSION", "L3"].value, rows["EXTENSION", "L3"].times) == (8, 2)
        assert rows["NOTE", "L2"].value is None
        entry = Entry.objects.filter(action=Action.CHANGED, before__isnull=False).latest("pk")
        assert entry.actor.username == "sysadmin"
        assert (entry.before["RESOLVE-L2"], entry.after["RESOLVE-L2"]) == ("5wd", "3wd")
        assert (entry.before["NOTE-L2"], entry.after["NOTE-L2"]) == ("2wd", "-")

    def test_a_row_for_one_category(self, as_):
        client, draft = as_("sysadmin"), policy_draft()
        row = {"clock": "RESOLVE", "grade": "L2", "amount": "2wd", "region": "", "channel": "", "category": "FIN-02"}
        row |= {"id": "", "set": str(draft.pk)}
        data = {"policies-TOTAL_FORMS": "1", **{f"policies-0-{name}": value for name, value in row.items()}}
        response = client.post(address(draft), filled(client, draft, **data))
        assert response.status_code == 302, said(response)
        assert draft.policies.get(category="FIN-02").amount().words() == "2 个工作日"
        general = {**data, "policies-0-category": ""}
        again = policy_draft()
        general["policies-0-set"] = str(again.pk)
        response = client.post(address(again), filled(client, again, **general))
        assert "至少一项" in said(response)
        assert not again.policies.exclude(region="", channel="", category="").exists()

    @pytest.mark.parametrize(
        ("cell", "typed", "says"),
        [
            ("RESOLVE-L2", "-3wd", "不能为负"),
            ("RESOLVE-L2", "3weeks", "未知的时限单位"),
            ("RESOLVE-L2", "soon", "看不懂的时限"),
            ("RESOLVE-L2", "0wd", "至少为 1"),
            ("RESOLVE-L2", "99999wd", "十年"),
            ("RESOLVE-L2", "5wd×2", "只用于延期"),
        ],
    )
    def test_what_cannot_be_promised_is_refused_beside_the_cell(self, as_, cell, typed, says):
        client, draft = as_("sysadmin"), policy_draft()
        response = client.post(address(draft), filled(client, draft, **{cell: typed, "NOTE-L2": "1wd"}))
        assert response.status_code == 200
        assert says in str(response.context["adminform"].form.errors[cell])
        assert draft.policies.get(clock="NOTE", grade="L2").value == 2

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"measure": "share", "unit": "wd", "position": "9"}, "百分比没有单位"),
            ({"measure": "share", "unit": "", "value": "100", "position": "9"}, "1 到 99"),
            ({"measure": "after", "unit": "wd", "position": "9"}, "大于 50"),
            ({"measure": "before", "unit": "h", "position": "60"}, "1 到 49"),
            ({"measure": "before", "unit": "h", "position": "9"}, "工作日"),
        ],
    )
    def test_a_step_of_the_ladder_that_cannot_be(self, as_, change, says):
        client, draft = as_("sysadmin"), policy_draft()
        data = {f"rungs-0-{name}": value for name, value in change.items()}
        response = client.post(address(draft), filled(client, draft, **data))
        assert response.status_code == 200
        assert says in said(response)

    def test_the_ladder_of_a_draft_is_edited(self, as_):
        client, draft = as_("sysadmin"), policy_draft()
        changes = {"rungs-0-measure": "share", "rungs-0-unit": "", "rungs-0-value": "60", "rungs-0-position": "9"}
        response = client.post(address(draft), filled(client, draft, **changes))
        assert response.status_code == 302, said(response)
        assert draft.rungs.filter(measure="share", value=60, position=9).exists()

    def test_a_published_table_is_read_only(self, as_):
        client, current = as_("sysadmin"), table_in_force()
        page = client.get(address(current)).content.decode()
        assert "二次交办" in page
        assert "15wd×2" in page
        assert 'name="RESOLVE-L2"' not in page
        assert client.post(address(current), {"note": "改"}).status_code == 403
        assert client.post(address(current, "delete"), {"post": "yes"}).status_code == 403
        assert Policy.objects.filter(set=current).exists()

    def test_a_draft_may_be_thrown_away(self, as_):
        client, draft = as_("sysadmin"), policy_draft()
        assert client.post(address(draft, "delete"), {"post": "yes"}).status_code == 302
        assert not PolicySet.objects.filter(pk=draft.pk).exists()

    @pytest.mark.parametrize("name", ["officer.finance", "director", "auditor"])
    def test_others_have_no_back_office(self, as_, name):
        draft = policy_draft()
        assert as_(name).get(address(draft)).status_code == 302
        assert as_(name).get(address(draft, "in_force")).status_code == 302

    def test_the_security_administrator_reads_and_does_not_edit(self, as_):
        client, draft = as_("secadmin"), policy_draft()
        assert 'name="RESOLVE-L2"' not in client.get(address(draft)).content.decode()
        assert client.post(address(draft), {"note": "改"}).status_code == 403


class TestInForce:
    def test_try_out_put_in_force_and_progress(self, as_, time_machine):
        time_machine.move_to(LATER, tick=True)
        ticket = make.signed()
        draft = policy_draft(("RESOLVE", "L2", "60wd"))
        page = as_("sysadmin").get(address(draft, "in_force")).content.decode()
        assert "推迟 1" in page
        assert "启用由安全管理员办理" in page

        client = as_("secadmin")
        assert "答复" in client.get(address(draft, "in_force")).content.decode()
        response = client.post(address(draft, "in_force"), {"running": "1", "reason": "压缩时限"})
        assert response.status_code == 302
        assert table_in_force() == draft
        recalculation = Recalculation.objects.get()
        assert (recalculation.author.username, recalculation.reason) == ("secadmin", "压缩时限")
        assert "等待开始重算" in client.get(address(draft, "in_force")).content.decode()
        worked_off(recalculation, at=recalculation.asked_at)
        assert "重算已完成" in client.get(address(draft, "in_force")).content.decode()
        assert deadline(ticket, Clock.RESOLVE).policy_set.number == 2
        entry = Entry.objects.filter(action=Action.PROMISES).latest("pk")
        assert (entry.actor.username, entry.before, entry.after) == ("secadmin", {"number": 1}, {"number": 2})
        assert entry.reason.body == "压缩时限"

    def test_the_drafter_cannot_put_it_in_force(self, as_):
        draft = policy_draft(("RESOLVE", "L2", "3wd"))
        response = as_("sysadmin").post(address(draft, "in_force"), {"running": "1", "reason": "压缩时限"})
        assert "安全管理员" in response.content.decode()
        assert table_in_force().number == 1

    def test_a_reason_is_asked_for(self, as_):
        draft = policy_draft(("RESOLVE", "L2", "3wd"))
        response = as_("secadmin").post(address(draft, "in_force"), {"running": "", "reason": ""})
        assert response.context["form"].errors["reason"]
        assert table_in_force().number == 1

    def test_a_refusal_stands_on_the_page(self, as_):
        make.signed()
        enforce(policy_draft(("RESOLVE", "L2", "4wd")), at=LATER)
        draft = policy_draft(("RESOLVE", "L2", "3wd"))
        response = as_("secadmin").post(address(draft, "in_force"), {"running": "", "reason": "再调"})
        assert "还没有完成" in response.content.decode()

    def test_a_calendar_with_its_effective_day(self, as_):
        draft = calendar_draft(date(2026, 3, 4))
        client = as_("secadmin")
        past = {"scope": "running", "effective_on": "2020-01-01", "reason": "停办"}
        response = client.post(address(draft, "in_force"), past)
        assert "不能早于今天" in response.content.decode()
        tried = client.get(address(draft, "in_force"), {"try": "1", "scope": "running"})
        assert "必填" not in tried.content.decode()
        assert client.post(address(draft, "in_force"), {"scope": "provisional", "reason": "停办"}).status_code == 302
        assert calendar_in_force() == draft


class TestCalendars:
    def test_several_openings_half_days_and_holidays(self, as_):
        client, draft = as_("sysadmin"), calendar_draft()
        added = {"openings-TOTAL_FORMS": "11", "openings-10-weekday": "5", "openings-10-opens": "09:00"}
        added |= {"openings-10-closes": "12:00", "openings-10-version": str(draft.pk), "openings-10-id": ""}
        added |= {"openings-10-from_on": "2026-07-01", "openings-10-to_on": "2026-08-31"}
        day = {"on": "2027-12-31", "working": "on", "name": "半天", "openings": "09:00-12:00", "id": ""}
        form = filled(client, draft, **added)
        last = int(form["days-TOTAL_FORMS"])
        form |= {f"days-{last}-{name}": value for name, value in day.items()}
        form |= {"days-TOTAL_FORMS": str(last + 1), f"days-{last}-version": str(draft.pk)}
        response = client.post(address(draft), form)
        assert response.status_code == 302, said(response)
        assert draft.openings.get(weekday=5).closes == 12 * 60
        assert draft.days.get(on=date(2027, 12, 31)).openings == [[540, 720]]

    @pytest.mark.parametrize(
        ("field", "typed", "says"),
        [
            ("openings-0-closes", "08:00", "不晚于开始时间"),
            ("openings-0-closes", "13:45", "重叠"),
            ("openings-0-opens", "nine", "看不懂的时间"),
            ("openings-0-to_on", "2020-01-01", "结束日期早于开始日期"),
            ("days-0-openings", "12:00-09:00", "不晚于开始时间"),
            ("days-0-openings", "09:00-12:00", "不能有开放时间"),
            ("fixed", "02-30 没有这一天", "看不懂的日期"),
            ("coverage_last", "2014", "末年不能早于首年"),
            ("coverage_last", "", "都填"),
        ],
    )
    def test_what_makes_no_calendar_is_refused_beside_the_field(self, as_, field, typed, says):
        client, draft = as_("sysadmin"), calendar_draft(date(2027, 12, 30))
        more = {"openings-0-from_on": "2026-01-01"} if field.endswith("to_on") else {}
        response = client.post(address(draft), filled(client, draft, **{field: typed, "note": "改"}, **more))
        assert response.status_code == 200
        assert says in said(response)
        draft.refresh_from_db()
        assert draft.note != "改"

    def test_a_calendar_without_opening_time(self, as_):
        client, draft = as_("sysadmin"), calendar_draft()
        gone = {f"openings-{n}-DELETE": "on" for n in range(10)}
        response = client.post(address(draft), filled(client, draft, **gone))
        assert "没有任何开放时间" in said(response)
        assert draft.openings.count() == 10

    def test_a_working_day_without_hours_is_refused_as_a_whole(self, as_):
        """Two pages of the form fit together only in sum."""
        client, draft = as_("sysadmin"), calendar_draft()
        gone = {f"openings-{n}-DELETE": "on" for n in range(2)}  # Monday's
        response = client.post(address(draft), filled(client, draft, **gone))
        assert response.status_code == 422
        assert "没有开放时间" in response.content.decode()
        assert draft.openings.count() == 10

    def test_a_published_calendar_is_read_only_and_cannot_be_deleted(self, as_):
        client, current = as_("sysadmin"), calendar_in_force()
        assert 'name="openings-0-opens"' not in client.get(address(current)).content.decode()
        assert client.post(address(current), {"note": "改"}).status_code == 403
        assert client.post(address(current, "delete"), {"post": "yes"}).status_code == 403
        calendar = current.calendar
        assert client.post(address(calendar, "delete"), {"post": "yes"}).status_code == 403
        assert 'name="zone"' not in client.get(address(calendar)).content.decode()

    def test_a_new_calendar_begins_with_what_is_in_force(self, as_):
        client = as_("sysadmin")
        new = Calendar.objects.create(code="330802", name="柯城区工作日历", region="330802")
        listing = reverse("admin:promises_calendar_changelist")
        client.post(listing, {"action": "draw_up", "_selected_action": [new.pk]})
        draft = CalendarVersion.objects.get(calendar=new)
        assert (draft.number, draft.openings.count()) == (1, 10)
        assert (
            as_("secadmin").post(address(draft, "in_force"), {"scope": "provisional", "reason": "区里另定"}).status_code
            == 302
        )


@pytest.mark.parametrize("page", ["recalculation", "restatement"])
def test_what_was_done_is_listed_and_never_changed(as_, page):
    make.signed()
    worked_off(enforce(policy_draft(("RESOLVE", "L2", "3wd")), at=LATER), at=LATER)
    listing = reverse(f"admin:tickets_{page}_changelist")
    assert as_("sysadmin").get(listing).status_code == 200
    assert as_("secadmin").get(listing).status_code == 200
    assert as_("secadmin").get(reverse(f"admin:tickets_{page}_add")).status_code == 403

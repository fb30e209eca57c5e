"""表格导入 at the desk: upload, say which column is what, look at the trial, import, fetch the report."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files import File
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qihu.audit.models import Action
from qihu.audit.record import record
from qihu.doors import told_on
from qihu.errors import Conflict, Unknown
from tickets import access
from tickets.models import Sheet, SheetRow, Ticket
from tickets.pages.desk import queues, telling
from tickets.pages.desk.seat import Seat, at_desk
from tickets.services.sheets import importing, reading, report
from tickets.services.sheets.columns import FIELDS

SHOWN = 100
_S, _R = Sheet.State, SheetRow.State
_STATES = {_R.GOOD: "ok", _R.TWIN: "warn", _R.BAD: "late", _R.MADE: "ok", _R.ADDED: "info", _R.SKIPPED: ""}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UploadForm(forms.Form):
    """One file."""

    use_required_attribute = False
    table = forms.FileField(
        label="表格文件",
        help_text="xlsx 或 csv，最多 1 万行、10 MB。至少有诉求内容、企业名称、联系人、联系电话四栏。",
        error_messages={"required": "请选择文件。", "empty": "文件是空的。"},
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv"}),
    )

    def clean_table(self) -> File[bytes]:
        """Refused by its size before it is read."""
        file: File[bytes] = self.cleaned_data["table"]
        if (file.size or 0) > reading.FILE_MAX:
            raise forms.ValidationError(f"文件超过 {reading.FILE_MAX // 2**20} MB，请拆成几份再导入。")
        return file


class MapForm(forms.Form):
    """Which column is what; how the rows reached us; what happens to those that look like a known request."""

    use_required_attribute = False
    channel = forms.ChoiceField(label="渠道（表里没有写的）")
    region = forms.ChoiceField(label="区划（表里没有写的）")
    twins = forms.ChoiceField(
        label="和在办诉求相近的行",
        choices=Sheet.Twin.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择。"},
    )
    save_as = forms.CharField(
        label="存为常用对应", required=False, max_length=40, help_text="下次上传同样表头的文件，自动套用。"
    )

    def __init__(self, *args: Any, sheet: Sheet, seat: Seat, **more: Any) -> None:
        super().__init__(*args, **more)
        self.sheet = sheet
        self.initial = {"channel": sheet.channel, "region": sheet.region_id, "twins": sheet.twins}
        channels = [Ticket.Channel.IMPORT, *access.channels_of(seat.user)]
        self.fields["channel"].choices = [(one.value, one.label) for one in channels]  # type: ignore[attr-defined]
        regions = access.regions_entered_by(seat.user, Ticket.Channel.IMPORT)
        self.fields["region"].choices = [(r.code, r.name) for r in regions if len(r.code) <= 6]  # type: ignore[attr-defined]
        for place, heading in enumerate(sheet.headings):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=heading,
                required=False,
                choices=[("", "不导入"), *((f.code, f.label + ("（必需）" if f.needed else "")) for f in FIELDS)],
                initial=sheet.columns[place],
            )

    def columns(self) -> list[forms.BoundField]:
        """The selects of the columns, in their order."""
        return [self[f"column_{place}"] for place in range(len(self.sheet.headings))]

    def arguments(self) -> dict[str, Any]:
        """For `map_columns`."""
        said = self.cleaned_data
        columns = [said[f"column_{place}"] for place in range(len(self.sheet.headings))]
        return {name: said[name] for name in ("channel", "region", "twins", "save_as")} | {"columns": columns}


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def sheets(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Earlier sheets, and the form for the next."""
    importing.may_import(seat.caller)
    form = UploadForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        try:
            with told_on(form):
                if form.is_valid():
                    return _uploaded(form.cleaned_data["table"], seat)
        except Conflict as refusal:
            form.add_error("table", refusal.message)
        status = 422
    found = access.sheets_of(seat.user).select_related("uploaded_by")[:30]
    context = _frame(seat) | {"form": form, "sheets": [_line(sheet, seat) for sheet in found]}
    return render(request, "desk/sheets.html", context, status=status)


def _uploaded(file: File[bytes], seat: Seat) -> HttpResponse:
    sheet = importing.upload(content=file.read(), name=file.name or "", caller=seat.caller, at=seat.at)
    return _see(sheet)


def _see(sheet: Sheet) -> HttpResponse:
    return HttpResponseRedirect(reverse("desk-sheet", args=[sheet.pk]), status=303)


def _frame(seat: Seat) -> dict[str, object]:
    return {"user_title": seat.title, "nav": queues.nav(seat, current="import")}


def _line(sheet: Sheet, seat: Seat) -> dict[str, object]:
    return {
        "url": reverse("desk-sheet", args=[sheet.pk]),
        "name": sheet.name,
        "total": sheet.total,
        "state": Sheet.State(sheet.state).label,
        "by": sheet.uploaded_by.name,
        "when": telling.moment(sheet.uploaded_at, seat.at),
    }


def _sheet_or_404(seat: Seat, key: int) -> Sheet:
    found = access.sheets_of(seat.user).select_related("uploaded_by").filter(pk=key).first()
    if found is None:
        raise Unknown("没有这份导入表。")
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def one(request: HttpRequest, seat: Seat, key: int) -> HttpResponse:
    """One sheet: its mapping until it is imported, then how far it is."""
    sheet = _sheet_or_404(seat, key)
    if request.method != "POST":
        return _shown(request, seat, sheet, MapForm(sheet=sheet, seat=seat))
    form = MapForm(request.POST, sheet=sheet, seat=seat)
    status = 422
    try:
        with told_on(form):
            if form.is_valid():
                importing.map_columns(sheet_id=sheet.pk, caller=seat.caller, at=seat.at, **form.arguments())
                return _see(sheet)
    except Conflict as refusal:
        form.add_error(None, refusal.message)
        status = refusal.status
    return _shown(request, seat, sheet, form, status=status)


def _shown(request: HttpRequest, seat: Seat, sheet: Sheet, form: MapForm, *, status: int = 200) -> HttpResponse:
    mapping = sheet.state in {_S.MAPPING, _S.CHECKED}
    sample = list(sheet.rows.order_by("number").values_list("cells", flat=True)[:3]) if mapping else []
    columns = [
        {"field": field, "sample": [cells[place][:60] for cells in sample if place < len(cells)]}
        for place, field in enumerate(form.columns())
    ]
    context = _frame(seat) | _progress(sheet) | {"form": form, "columns": columns, "mapping": mapping}
    return render(request, "desk/sheet.html", context, status=status)


@require_safe
@at_desk
def live(request: HttpRequest, seat: Seat, key: int) -> HttpResponse:
    """How far it is: the fragment that is asked for again and again."""
    return render(request, "desk/_sheet.html", _progress(_sheet_or_404(seat, key)))


def _progress(sheet: Sheet) -> dict[str, object]:
    """Counts by what became of the rows, and the first rows with something to say: two queries."""
    counts = Counter(dict(sheet.rows.order_by().values_list("state").annotate(n=Count("pk"))))
    told = sheet.rows.all().reported().select_related("ticket").order_by("number")[:SHOWN]
    left = counts[_R.READ] if sheet.state == _S.CHECKING else counts[_R.GOOD] + counts[_R.TWIN]
    busy = sheet.state in {_S.CHECKING, _S.IMPORTING}
    return {
        "sheet": sheet,
        "state": Sheet.State(sheet.state).label,
        "busy": busy,
        "done": sheet.total - left if busy else sheet.total,
        "counts": [(_R(code).label, n, _STATES.get(_R(code), "")) for code, n in sorted(counts.items())],
        "ready": sheet.state == _S.CHECKED and bool(counts[_R.GOOD] + counts[_R.TWIN]),
        "going": counts[_R.GOOD] + counts[_R.TWIN],
        "tried": sheet.state not in {_S.MAPPING, _S.CHECKING},
        "rows": [
            {
                "number": row.number,
                "label": _R(row.state).label,
                "state": _STATES.get(_R(row.state), ""),
                "problems": row.problems,
                "ticket": row.ticket.number if row.ticket else "",
            }
            for row in told
        ],
    }


@require_POST
@at_desk
def start(request: HttpRequest, seat: Seat, key: int) -> HttpResponse:
    """Import what was tried out."""
    sheet = _sheet_or_404(seat, key)
    try:
        importing.start(sheet_id=sheet.pk, caller=seat.caller)
    except Conflict as refusal:  # pressed twice, or mapped anew meanwhile: the page shows where it is
        messages.warning(request, refusal.message)
    return _see(sheet)


@require_safe
@at_desk
def fetch(request: HttpRequest, seat: Seat, key: int) -> HttpResponse:
    """The report as a workbook."""
    sheet = _sheet_or_404(seat, key)
    record(Action.EXPORTED, actor=seat.user, kind="tickets.sheet", key=sheet.pk, at=seat.at)
    response = HttpResponse(report.workbook(sheet), content_type=_XLSX)
    response["Content-Disposition"] = f'attachment; filename="import-{sheet.pk}.xlsx"'
    return response

"""The form that every export is asked for by: format and reason; then the file at once, or its row among one's own."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from qihu.doors import told_on
from qihu.errors import Conflict
from qihu.served import streamed
from tickets.access import Caller
from tickets.models import Export
from tickets.services.exports import asking
from tickets.services.exports.picking import Picked
from tickets.services.exports.sending import Sending


class ExportForm(forms.Form):
    """What is right of it is the verb's to say."""

    use_required_attribute = False
    format = forms.ChoiceField(
        label="格式", choices=Export.Format.choices, initial=Export.Format.XLSX, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label="导出理由",
        error_messages={"required": f"请写明导出的理由，{asking.REASON_MIN} 至 {asking.REASON_MAX} 个字。"},
        help_text="写明给谁、做什么用。记入审计，也写在文件里。",
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": asking.REASON_MAX}),
    )
    key = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


def ask(
    request: HttpRequest, picked: Picked, caller: Caller, *, at: datetime, template: str, frame: dict[str, Any]
) -> HttpResponseBase:
    """The form; posted well, a file on its way or, for a long one, the page of one's exports.

    Raises `Invalid` where it is too much to leave at once: no reason would mend that.
    """
    picked.limited()
    form = ExportForm(request.POST or None, initial={"key": uuid.uuid4().hex, "format": Export.Format.XLSX})
    status = 200
    if request.method == "POST":
        status = 422
        try:
            with told_on(form):
                if form.is_valid():
                    return _answer(form.cleaned_data, picked, caller, at)
        except Conflict as refusal:
            form.add_error(None, refusal.message)
            status = refusal.status
    shown = {"form": form, "picked": picked, "what": picked.what.label, "most": asking.REASON_MAX}
    return render(request, template, frame | shown, status=status)


def _answer(said: dict[str, str], picked: Picked, caller: Caller, at: datetime) -> HttpResponseBase:
    made = asking.export(
        picked=picked, caller=caller, at=at, form=said["format"], reason=said["reason"], key=said["key"]
    )
    if isinstance(made, Sending):
        return streamed(made, name=made.name, mime=made.mime)
    return HttpResponseRedirect(reverse("board-exports"), status=303)

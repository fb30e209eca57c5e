"""Addresses of the desk."""

from django.urls import path
from django.views.decorators.http import conditional_page

from tickets.pages.desk import approvals, claims, codes, entry, notices, outgoing, reckoning, sheets, shielded, views

urlpatterns = [
    path("", views.desk, name="desk"),
    path("rows/", conditional_page(views.fragment), name="desk-rows"),
    path("notices/", notices.inbox, name="desk-notices"),
    path("notices/read/", notices.read_all, name="desk-notices-read"),
    path("notices/<int:key>/", notices.open_one, name="desk-notice"),
    path("notices/sent/", outgoing.sent, name="desk-sent"),
    path("notices/sent/again/", outgoing.again_all, name="desk-sent-again-all"),
    path("notices/sent/<int:key>/again/", outgoing.again, name="desk-sent-again"),
    path("notices/words/", outgoing.words, name="desk-words"),
    path("approvals/", approvals.listed, name="desk-approvals"),
    path("codes/", codes.listed, name="desk-codes"),
    path("codes/<slug:code>/revoke/", codes.revoke, name="desk-code-revoke"),
    path("claims/", claims.listed, name="desk-claims"),
    path("claims/<int:key>/", claims.decide, name="desk-claim"),
    path("new/", entry.new, name="desk-new"),
    path("new/alike/", entry.alike, name="desk-entry-alike"),
    path("new/<slug:number>/", entry.entered, name="desk-entered"),
    path("import/", sheets.sheets, name="desk-sheets"),
    path("import/<int:key>/", sheets.one, name="desk-sheet"),
    path("import/<int:key>/live/", conditional_page(sheets.live), name="desk-sheet-live"),
    path("import/<int:key>/start/", sheets.start, name="desk-sheet-start"),
    path("import/<int:key>/report.xlsx", sheets.fetch, name="desk-sheet-report"),
    path("t/<slug:number>/sources/<int:source>/link/", entry.renew, name="desk-source-link"),
    path("t/<slug:number>/", views.one, name="desk-ticket"),
    path("t/<slug:number>/messages/", shielded.conversation, name="desk-messages"),
    path("t/<slug:number>/reveal/", shielded.reveal, name="desk-reveal"),
    path("t/<slug:number>/forget/", shielded.forget, name="desk-forget"),
    path("t/<slug:number>/deadlines/<slug:clock>/", reckoning.reckoned, name="desk-deadline"),
    path("t/<slug:number>/approvals/<int:key>/", views.decide, name="desk-approval"),
    path("t/<slug:number>/<slug:name>/", views.make_move, name="desk-move"),
]

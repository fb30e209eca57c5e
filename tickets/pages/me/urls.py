"""Addresses of a firm's account."""

from django.urls import path, re_path

from tickets.pages.me import door, firms

urlpatterns = [
    path("", door.me, name="me"),
    path("code/", door.code, name="me-code"),
    path("out/", door.out, name="me-out"),
    path("name/", door.name, name="me-name"),
    path("firms/", firms.firms, name="me-firms"),
    path("claim/", firms.claim, name="me-claim"),
    path("claim/platform/", firms.vouched, name="me-platform"),
    re_path(r"^invitations/(?P<key>\d{1,18})/(?P<word>accept|decline)/$", firms.answer, name="me-invitation"),
    path("firms/<int:key>/", firms.firm, name="me-firm"),
    path("firms/<int:key>/invite/", firms.invite, name="me-invite"),
    path("firms/<int:key>/leave/", firms.leave, name="me-leave"),
    path("firms/<int:key>/hand-over/", firms.hand_over, name="me-hand-over"),
    path("firms/<int:key>/members/<int:member>/role/", firms.role, name="me-role"),
    path("firms/<int:key>/members/<int:member>/remove/", firms.remove, name="me-remove"),
]

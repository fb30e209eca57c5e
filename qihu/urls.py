"""Every address of the service."""

from django.contrib import admin
from django.urls import include, path

from qihu import health
from tickets.pages import files

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
    path("", include("qihu.signin.urls")),
    path("api/", include("tickets.api.urls")),
    path("files/<str:token>/", files.opened, name="file"),
    path("desk/", include("tickets.pages.desk.urls")),
    path("board/", include("tickets.pages.board.urls")),
    path("audit/", include("tickets.pages.audit.urls")),
    path("me/", include("tickets.pages.me.urls")),
    path("", include("tickets.pages.firm.urls")),
]

handler404 = "qihu.doors.not_found"
handler500 = "qihu.doors.broken"

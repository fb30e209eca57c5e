"""The OpenAPI document and its page, served from our own host under the strict CSP."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class Schema(SpectacularAPIView):
    """`/api/schema/`: YAML, or JSON with `?format=json`."""


class Docs(SpectacularSwaggerSplitView):
    """`/api/docs/`: no inline script (the split view) and no inline style (our template)."""

    url_name = "api-schema"
    template_name = "api/docs.html"

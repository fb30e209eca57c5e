"""Addresses of the audit trail."""

from django.urls import path

from tickets.pages.audit import views

urlpatterns = [path("", views.trail, name="audit")]

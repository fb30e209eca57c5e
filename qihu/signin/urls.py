"""Signing in and out, and the large-type switch."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from qihu.signin import views

urlpatterns = [
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("big/", views.big, name="big"),
]

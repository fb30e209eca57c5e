"""Addresses of the firm's pages. A request's number is in an address, its access code never."""

from django.urls import path

from tickets.pages.firm import belongs, confirm, views

urlpatterns = [
    path("", views.start, name="start"),
    path("forget/", views.forget, name="forget"),
    path("q/<slug:code>/", views.ask, name="ask"),
    path("c/<slug:token>/", confirm.confirm, name="confirm"),
    path("t/", views.find, name="find"),
    path("t/<str:number>/", views.receipt, name="receipt"),
    path("t/<str:number>/live/", views.live, name="receipt-live"),
    path("t/<str:number>/visibility/", belongs.change, name="firm-visibility"),
    path("t/<str:number>/material/", views.add_material, name="firm-material"),
    path("t/<str:number>/<slug:move>/", views.make_move, name="firm-move"),
]

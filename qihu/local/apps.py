"""Django app that carries the commands `up` and `prepare`."""

from django.apps import AppConfig


class LocalConfig(AppConfig):
    """The service on one machine."""

    name = "qihu.local"
    label = "local"

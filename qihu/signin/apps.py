"""Sign-in door."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    """Django application `signin`."""

    name = "qihu.signin"
    verbose_name = "登录"

"""The ground every other app stands on."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Staff, regions, departments and grants."""

    name = "qihu.accounts"
    label = "accounts"
    verbose_name = "组织与账号"

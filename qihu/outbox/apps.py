"""What must follow a commit."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Django application `outbox`."""

    name = "qihu.outbox"
    label = "outbox"
    verbose_name = "待发事项"

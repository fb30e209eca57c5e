"""企呼我应: the firm calls, we answer. The ground (accounts, outbox) and the roof (wiring) of the service."""

from qihu.celery import app as celery_app

__all__ = ["celery_app"]

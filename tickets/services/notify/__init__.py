"""Who hears of what, in what words, by which way, and whether it got there."""

from tickets.services.notify.write import notify_all

__all__ = ["notify_all"]

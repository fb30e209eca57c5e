"""WHERE a request goes: versioned rule sets and their matching."""

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """Chain tags, categories and the rule sets that read them."""

    name = "routing.rules"
    label = "rules"
    verbose_name = "交办规则"

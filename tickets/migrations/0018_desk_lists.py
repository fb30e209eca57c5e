from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_ENDED = ["closed", "merged", "rejected", "withdrawn"]


class Migration(migrations.Migration):
    atomic = False  # the indexes are built while requests come in
    dependencies = [("tickets", "0017_recalculation")]
    operations = [
        AddIndexConcurrently(
            "ticket",
            models.Index(
                models.OrderBy(models.F("next_due_at"), nulls_last=True),
                models.F("id"),
                name="ticket_supervised_queue",
                condition=models.Q(("supervised", True), models.Q(("status__in", _ENDED), _negated=True)),
            ),
        ),
        AddIndexConcurrently(
            "ticket",
            models.Index(
                models.F("department"),
                models.OrderBy(models.F("next_due_at"), nulls_last=True),
                models.F("id"),
                name="ticket_plan_queue",
                condition=models.Q(("next_due_at__isnull", False), ("status", "closed")),
            ),
        ),
    ]

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from tickets.models.text import FIRM_NAME

_THERE = models.Q(("erased_at__isnull", True))


class Migration(migrations.Migration):
    atomic = False  # the indexes are built while requests come in
    dependencies = [("tickets", "0021_event_order")]
    operations = [
        AddIndexConcurrently(
            "filing",
            models.Index(
                fields=["uscc", "ticket"], name="filing_uscc", condition=models.Q(("uscc", ""), _negated=True) & _THERE
            ),
        ),
        AddIndexConcurrently(
            "filing", models.Index(fields=["phone_index", "ticket"], name="filing_phone", condition=_THERE)
        ),
        AddIndexConcurrently(
            "filing",
            models.Index(
                models.Func(models.F("enterprise_name"), template=FIRM_NAME.format("%(expressions)s")),
                models.F("ticket"),
                name="filing_firm",
                condition=_THERE,
            ),
        ),
    ]

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tickets", "0015_ladder")]
    operations = [
        AddIndexConcurrently("alert", models.Index(models.F("at"), models.F("id"), name="alert_time")),
    ]

import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0023_anomalies")]
    operations = [
        migrations.AddField("checkpoint", "newest", models.BigIntegerField(db_default=0, default=0)),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(
                django.db.models.functions.comparison.Greatest(
                    models.F("until"),
                    django.db.models.functions.comparison.Least(models.F("replaced_at"), models.F("lasts_until")),
                ),
                name="fact_gone",
                condition=models.Q(("state", "past")),
            ),
        ),
    ]

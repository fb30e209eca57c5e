from django.db import migrations, models

_Q = models.Q


class Migration(migrations.Migration):
    dependencies = [("tickets", "0024_facts_gone")]
    operations = [
        migrations.RemoveConstraint("callback", "call_back_reached_answers"),
        migrations.AddField("callback", "was_contacted", models.BooleanField("承办部门联系过", null=True)),
        migrations.AddConstraint(
            "callback",
            models.CheckConstraint(
                name="call_back_reached_answers",
                condition=_Q(contacted=True, solved__isnull=False)
                | _Q(contacted=False, was_contacted__isnull=True, solved__isnull=True, satisfied__isnull=True),
            ),
        ),
    ]

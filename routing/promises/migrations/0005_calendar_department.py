"""A department may keep hours of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A nullable column and its two constraints; the table has a handful of rows."""

    dependencies = [("promises", "0004_ladder")]
    operations = [
        migrations.AddField(
            model_name="calendar",
            name="department",
            field=models.CharField(blank=True, max_length=40, null=True, unique=True, verbose_name="适用部门"),
        ),
        migrations.AddConstraint(
            model_name="calendar",
            constraint=models.CheckConstraint(
                condition=models.Q(("department", ""), _negated=True), name="calendar_department_is_a_code"
            ),
        ),
    ]

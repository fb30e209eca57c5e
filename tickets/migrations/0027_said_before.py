from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0026_frozen_months")]
    operations = [migrations.AddField("filing", "said_before", models.BooleanField("重复反映", null=True))]

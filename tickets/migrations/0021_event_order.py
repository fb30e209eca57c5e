from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tickets", "0020_facts")]
    operations = [
        AddIndexConcurrently("event", models.Index(fields=["xid", "id"], name="event_xid_id")),
        RemoveIndexConcurrently("event", "event_xid"),
    ]

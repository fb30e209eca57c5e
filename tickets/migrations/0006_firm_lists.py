from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False  # the indexes are built while requests come in

    dependencies = [
        ('tickets', '0005_firm_of_the_request'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='ticket',
            index=models.Index(condition=models.Q(('enterprise__isnull', False)), fields=['enterprise', '-submitted_at', '-id'], name='ticket_enterprise_newest'),
        ),
        AddIndexConcurrently(
            model_name='ticket',
            index=models.Index(condition=models.Q(('contact__isnull', False)), fields=['contact', '-submitted_at', '-id'], name='ticket_contact_newest'),
        ),
    ]

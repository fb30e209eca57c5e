"""Seals, and triggers that refuse to alter them, the fired alerts and the ledger of due times."""

from django.db import migrations, models

_UP = """
CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE ON tickets_seal
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();
CREATE TRIGGER seal_no_truncate BEFORE TRUNCATE ON tickets_seal
    FOR EACH STATEMENT EXECUTE FUNCTION tickets_refuse_change();
CREATE TRIGGER alert_append_only BEFORE UPDATE OR DELETE ON tickets_alert
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();
"""
_DOWN = """
DROP TRIGGER alert_append_only ON tickets_alert;
DROP TRIGGER seal_no_truncate ON tickets_seal;
DROP TRIGGER seal_append_only ON tickets_seal;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0002_number_and_log'),
    ]

    operations = [
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('number', models.PositiveIntegerField(primary_key=True, serialize=False, verbose_name='序号')),
                ('sealed_at', models.DateTimeField(verbose_name='封存时间')),
                ('since', models.BigIntegerField()),
                ('until', models.BigIntegerField()),
                ('era_event', models.BigIntegerField(default=0)),
                ('era_entry', models.BigIntegerField(default=0)),
                ('top_event', models.BigIntegerField(default=0)),
                ('top_entry', models.BigIntegerField(default=0)),
                ('event_count', models.PositiveIntegerField(verbose_name='事件数')),
                ('entry_count', models.PositiveIntegerField(verbose_name='审计记录数')),
                ('requests', models.BinaryField()),
                ('entries', models.BinaryField()),
                ('previous', models.BinaryField(max_length=32)),
                ('mac', models.BinaryField(max_length=32)),
            ],
            options={
                'verbose_name': '封存',
                'verbose_name_plural': '封存',
            },
        ),
        migrations.RunSQL(_UP, _DOWN),
    ]

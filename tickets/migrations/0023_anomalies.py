"""Where ratings came from, and what was checked: the latter only ever added, by triggers."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_UP = """
CREATE TRIGGER anomaly_review_append_only BEFORE UPDATE OR DELETE ON tickets_anomalyreview
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();
CREATE TRIGGER anomaly_review_no_truncate BEFORE TRUNCATE ON tickets_anomalyreview
    FOR EACH STATEMENT EXECUTE FUNCTION tickets_refuse_change();
"""
_DOWN = """
DROP TRIGGER anomaly_review_no_truncate ON tickets_anomalyreview;
DROP TRIGGER anomaly_review_append_only ON tickets_anomalyreview;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0022_filing_firm'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RatedFrom',
            fields=[
                ('rating', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='origin', serialize=False, to='tickets.rating')),
                ('seq', models.PositiveIntegerField(verbose_name='事件序号')),
                ('browser', models.BinaryField(max_length=32, null=True)),
                ('network', models.BinaryField(max_length=32, null=True)),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': '评价来源',
                'verbose_name_plural': '评价来源',
                'indexes': [models.Index(fields=['at'], name='rated_from_time')],
            },
        ),
        migrations.CreateModel(
            name='AnomalyReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20, verbose_name='类型')),
                ('value', models.CharField(max_length=80, verbose_name='分组')),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('covers', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), size=None)),
                ('reason', models.CharField(max_length=300, verbose_name='说明')),
                ('at', models.DateTimeField(verbose_name='核对时间')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核对人')),
            ],
            options={
                'verbose_name': '核对记录',
                'verbose_name_plural': '核对记录',
                'indexes': [models.Index(fields=['kind', 'value', '-at'], name='anomaly_review_group')],
            },
        ),
        migrations.RunSQL(_UP, _DOWN),
    ]

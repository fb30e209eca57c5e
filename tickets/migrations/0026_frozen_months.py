"""Frozen months and their restatements: only ever added, by triggers."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_TABLES = {
    "frozen_month": "tickets_frozenmonth",
    "frozen_page": "tickets_frozenpage",
    "restated": "tickets_restated",
    "restated_page": "tickets_restatedpage",
}
_UP = "".join(
    f"""
CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();
CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION tickets_refuse_change();
"""
    for name, table in _TABLES.items()
)
_DOWN = "".join(
    f"DROP TRIGGER {name}_no_truncate ON {table}; DROP TRIGGER {name}_append_only ON {table};"
    for name, table in _TABLES.items()
)


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0025_call_back_was_contacted'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FrozenMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('as_of', models.DateTimeField(verbose_name='截止时点')),
                ('known_at', models.DateTimeField(verbose_name='知悉时点')),
                ('definitions', models.PositiveSmallIntegerField(verbose_name='口径版本')),
                ('digest', models.BinaryField(max_length=32)),
                ('month', models.DateField(unique=True, verbose_name='月份')),
                ('frozen_at', models.DateTimeField(verbose_name='冻结时间')),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='冻结人')),
            ],
            options={
                'verbose_name': '冻结月份',
                'verbose_name_plural': '冻结月份',
            },
        ),
        migrations.CreateModel(
            name='FrozenPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.CharField(max_length=42)),
                ('content', models.JSONField()),
                ('digest', models.BinaryField(max_length=32)),
                ('taken', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='pages', to='tickets.frozenmonth')),
            ],
            options={
                'verbose_name': '冻结数据',
                'verbose_name_plural': '冻结数据',
            },
        ),
        migrations.CreateModel(
            name='Restated',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('as_of', models.DateTimeField(verbose_name='截止时点')),
                ('known_at', models.DateTimeField(verbose_name='知悉时点')),
                ('definitions', models.PositiveSmallIntegerField(verbose_name='口径版本')),
                ('digest', models.BinaryField(max_length=32)),
                ('ordinal', models.PositiveSmallIntegerField(verbose_name='次序')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('reason', models.CharField(max_length=200, verbose_name='理由')),
                ('by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='重述人')),
                ('frozen', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='restatements', to='tickets.frozenmonth')),
            ],
            options={
                'verbose_name': '重述',
                'verbose_name_plural': '重述',
            },
        ),
        migrations.CreateModel(
            name='RestatedPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.CharField(max_length=42)),
                ('content', models.JSONField()),
                ('digest', models.BinaryField(max_length=32)),
                ('taken', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='pages', to='tickets.restated')),
            ],
            options={
                'verbose_name': '重述数据',
                'verbose_name_plural': '重述数据',
            },
        ),
        migrations.AddConstraint(
            model_name='frozenmonth',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='frozen_month_is_first_day'),
        ),
        migrations.AddConstraint(
            model_name='frozenmonth',
            constraint=models.CheckConstraint(condition=models.Q(('known_at__gt', models.F('as_of'))), name='frozen_after_cut_off'),
        ),
        migrations.AddConstraint(
            model_name='frozenpage',
            constraint=models.UniqueConstraint(fields=('taken', 'place'), name='frozen_page'),
        ),
        migrations.AddConstraint(
            model_name='restated',
            constraint=models.UniqueConstraint(fields=('frozen', 'ordinal'), name='restated_ordinal'),
        ),
        migrations.AddConstraint(
            model_name='restatedpage',
            constraint=models.UniqueConstraint(fields=('taken', 'place'), name='restated_page'),
        ),
        migrations.RunSQL(_UP, _DOWN),
    ]

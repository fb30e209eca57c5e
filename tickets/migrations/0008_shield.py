"""Relayed messages, reveals (which nobody alters afterwards) and erasures by two people."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


_UP = """
CREATE TRIGGER reveal_append_only BEFORE UPDATE OR DELETE ON tickets_reveal
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();
"""
_DOWN = "DROP TRIGGER reveal_append_only ON tickets_reveal;"


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0007_attachments'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(choices=[('wish', '企业申请删除'), ('expired', '保存期满'), ('mistake', '误录无关信息'), ('law', '依法应当删除')], max_length=8, verbose_name='事由')),
                ('state', models.CharField(choices=[('pending', '待批'), ('done', '已删除'), ('refused', '未同意')], default='pending', max_length=8, verbose_name='状态')),
                ('asked_at', models.DateTimeField(verbose_name='申请时间')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='决定时间')),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='申请人')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='决定人')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='tickets.ticket', verbose_name='诉求')),
            ],
            options={
                'verbose_name': '个人信息删除',
                'verbose_name_plural': '个人信息删除',
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['-id'], name='erasure_waiting')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'pending')), fields=('ticket',), name='erasure_one_pending'), models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), ('asked_by__isnull', True), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='erasure_by_another')],
            },
        ),
        migrations.CreateModel(
            name='RelayedMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.PositiveIntegerField(verbose_name='事件序号')),
                ('from_firm', models.BooleanField(verbose_name='企业所写')),
                ('sent_at', models.DateTimeField(verbose_name='发出时间')),
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='对方看到的时间')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='tickets.ticket')),
            ],
            options={
                'verbose_name': '转达留言',
                'verbose_name_plural': '转达留言',
                'constraints': [models.UniqueConstraint(fields=('ticket', 'seq'), name='message_once')],
            },
        ),
        migrations.CreateModel(
            name='Reveal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.PositiveIntegerField(verbose_name='事件序号')),
                ('until', models.DateTimeField(verbose_name='可见至')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='reveals', to='tickets.ticket')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '身份查看',
                'verbose_name_plural': '身份查看',
                'indexes': [models.Index(fields=['ticket', 'user', '-until'], name='reveal_sight')],
                'constraints': [models.UniqueConstraint(fields=('ticket', 'seq'), name='reveal_once')],
            },
        ),
        migrations.RunSQL(_UP, _DOWN),
    ]

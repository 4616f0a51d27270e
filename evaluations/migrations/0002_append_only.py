from django.db import migrations

from evaluations import guards


def install(apps, schema_editor):
    guards.install(schema_editor.connection)


def remove(apps, schema_editor):
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """修改、事件、快照只增不改，已发布的方案不改内容：由数据库的触发器把守（evaluations/guards.py）。"""

    dependencies = [("evaluations", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]

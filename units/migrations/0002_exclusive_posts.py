"""三员互斥写进数据库：系统、安全、审计管理员的任期里，同一个人不能有别的岗位。绕过程序写的也拦。

SQLite 上改 Appointment 的表会重建，触发器随之丢失：以后的迁移改了这张表，要再建一次。
"""

from django.db import migrations

THREE = "('system_admin', 'security_admin', 'audit_admin')"
CLASH = f"""
    SELECT 1 FROM units_appointment AS held
    WHERE held.user_id = NEW.user_id AND held.id <> NEW.id AND held.role <> NEW.role
      AND (NEW.role IN {THREE} OR held.role IN {THREE})
      AND held.since <= COALESCE(NEW.until, '9999-12-31') AND NEW.since <= COALESCE(held.until, '9999-12-31')
"""  # nosec B608 只有上面写死的名字
WORDS = "units_appointment: three administrators exclude one another and every other post"


def create(apps, schema_editor):
    for sql in STATEMENTS[schema_editor.connection.vendor]["create"]:
        schema_editor.execute(sql, params=None)


def remove(apps, schema_editor):
    for sql in STATEMENTS[schema_editor.connection.vendor]["remove"]:
        schema_editor.execute(sql, params=None)


STATEMENTS = {
    "sqlite": {
        "create": [
            f"""
            CREATE TRIGGER units_appointment_exclusive_{act.lower()} BEFORE {act} ON units_appointment
            WHEN EXISTS ({CLASH}) BEGIN SELECT RAISE(ABORT, '{WORDS}'); END
            """
            for act in ("INSERT", "UPDATE")
        ],
        "remove": [
            f"DROP TRIGGER units_appointment_exclusive_{act}" for act in ("insert", "update")
        ],
    },
    # 锁住这个人的行：两个事务同时任命，后一个等前一个提交了再看。
    "postgresql": {
        "create": [
            f"""
            CREATE FUNCTION units_appointment_exclusive() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM 1 FROM units_user WHERE id = NEW.user_id FOR NO KEY UPDATE;
                IF EXISTS ({CLASH}) THEN
                    RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'integrity_constraint_violation';
                END IF;
                RETURN NEW;
            END $$
            """,
            """
            CREATE TRIGGER units_appointment_exclusive BEFORE INSERT OR UPDATE ON units_appointment
            FOR EACH ROW EXECUTE FUNCTION units_appointment_exclusive()
            """,
        ],
        "remove": [
            "DROP TRIGGER units_appointment_exclusive ON units_appointment",
            "DROP FUNCTION units_appointment_exclusive()",
        ],
    },
}


class Migration(migrations.Migration):
    dependencies = [("units", "0001_initial")]
    operations = [migrations.RunPython(create, remove)]

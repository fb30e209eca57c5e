"""The number series, and the trigger that refuses to alter the log.

`ERRCODE integrity_constraint_violation` makes Django raise `IntegrityError`.
"""

from django.db import migrations

_UP = """
CREATE SEQUENCE ticket_number MINVALUE 1 MAXVALUE 999999 CYCLE;

CREATE FUNCTION tickets_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON tickets_event
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();
CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON tickets_event
    FOR EACH STATEMENT EXECUTE FUNCTION tickets_refuse_change();
CREATE TRIGGER shift_append_only BEFORE UPDATE OR DELETE ON tickets_shift
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();

CREATE FUNCTION tickets_keep_promise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.promised_due_at IS DISTINCT FROM OLD.promised_due_at OR NEW.started_at <> OLD.started_at
       OR (OLD.breached_at IS NOT NULL AND NEW.breached_at IS DISTINCT FROM OLD.breached_at) THEN
        RAISE EXCEPTION 'the first promise and a breach never change'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deadline_keeps_promise BEFORE UPDATE ON tickets_deadline
    FOR EACH ROW EXECUTE FUNCTION tickets_keep_promise();
"""

_DOWN = """
DROP TRIGGER deadline_keeps_promise ON tickets_deadline;
DROP FUNCTION tickets_keep_promise();
DROP TRIGGER shift_append_only ON tickets_shift;
DROP TRIGGER event_no_truncate ON tickets_event;
DROP TRIGGER event_append_only ON tickets_event;
DROP FUNCTION tickets_refuse_change();
DROP SEQUENCE ticket_number;
"""


class Migration(migrations.Migration):
    """Log and number series."""

    dependencies = [("tickets", "0001_initial")]
    operations = [migrations.RunSQL(_UP, _DOWN)]

"""The trigger that refuses to alter the audit trail; a reason may only be blanked."""

from django.db import migrations

_UP = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER entry_no_truncate BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER reason_stays BEFORE DELETE ON audit_reason
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER reason_no_truncate BEFORE TRUNCATE ON audit_reason
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

CREATE FUNCTION audit_only_erase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL OR NEW.body <> '' THEN
        RAISE EXCEPTION 'a reason is erased once, never rewritten'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reason_only_erased BEFORE UPDATE ON audit_reason
    FOR EACH ROW EXECUTE FUNCTION audit_only_erase();
"""

_DOWN = """
DROP TRIGGER reason_only_erased ON audit_reason;
DROP FUNCTION audit_only_erase();
DROP TRIGGER reason_no_truncate ON audit_reason;
DROP TRIGGER reason_stays ON audit_reason;
DROP TRIGGER entry_no_truncate ON audit_entry;
DROP TRIGGER entry_append_only ON audit_entry;
DROP FUNCTION audit_refuse_change();
"""


class Migration(migrations.Migration):
    """Append-only by the database."""

    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(_UP, _DOWN)]

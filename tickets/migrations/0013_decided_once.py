"""The database holds what the verbs promise: calls stay as told, asked moves are decided once, ended legs stay ended."""

from django.db import migrations

_UP = """
CREATE TRIGGER callback_append_only BEFORE UPDATE OR DELETE ON tickets_callback
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();

CREATE FUNCTION tickets_decide_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'pending' THEN
        RAISE EXCEPTION 'an approval is decided once'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.id, NEW.ticket_id, NEW.action, NEW.asked_by_id, NEW.asked_party, NEW.asked_at, NEW.seq, NEW.data)
       IS DISTINCT FROM
       (OLD.id, OLD.ticket_id, OLD.action, OLD.asked_by_id, OLD.asked_party, OLD.asked_at, OLD.seq, OLD.data) THEN
        RAISE EXCEPTION 'what was asked for never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_decided_once BEFORE UPDATE ON tickets_approval
    FOR EACH ROW EXECUTE FUNCTION tickets_decide_once();
CREATE TRIGGER approval_stays BEFORE DELETE ON tickets_approval
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();

CREATE FUNCTION tickets_end_leg_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'a leg that has ended is never reopened'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.id, NEW.ticket_id, NEW.department_id, NEW.round, NEW.assigned_at)
       IS DISTINCT FROM (OLD.id, OLD.ticket_id, OLD.department_id, OLD.round, OLD.assigned_at)
       OR (OLD.signed_at IS NOT NULL AND NEW.signed_at IS DISTINCT FROM OLD.signed_at) THEN
        RAISE EXCEPTION 'whose leg it is, and since when, never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER leg_ends_once BEFORE UPDATE ON tickets_leg
    FOR EACH ROW EXECUTE FUNCTION tickets_end_leg_once();
CREATE TRIGGER leg_stays BEFORE DELETE ON tickets_leg
    FOR EACH ROW EXECUTE FUNCTION tickets_refuse_change();
"""

_DOWN = """
DROP TRIGGER leg_stays ON tickets_leg;
DROP TRIGGER leg_ends_once ON tickets_leg;
DROP FUNCTION tickets_end_leg_once();
DROP TRIGGER approval_stays ON tickets_approval;
DROP TRIGGER approval_decided_once ON tickets_approval;
DROP FUNCTION tickets_decide_once();
DROP TRIGGER callback_append_only ON tickets_callback;
"""


class Migration(migrations.Migration):
    """Calls, approvals and legs."""

    dependencies = [("tickets", "0012_objectors")]
    operations = [migrations.RunSQL(_UP, _DOWN)]

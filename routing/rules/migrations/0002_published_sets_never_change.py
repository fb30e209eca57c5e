"""Published rule sets are what past decisions point to, so the database refuses to alter them."""

from django.db import migrations

# integrity_constraint_violation makes Django raise IntegrityError.
FORWARD = """
CREATE FUNCTION rules_refuse_published_set() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'rule set % is published and never changes', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION rules_refuse_published_rule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sets bigint[];
BEGIN
    sets := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.rule_set_id]
                       WHEN 'DELETE' THEN ARRAY[OLD.rule_set_id]
                       ELSE ARRAY[OLD.rule_set_id, NEW.rule_set_id] END;
    -- Wait for a publishing under way, then look: otherwise a line could slip in behind it.
    PERFORM 1 FROM rules_ruleset WHERE id = ANY (sets) FOR SHARE;
    IF EXISTS (SELECT 1 FROM rules_ruleset WHERE id = ANY (sets) AND published_at IS NOT NULL) THEN
        RAISE EXCEPTION 'rules of a published set never change'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER rules_ruleset_frozen BEFORE UPDATE OR DELETE ON rules_ruleset
    FOR EACH ROW EXECUTE FUNCTION rules_refuse_published_set();
CREATE TRIGGER rules_rule_frozen BEFORE INSERT OR UPDATE OR DELETE ON rules_rule
    FOR EACH ROW EXECUTE FUNCTION rules_refuse_published_rule();
"""
BACKWARD = """
DROP TRIGGER rules_rule_frozen ON rules_rule;
DROP TRIGGER rules_ruleset_frozen ON rules_ruleset;
DROP FUNCTION rules_refuse_published_rule();
DROP FUNCTION rules_refuse_published_set();
"""


class Migration(migrations.Migration):
    dependencies = [("rules", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

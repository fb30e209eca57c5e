"""A published calendar version or policy set is followed by a new one, never edited: due times rest on it."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION promises_published_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.published_at IS NOT NULL THEN
    RAISE EXCEPTION '% % is published: publish a new version instead', TG_TABLE_NAME, OLD.id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;

-- the rows of a version: the second argument is the parent's table, the third the column that names it
CREATE FUNCTION promises_rows_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE published boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE id IN ($1, $2) AND published_at IS NOT NULL)', TG_ARGV[0])
    INTO published
    USING CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE (to_jsonb(OLD) ->> TG_ARGV[1])::bigint END,
          CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE (to_jsonb(NEW) ->> TG_ARGV[1])::bigint END;
  IF published THEN
    RAISE EXCEPTION 'rows of a published % are final: publish a new version instead', TG_ARGV[0]
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER published_is_final BEFORE UPDATE OR DELETE ON promises_calendarversion
  FOR EACH ROW EXECUTE FUNCTION promises_published_is_final();
CREATE TRIGGER published_is_final BEFORE UPDATE OR DELETE ON promises_policyset
  FOR EACH ROW EXECUTE FUNCTION promises_published_is_final();
CREATE TRIGGER rows_are_final BEFORE INSERT OR UPDATE OR DELETE ON promises_opening
  FOR EACH ROW EXECUTE FUNCTION promises_rows_are_final('promises_calendarversion', 'version_id');
CREATE TRIGGER rows_are_final BEFORE INSERT OR UPDATE OR DELETE ON promises_calendarday
  FOR EACH ROW EXECUTE FUNCTION promises_rows_are_final('promises_calendarversion', 'version_id');
CREATE TRIGGER rows_are_final BEFORE INSERT OR UPDATE OR DELETE ON promises_policy
  FOR EACH ROW EXECUTE FUNCTION promises_rows_are_final('promises_policyset', 'set_id');
"""

ALLOW = """
DROP TRIGGER rows_are_final ON promises_policy;
DROP TRIGGER rows_are_final ON promises_calendarday;
DROP TRIGGER rows_are_final ON promises_opening;
DROP TRIGGER published_is_final ON promises_policyset;
DROP TRIGGER published_is_final ON promises_calendarversion;
DROP FUNCTION promises_rows_are_final();
DROP FUNCTION promises_published_is_final();
"""


class Migration(migrations.Migration):
    """Triggers only."""

    dependencies = [("promises", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]

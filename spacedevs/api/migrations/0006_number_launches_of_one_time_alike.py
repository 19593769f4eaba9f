from django.db import migrations

# Launches of one time share their numbers and their turnaround since this release: all are computed anew.
CHANGED = "launches.Launch launch", "places.Pad pad", "vehicles.LauncherConfig launcher_config"


def note_what_changed(apps, schema_editor):
    """Leaves these figures to be computed anew, where there are any; the table of a new database is made later."""
    with schema_editor.connection.cursor() as cursor:
        if "launches_launch" not in schema_editor.connection.introspection.table_names(cursor):
            return
        cursor.execute("SELECT 1 FROM launches_launch LIMIT 1")
        if cursor.fetchone() is None:
            return
    updates = apps.get_model("api", "PendingUpdate").objects
    updates.bulk_create(updates.model(kind=kind) for kind in CHANGED)


class Migration(migrations.Migration):

    dependencies = [
        ('api', '0005_pending_update'),
    ]

    operations = [migrations.RunPython(note_what_changed, migrations.RunPython.noop)]

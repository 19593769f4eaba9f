from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vehicles", "0002_launcherconfig_active_launcherconfig_alias_and_more"),
    ]

    operations = [
        migrations.RenameField("spacecraft", "in_space", "recorded_in_space"),
        migrations.RenameField("spacecraft", "time_in_space", "recorded_time_in_space"),
        migrations.RenameField("spacecraft", "time_docked", "recorded_time_docked"),
        migrations.RenameField("spacecraft", "mission_ends_count", "recorded_mission_ends_count"),
        migrations.AddField(
            model_name='spacecraft',
            name='docked_since',
            field=models.DateTimeField(blank=True, editable=False, help_text='Start of its last docking event, UTC.', null=True),
        ),
        migrations.AddField(
            model_name='spacecraft',
            name='docked_until',
            field=models.DateTimeField(blank=True, editable=False, help_text='End of its last docking event, UTC.', null=True),
        ),
        migrations.AddField(
            model_name='spacecraft',
            name='in_space_since',
            field=models.DateTimeField(blank=True, editable=False, help_text='Launch of its last flight, UTC.', null=True),
        ),
        migrations.AddField(
            model_name='spacecraft',
            name='in_space_until',
            field=models.DateTimeField(blank=True, editable=False, help_text='End of its last flight, UTC.', null=True),
        ),
        migrations.AlterField(
            model_name='spacecraft',
            name='recorded_in_space',
            field=models.BooleanField(default=False, editable=False, verbose_name='in space'),
        ),
        migrations.AlterField(
            model_name='spacecraft',
            name='recorded_mission_ends_count',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='mission ends count'),
        ),
        migrations.AlterField(
            model_name='spacecraft',
            name='recorded_time_docked',
            field=models.DurationField(blank=True, editable=False, help_text='Total of all docking events except the last.', null=True, verbose_name='time docked'),
        ),
        migrations.AlterField(
            model_name='spacecraft',
            name='recorded_time_in_space',
            field=models.DurationField(blank=True, editable=False, help_text='Total of all flights except the last.', null=True, verbose_name='time in space'),
        ),
    ]

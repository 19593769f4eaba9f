from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("editing", "0001_versions"),
    ]

    operations = [
        migrations.RenameField("historicalastronaut", "in_space", "recorded_in_space"),
        migrations.RenameField("historicalastronaut", "time_in_space", "recorded_time_in_space"),
        migrations.RenameField("historicalastronaut", "landings_count", "recorded_landings_count"),
        migrations.RenameField("historicalspacecraftflight", "duration", "recorded_duration"),
        migrations.RenameField("historicalspacestation", "onboard_crew", "recorded_onboard_crew"),
        migrations.RenameField("historicalspacestation", "docked_vehicles", "recorded_docked_vehicles"),
        migrations.RenameField("historicalspacecraft", "in_space", "recorded_in_space"),
        migrations.RenameField("historicalspacecraft", "time_in_space", "recorded_time_in_space"),
        migrations.RenameField("historicalspacecraft", "time_docked", "recorded_time_docked"),
        migrations.RenameField("historicalspacecraft", "mission_ends_count", "recorded_mission_ends_count"),
        migrations.AddField(
            model_name='historicalastronaut',
            name='in_space_since',
            field=models.DateTimeField(blank=True, editable=False, help_text='Launch of their last flight, UTC.', null=True),
        ),
        migrations.AddField(
            model_name='historicalastronaut',
            name='in_space_until',
            field=models.DateTimeField(blank=True, editable=False, help_text='Landing of their last flight, UTC.', null=True),
        ),
        migrations.AddField(
            model_name='historicalastronaut',
            name='last_landing',
            field=models.DateTimeField(blank=True, editable=False, help_text='UTC.', null=True),
        ),
        migrations.AddField(
            model_name='historicalspacecraft',
            name='docked_since',
            field=models.DateTimeField(blank=True, editable=False, help_text='Start of its last docking event, UTC.', null=True),
        ),
        migrations.AddField(
            model_name='historicalspacecraft',
            name='docked_until',
            field=models.DateTimeField(blank=True, editable=False, help_text='End of its last docking event, UTC.', null=True),
        ),
        migrations.AddField(
            model_name='historicalspacecraft',
            name='in_space_since',
            field=models.DateTimeField(blank=True, editable=False, help_text='Launch of its last flight, UTC.', null=True),
        ),
        migrations.AddField(
            model_name='historicalspacecraft',
            name='in_space_until',
            field=models.DateTimeField(blank=True, editable=False, help_text='End of its last flight, UTC.', null=True),
        ),
        migrations.AddField(
            model_name='historicalspacecraftflight',
            name='lifted_off',
            field=models.DateTimeField(blank=True, editable=False, help_text='When it reached space, UTC.', null=True),
        ),
        migrations.AlterField(
            model_name='historicalastronaut',
            name='recorded_in_space',
            field=models.BooleanField(default=False, editable=False, verbose_name='in space'),
        ),
        migrations.AlterField(
            model_name='historicalastronaut',
            name='recorded_landings_count',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='landings count'),
        ),
        migrations.AlterField(
            model_name='historicalastronaut',
            name='recorded_time_in_space',
            field=models.DurationField(blank=True, editable=False, help_text='Total of all flights except the last.', null=True, verbose_name='time in space'),
        ),
        migrations.AlterField(
            model_name='historicalspacecraft',
            name='recorded_in_space',
            field=models.BooleanField(default=False, editable=False, verbose_name='in space'),
        ),
        migrations.AlterField(
            model_name='historicalspacecraft',
            name='recorded_mission_ends_count',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='mission ends count'),
        ),
        migrations.AlterField(
            model_name='historicalspacecraft',
            name='recorded_time_docked',
            field=models.DurationField(blank=True, editable=False, help_text='Total of all docking events except the last.', null=True, verbose_name='time docked'),
        ),
        migrations.AlterField(
            model_name='historicalspacecraft',
            name='recorded_time_in_space',
            field=models.DurationField(blank=True, editable=False, help_text='Total of all flights except the last.', null=True, verbose_name='time in space'),
        ),
        migrations.AlterField(
            model_name='historicalspacecraftflight',
            name='recorded_duration',
            field=models.DurationField(blank=True, editable=False, help_text='From launch to mission end.', null=True, verbose_name='duration'),
        ),
        migrations.AlterField(
            model_name='historicalspacestation',
            name='recorded_docked_vehicles',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='docked vehicles'),
        ),
        migrations.AlterField(
            model_name='historicalspacestation',
            name='recorded_onboard_crew',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='onboard crew'),
        ),
    ]

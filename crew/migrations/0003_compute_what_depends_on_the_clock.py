from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "0002_astronaut_astronautflight"),
    ]

    operations = [
        migrations.RenameField("astronaut", "in_space", "recorded_in_space"),
        migrations.RenameField("astronaut", "time_in_space", "recorded_time_in_space"),
        migrations.RenameField("astronaut", "landings_count", "recorded_landings_count"),
        migrations.AddField(
            model_name='astronaut',
            name='in_space_since',
            field=models.DateTimeField(blank=True, editable=False, help_text='Launch of their last flight, UTC.', null=True),
        ),
        migrations.AddField(
            model_name='astronaut',
            name='in_space_until',
            field=models.DateTimeField(blank=True, editable=False, help_text='Landing of their last flight, UTC.', null=True),
        ),
        migrations.AddField(
            model_name='astronaut',
            name='last_landing',
            field=models.DateTimeField(blank=True, editable=False, help_text='UTC.', null=True),
        ),
        migrations.AlterField(
            model_name='astronaut',
            name='recorded_in_space',
            field=models.BooleanField(default=False, editable=False, verbose_name='in space'),
        ),
        migrations.AlterField(
            model_name='astronaut',
            name='recorded_landings_count',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='landings count'),
        ),
        migrations.AlterField(
            model_name='astronaut',
            name='recorded_time_in_space',
            field=models.DurationField(blank=True, editable=False, help_text='Total of all flights except the last.', null=True, verbose_name='time in space'),
        ),
    ]

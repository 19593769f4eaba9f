from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("launches", "0003_launch_flightclub_url_launch_info_urls_and_more"),
    ]

    operations = [
        migrations.RenameField("spacecraftflight", "duration", "recorded_duration"),
        migrations.AddField(
            model_name='spacecraftflight',
            name='lifted_off',
            field=models.DateTimeField(blank=True, editable=False, help_text='When it reached space, UTC.', null=True),
        ),
        migrations.AlterField(
            model_name='spacecraftflight',
            name='recorded_duration',
            field=models.DurationField(blank=True, editable=False, help_text='From launch to mission end.', null=True, verbose_name='duration'),
        ),
    ]

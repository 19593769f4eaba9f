from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stations", "0002_expedition"),
    ]

    operations = [
        migrations.RenameField("spacestation", "onboard_crew", "recorded_onboard_crew"),
        migrations.RenameField("spacestation", "docked_vehicles", "recorded_docked_vehicles"),
        migrations.AlterField(
            model_name='spacestation',
            name='recorded_docked_vehicles',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='docked vehicles'),
        ),
        migrations.AlterField(
            model_name='spacestation',
            name='recorded_onboard_crew',
            field=models.IntegerField(blank=True, editable=False, null=True, verbose_name='onboard crew'),
        ),
    ]

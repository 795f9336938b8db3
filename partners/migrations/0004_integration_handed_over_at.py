from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0003_request_log")]

    operations = [
        migrations.AddField(
            model_name="integration",
            name="handed_over_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="handed over"),
        ),
    ]

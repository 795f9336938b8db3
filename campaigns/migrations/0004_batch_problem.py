from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0003_batch_repeats"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="problem",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]

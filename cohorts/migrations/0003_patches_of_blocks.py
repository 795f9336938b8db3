from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cohorts", "0002_storage")]

    operations = [
        migrations.AddField("block", "added", ArrayField(models.IntegerField(), null=True)),
        migrations.AddField("block", "removed", ArrayField(models.IntegerField(), null=True)),
    ]

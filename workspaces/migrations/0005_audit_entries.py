"""Count entries of the audit log as such."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0004_members_who_were_staff")]

    operations = [
        migrations.AlterModelOptions(
            name="auditentry",
            options={
                "ordering": ["-at", "-id"],
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
            },
        ),
    ]

"""Find users by email and phone, and those updated last; let some people merge users.

The indexes of email and phone hold a digest of eight bytes, whatever the length of the text,
and nothing for users without one: 40 MB each for a million users, whose import takes a
third longer for both. Hash indexes are as large and as dear, and where users share a value,
inserting walks the whole chain of its pages: 400,000 users with the same address were
imported at 8,000 a second, and at 38,000 this way.
"""

import django.db.models.deletion
from django.db import migrations, models

# The expressions of `profiles.search`.
EMAIL = """
CREATE INDEX profiles_profile_email ON profiles_profile
    (hashtextextended(lower(attributes ->> 'email'), 0), updated_at)
    WHERE (attributes ->> 'email') IS NOT NULL
"""
PHONE = """
CREATE INDEX profiles_profile_phone ON profiles_profile
    (hashtextextended(ltrim(translate(attributes ->> 'phone', ' -.()/+', ''), '0'), 0), updated_at)
    WHERE (attributes ->> 'phone') IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0004_activity_and_deleted_ids")]

    operations = [
        migrations.AlterModelOptions(
            name="profile",
            options={
                "permissions": [("merge_profile", "Can merge users")],
                "verbose_name": "user",
                "verbose_name_plural": "users",
            },
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(
                fields=["workspace", "updated_at", "id"], name="profiles_profile_recent"
            ),
        ),
        # Begins with the workspace too.
        migrations.AlterField(
            model_name="profile",
            name="workspace",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="profiles",
                to="workspaces.workspace",
            ),
        ),
        migrations.RunSQL(EMAIL, "DROP INDEX profiles_profile_email"),
        migrations.RunSQL(PHONE, "DROP INDEX profiles_profile_phone"),
    ]

"""What the model can't say: the covering primary key, and bitmaps stored as they are.

The value leads the key because it alone tells nearly all identifiers apart: a probe then
compares one column instead of four at each step (2.2 µs against 3.0 µs an id over 1 M).
"""

from django.db import migrations

COVERING = """
ALTER TABLE profiles_identifier DROP CONSTRAINT profiles_identifier_pkey;
ALTER TABLE profiles_identifier ADD PRIMARY KEY (value, kind, label, workspace_id)
    INCLUDE (profile_id, state);
"""
PLAIN = """
ALTER TABLE profiles_identifier DROP CONSTRAINT profiles_identifier_pkey;
ALTER TABLE profiles_identifier ADD PRIMARY KEY (value, kind, label, workspace_id);
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0001_initial")]

    operations = [
        migrations.RunSQL(COVERING, PLAIN),
        migrations.RunSQL(
            "ALTER TABLE profiles_knownblock ALTER COLUMN members SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]

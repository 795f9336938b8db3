"""Storage of the hot tables.

Bitmaps and payloads go in as they are: trying to compress them costs accept and apply
more than the bytes are worth. Heads, cursors, blocks and the counters are updated all the time,
so their pages keep room for the next version of each row. (Of a block, whose members lie
elsewhere, that is a hundred bytes: a tenth less for a merge in 2,000 cohorts.)
"""

from django.db import migrations

EXTERNAL = {
    "cohorts_block": ["members"],
    "cohorts_upload": [
        "members_added",
        "members_removed",
        "external_ids",
        "device_ids",
        "alias_labels",
        "alias_names",
    ],
}

STORAGE = "".join(
    f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL;"
    for table, columns in EXTERNAL.items()
    for column in columns
)
ROOM = """
ALTER TABLE cohorts_block SET (fillfactor = 50);
ALTER TABLE cohorts_cohorthead SET (fillfactor = 50);
ALTER TABLE cohorts_cohortcursor SET (fillfactor = 50);
ALTER TABLE partners_requestcount SET (fillfactor = 50);
"""


class Migration(migrations.Migration):
    dependencies = [("cohorts", "0001_initial"), ("partners", "0001_initial")]

    operations = [
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
    ]

"""Storage: bitmaps are compressed already, and a batch's row changes with every message."""

from django.db import migrations

STORAGE = """
ALTER TABLE campaigns_launchblock ALTER COLUMN members SET STORAGE EXTERNAL;
ALTER TABLE campaigns_batch SET (fillfactor = 50);
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]

    operations = [migrations.RunSQL(STORAGE, migrations.RunSQL.noop)]

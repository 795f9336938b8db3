"""Which users have which values (`profiles.facets`).

Pages hold compressed bitmaps and packed keys, so PostgreSQL need not try to compress them.
Users who are there already are noted as changed: the first folds make their pages.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import common.fields

STORAGE = """
ALTER TABLE profiles_facetpage
    ALTER COLUMN below SET STORAGE EXTERNAL,
    ALTER COLUMN members SET STORAGE EXTERNAL,
    ALTER COLUMN detail SET STORAGE EXTERNAL;
ALTER TABLE profiles_facetchange ALTER COLUMN users SET STORAGE EXTERNAL;
"""

# Every position of a block as one run, in the serialised form of `common.fields`.
NOTE_EVERYBODY = r"""
INSERT INTO profiles_facetchange (workspace_id, number, users, count, names)
SELECT workspace_id, id >> 16, '\x{everybody}', count(*), NULL
FROM profiles_profile GROUP BY workspace_id, id >> 16
"""
EVERYBODY = "0100000000000000000000003b300000010000ffff01000000ffff"


class Migration(migrations.Migration):
    dependencies = [("profiles", "0005_search_indexes")]

    operations = [
        migrations.CreateModel(
            name="FacetSubject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin", models.PositiveSmallIntegerField()),
                ("name", models.TextField(db_collation="C")),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FacetPage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "subject_id",
                        "kind",
                        "number",
                        "low",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("kind", models.PositiveSmallIntegerField()),
                ("number", models.BigIntegerField()),
                ("low", models.BinaryField()),
                ("below", common.fields.BitmapField(null=True)),
                ("members", common.fields.BitmapField(null=True)),
                ("detail", models.BinaryField()),
                ("keys", models.IntegerField()),
                ("positions", models.IntegerField()),
                (
                    "subject",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="profiles.facetsubject",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FacetChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("users", common.fields.BitmapField()),
                ("count", models.IntegerField()),
                (
                    "names",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), null=True, size=None
                    ),
                ),
                (
                    "noted_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "number"], name="profiles_facetchange_block")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="facetsubject",
            constraint=models.UniqueConstraint(
                fields=("workspace", "origin", "name"), name="profiles_facetsubject_once"
            ),
        ),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
        migrations.RunSQL(NOTE_EVERYBODY.replace("{everybody}", EVERYBODY), migrations.RunSQL.noop),
    ]

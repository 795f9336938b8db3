import django.db.models.deletion
from django.db import migrations, models

import common.fields


class Migration(migrations.Migration):
    dependencies = [
        ("cohorts", "0004_look_up_a_bit"),
        ("imports", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="cohort",
            name="own_name",
            field=models.CharField(
                blank=True, db_default="", max_length=255, verbose_name="name given here"
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="job_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("job_id__isnull", False)),
                fields=["job_id"],
                name="cohorts_upload_of_job",
            ),
        ),
        migrations.CreateModel(
            name="CohortCount",
            fields=[
                (
                    "cohort",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="count",
                        serialize=False,
                        to="cohorts.cohort",
                    ),
                ),
                ("size", models.PositiveBigIntegerField()),
                ("waiting", models.PositiveBigIntegerField()),
                ("sequence", models.BigIntegerField()),
                ("is_settled", models.BooleanField()),
                ("counted_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CohortSize",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "cohort_id",
                        "at",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("size", models.PositiveBigIntegerField()),
                ("waiting", models.PositiveBigIntegerField()),
                (
                    "cohort",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sizes",
                        to="cohorts.cohort",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CohortImport",
            fields=[
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="imports.job",
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("add", "Add these ids"),
                            ("remove", "Remove these ids"),
                            ("replace", "Replace the whole membership"),
                        ],
                        max_length=16,
                        verbose_name="mode",
                    ),
                ),
                ("unknown", models.PositiveBigIntegerField(default=0)),
                ("ignored_device", models.PositiveBigIntegerField(default=0)),
                ("deleted", models.PositiveBigIntegerField(default=0)),
                ("replaced_at", models.DateTimeField(null=True)),
                ("discarded_at", models.DateTimeField(null=True)),
                (
                    "cohort",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imports",
                        to="cohorts.cohort",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("replaced_at", None), ("discarded_at", None), _connector="OR"
                        ),
                        name="cohorts_cohortimport_ends_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StagedBlock",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "file_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("members", common.fields.BitmapField()),
                (
                    "file",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="blocks",
                        to="cohorts.cohortimport",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE cohorts_stagedblock ALTER COLUMN members SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]

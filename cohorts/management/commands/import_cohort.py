import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from cohorts import outcomes
from cohorts.applying import runner
from cohorts.importing import files, replacing, targets
from cohorts.models import Cohort, CohortCursor, CohortHead, CohortImport, Mode
from imports.command import ImportCommand
from imports.models import Job
from partners import arguments as partner_arguments
from workspaces import arguments

LOOK_EVERY_SECONDS = 0.1


class Command(ImportCommand):
    help = (
        "Add the ids of a file to a cohort, remove them, or replace its members by them."
        " CSV or one JSON object a line, gzipped or not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--partner", metavar="SLUG", required=True, help="slug of the partner")
        parser.add_argument(
            "--cohort", metavar="ID", required=True, help="the cohort's id; a new one is created"
        )
        parser.add_argument("--name", default="", help="what a new cohort is called")
        parser.add_argument(
            "--mode", choices=Mode.values, default=Mode.ADD.value, help="what the ids do"
        )
        parser.add_argument(
            "--yes", action="store_true", help="replace without asking; otherwise it asks"
        )

    def handle(self, *args: Any, file: Path, rejects: Path | None, **options: Any) -> None:
        """Print what became of the ids once all of them are applied."""
        mode = Mode(options["mode"])
        with self.reading(file):
            files.check(file)
            cohort = self._cohort(options)
            job = files.run(
                cohort,
                file,
                mode=mode,
                by=self.actor,
                on_wait=self.say_that_it_waits,
                on_batch=self.say_how_far,
            )
            self.show_rejects(job, rejects)
            if mode == Mode.REPLACE:
                self._replace(job, sure=options["yes"])
            else:
                self._apply(cohort)
        for count, number in outcomes.of_job(job.pk).counts.items():
            self.stdout.write(f"{count} {number}")
        self.stdout.write(f"rejected {job.rows_rejected}")

    def _cohort(self, options: dict[str, Any]) -> Cohort:
        workspace = arguments.workspace(options["workspace"])
        partner = partner_arguments.partner(options["partner"])
        try:
            return targets.find_or_create(
                workspace, partner, options["cohort"], name=options["name"], by=self.actor
            )
        except targets.InvalidCohort as error:
            raise CommandError(str(error)) from error

    def _apply(self, cohort: Cohort) -> None:
        """Come back when all that was handed over is applied, by a worker or else by us."""
        until = CohortHead.objects.get(pk=cohort.pk).sequence
        while True:
            runner.run(cohort.pk)
            cursor = CohortCursor.objects.get(pk=cohort.pk)
            if cursor.sequence >= until:
                return
            if cursor.parked_at:
                raise CommandError(
                    "The ids are stored, but the cohort is parked: retry or skip its failing"
                    " upload on its page, and they are applied."
                )
            time.sleep(LOOK_EVERY_SECONDS)

    def _replace(self, job: Job, *, sure: bool) -> None:
        file = CohortImport.objects.select_related("job", "cohort__workspace").get(pk=job.pk)
        self._apply(file.cohort)
        change = replacing.difference(file)
        self.say(
            f"{file.cohort}: {len(change.added):,} would be added ({change.waiting:,} of them"
            f" wait for their user), {change.leaving:,} removed, {change.staying:,} stay."
        )
        if job.rows_rejected:
            self.say("Whom the rejected rows mean isn't in the file, and would be removed.")
        if not sure and not self._agrees():
            replacing.discard(file, by=self.actor)
            raise CommandError("Nothing was changed.")
        try:
            replacing.replace(file, fingerprint=change.fingerprint, by=self.actor)
        except replacing.CannotReplace as error:
            replacing.discard(file, by=self.actor)
            raise CommandError(str(error)) from error

    def _agrees(self) -> bool:
        self.say("Type yes to replace the members, or give --yes:")
        try:
            return input().strip().lower() == "yes"
        except EOFError:
            return False

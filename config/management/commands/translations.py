from typing import Any

from django.core.management.base import BaseCommand

from config import catalogue


class Command(BaseCommand):
    help = "Collect every text into the translators' files, compile them, and name what is missing."

    def handle(self, *args: Any, **options: Any) -> None:
        for language in catalogue.languages():
            found = catalogue.update(language)
            missing = catalogue.untranslated(found)
            for message in missing:
                self.stdout.write(str(message.id))
            self.stderr.write(
                f"{language}: {len(list(found)) - 1} texts, {len(missing)} without a translation."
            )

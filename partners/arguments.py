"""Arguments of commands that name a partner."""

from django.core.management.base import CommandError, CommandParser

from partners.models import Partner


def add_partner(parser: CommandParser) -> None:
    parser.add_argument("partner", metavar="PARTNER", help="slug of the partner, as in tinyclues")


def partner(slug: str) -> Partner:
    """The partner that a command names.

    Raises `CommandError`, which tells the slugs that there are.
    """
    found = Partner.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Partner.objects.order_by("slug").values_list("slug", flat=True))
        raise CommandError(
            f"There is no partner {slug}. There are: {known}; create_partner adds one."
        )
    return found

"""Which partners there are, and what people call them."""

from django.core.exceptions import ValidationError
from django.db import transaction

from partners.models import Partner
from workspaces import audit


class InvalidPartner(ValueError):
    """Why a partner can't be added, in one sentence."""


@transaction.atomic
def add(*, slug: str, name: str = "", by: audit.Actor) -> Partner:
    """Add a technology partner. Without a name it is called by its slug.

    Raises `InvalidPartner` for a slug that is taken or isn't one.
    """
    partner = Partner(slug=slug, name=name.strip() or slug)
    try:
        partner.full_clean()
    except ValidationError as error:
        codes = {problem.code for problems in error.error_dict.values() for problem in problems}
        taken = f"There is already a partner {slug}." if "unique" in codes else ""
        raise InvalidPartner(taken or " ".join(error.messages)) from error
    partner.save()
    audit.record(
        workspace=None,
        by=by,
        action="partner.added",
        object_type="partner",
        object_id=partner.slug,
        details={"name": partner.name},
    )
    return partner


@transaction.atomic
def rename(partner: Partner, *, name: str, by: audit.Actor) -> bool:
    """Call a partner something else. Its slug, and all that uses it, stays. False for no change.

    Raises `InvalidPartner` for a name that is none.
    """
    before, partner.name = partner.name, name.strip()
    try:
        partner.clean_fields()
    except ValidationError as error:
        raise InvalidPartner(" ".join(error.messages)) from error
    if partner.name == before:
        return False
    partner.save(update_fields=["name"])
    audit.record(
        workspace=None,
        by=by,
        action="partner.renamed",
        object_type="partner",
        object_id=partner.slug,
        details={"from": before, "to": partner.name},
    )
    return True

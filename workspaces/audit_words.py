"""What was done, and to what, in words, for all that the audit log knows."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

WORDS: Mapping[str, Any] = {
    "workspace.created": _("Workspace created"),
    "workspace.changed": _("Workspace changed"),
    "waiting_ids.purged": _("Waiting ids purged"),
    "demo.loaded": _("Demo loaded"),
    "user.created": _("Account created"),
    "user.changed": _("Account changed"),
    "user.locked_out": _("Account locked after failed sign-ins"),
    "user.unlocked": _("Account unlocked"),
    "user.password_changed": _("Own password changed"),
    "user.signed_out_elsewhere": _("Other sessions ended"),
    "second_factor.turned_on": _("Second factor turned on"),
    "second_factor.turned_off": _("Second factor turned off"),
    "second_factor.reset": _("Second factor reset"),
    "recovery_codes.made": _("New recovery codes made"),
    "recovery_code.used": _("Recovery code used"),
    "invitation.made": _("Invited to the team"),
    "invitation.revoked": _("Invitation revoked"),
    "invitation.accepted": _("Invitation accepted"),
    "membership.added": _("Added to the team"),
    "membership.changed": _("Role in the team changed"),
    "membership.removed": _("Removed from the team"),
    "partner.added": _("Partner added"),
    "partner.changed": _("Partner changed"),
    "partner.renamed": _("Partner renamed"),
    "integration.connected": _("Partner connected"),
    "integration.handed_over": _("Endpoint and key handed over"),
    "integration.tested": _("Test call sent"),
    "integration.disabled": _("Partner disabled"),
    "integration.enabled": _("Partner enabled"),
    "integration.changed": _("Connection of a partner changed"),
    "partner_api_key.issued": _("Partner API key issued"),
    "partner_api_key.rotated": _("Partner API key rotated"),
    "partner_api_key.invalidated": _("Partner API key invalidated"),
    "data_import_key.issued": _("Data import key issued"),
    "data_import_key.rotated": _("Data import key rotated"),
    "data_import_key.invalidated": _("Data import key invalidated"),
    "rest_api_key.issued": _("REST API key issued"),
    "rest_api_key.rotated": _("REST API key rotated"),
    "rest_api_key.invalidated": _("REST API key invalidated"),
    "users.track": _("Users updated"),
    "users.imported": _("Users imported"),
    "users.import_cancelled": _("Import of users cancelled"),
    "users.import_failed": _("Import of users failed"),
    "user.identified": _("User identified"),
    "user.merged": _("Users merged"),
    "user.deleted": _("User deleted"),
    "waiting_id.deleted": _("Waiting id deleted"),
    "users.alias.new": _("Aliases added"),
    "users.alias.update": _("Aliases renamed"),
    "cohort.retried": _("Upload of a cohort retried"),
    "cohort.skipped": _("Upload of a cohort skipped"),
    "cohort.created": _("Cohort created for a file"),
    "cohort.renamed": _("Cohort renamed"),
    "cohort.archived": _("Cohort archived"),
    "cohort.restored": _("Cohort restored"),
    "cohort.replaced": _("Members of a cohort replaced"),
    "cohort.replacement_discarded": _("Replacing a cohort's members called off"),
    "cohort.imported": _("Cohort imported"),
    "cohort.import_cancelled": _("Import of a cohort cancelled"),
    "cohort.import_failed": _("Import of a cohort failed"),
    "segment.created": _("Segment created"),
    "segment.changed": _("Segment changed"),
    "segment.archived": _("Segment archived"),
    "segment.restored": _("Segment restored"),
    "segment.exported": _("Members of a segment exported"),
    "segment.export_cancelled": _("Export of a segment cancelled"),
    "segment.export_failed": _("Export of a segment failed"),
}

# What it was done to.
KINDS: Mapping[str, Any] = {
    "cohort": _("Cohort"),
    "data_import_key": _("Data import key"),
    "import": _("Import"),
    "integration": _("Connection of a partner"),
    "invitation": _("Invitation"),
    "membership": _("Team member"),
    "partner": _("Technology partner"),
    "partner_api_key": _("Partner API key"),
    "rest_api_key": _("REST API key"),
    "segment": _("Segment"),
    "user": _("User or account"),
    "waiting_id": _("Waiting id"),
    "workspace": _("Workspace"),
}


def words(action: str) -> str:
    """For people; the name itself where it is one that this version doesn't know."""
    return str(WORDS.get(action, action))


def kind_words(object_type: str) -> str:
    return str(KINDS.get(object_type, object_type))

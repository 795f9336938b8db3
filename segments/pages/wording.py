"""Why something can't be done to a segment, in a sentence for people."""

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from segments import paths, services
from segments.api.requests import MOST_TAGS
from segments.bulk import TooManyTags
from segments.models import Version
from segments.usage import Use

# Uses that are named; the others are counted.
MOST_NAMED = 5


def refusal(error: services.InvalidSegment) -> str:
    """In the language of whoever looks; the error's own words are the API's."""
    if isinstance(error, services.SegmentInUse):
        return _("%(name)s is used by %(uses)s. Take it out there first.") % {
            "name": error.segment.name,
            "uses": named(error.uses),
        }
    if isinstance(error, services.NameTaken):
        return _("Another segment is called %(name)s by now. Rename one of them first.") % {
            "name": error.name
        }
    if isinstance(error, TooManyTags):
        return _("%(name)s would have more than %(most)s tags.") % {
            "name": error.segment.name,
            "most": MOST_TAGS,
        }
    if isinstance(error, services.NoSuchVersion):
        return _("There is no such version.")
    return str(error)


def edited_meanwhile(version: Version) -> str:
    """That somebody else saved this version first, with the way to it and what to do."""
    url = paths.version_of(version.segment_id, version.number)
    return render_to_string(
        "segments/partials/edited_meanwhile.html", {"version": version, "url": url}
    )


def named(uses: list[Use]) -> str:
    """`segment VIPs, campaign Spring and 3 more`."""
    text = ", ".join(
        _("%(kind)s %(name)s") % {"kind": use.kind, "name": use.name} for use in uses[:MOST_NAMED]
    )
    if (more := len(uses) - MOST_NAMED) > 0:
        text = ngettext("%(uses)s and %(n)s more", "%(uses)s and %(n)s more", more) % {
            "uses": text,
            "n": more,
        }
    return text

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from segments.models import Segment
from segments.requests import LONGEST_DESCRIPTION, MOST_TAGS


class SegmentForm(forms.Form):
    """What a segment is called. Its filters are a `segments.draft`."""

    name = forms.CharField(
        label=_("Name"), max_length=255, widget=UnfoldAdminTextInputWidget({"autocomplete": "off"})
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=LONGEST_DESCRIPTION,
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )
    tags = forms.CharField(
        label=_("Tags"),
        required=False,
        help_text=_("With commas between them."),
        widget=UnfoldAdminTextInputWidget(),
    )

    @classmethod
    def of(cls, segment: Segment | None) -> "SegmentForm":
        """Unbound, with what the segment has."""
        if segment is None:
            return cls()
        return cls(
            initial={
                "name": segment.name,
                "description": segment.description,
                "tags": ", ".join(segment.tags),
            }
        )

    def clean_tags(self) -> list[str]:
        tags = [tag.strip() for tag in str(self.cleaned_data["tags"]).split(",") if tag.strip()]
        if len(tags) > MOST_TAGS or any(len(tag) > 64 for tag in tags):
            raise forms.ValidationError(_("At most 50 tags of 64 characters each."))
        return tags

    def kept(self) -> dict[str, Any]:
        """The fields as the services take them, after `is_valid`."""
        return {key: self.cleaned_data[key] for key in ("name", "description", "tags")}

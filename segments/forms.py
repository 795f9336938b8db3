from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from segments.api.requests import LONGEST_DESCRIPTION, MOST_TAGS
from segments.models import Segment


def parse_tags(text: str) -> list[str]:
    """The tags of a text with commas between them. Raises `ValidationError`."""
    tags = [tag.strip() for tag in text.split(",") if tag.strip()]
    if len(tags) > MOST_TAGS or any(len(tag) > 64 for tag in tags):
        raise forms.ValidationError(_("At most 50 tags of 64 characters each."))
    return tags


class TagsForm(forms.Form):
    """Tags that many segments get, or lose."""

    tags = forms.CharField(
        label=_("Tags"),
        help_text=_("With commas between them."),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
        error_messages={"required": _("Name at least one tag.")},
    )

    def clean_tags(self) -> list[str]:
        if tags := parse_tags(str(self.cleaned_data["tags"])):
            return tags
        raise forms.ValidationError(_("Name at least one tag."))


class SegmentForm(forms.Form):
    """What a segment is called. Its filters are a `segments.builder.draft`."""

    # Of the segment as it was when the form was opened.
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
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
                "version": segment.version,
                "name": segment.name,
                "description": segment.description,
                "tags": ", ".join(segment.tags),
            }
        )

    def clean_tags(self) -> list[str]:
        return parse_tags(str(self.cleaned_data["tags"]))

    def kept(self) -> dict[str, Any]:
        """The fields as the services take them, after `is_valid`."""
        values = {key: self.cleaned_data[key] for key in ("name", "description", "tags")}
        if version := self.cleaned_data["version"]:
            values["based_on"] = version
        return values

    def base_on(self, version: int) -> None:
        """Take the segment as of that version for what whoever saves next has seen."""
        data = self.data.copy()  # type: ignore[attr-defined]  # of a request, and never changed
        data["version"] = str(version)
        self.data = data

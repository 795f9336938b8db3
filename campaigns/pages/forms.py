"""What the stepped form asks: basics, a message for each channel, the schedule."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from campaigns.models import Campaign, Channel, Step

MOST_TAGS = 50

MINUTE, HOUR, DAY = 60, 3_600, 86_400
_UNITS = [(MINUTE, _("minutes")), (HOUR, _("hours")), (DAY, _("days"))]


def _line(**options: Any) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget({"autocomplete": "off", **options})


class BasicsForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=255, widget=_line())
    description = forms.CharField(
        label=_("Description"),
        max_length=2_000,
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )
    tags = forms.CharField(
        label=_("Tags"), required=False, help_text=_("With commas between them."), widget=_line()
    )

    @classmethod
    def initial_of(cls, campaign: Campaign) -> dict[str, Any]:
        return {
            "name": campaign.name,
            "description": campaign.description,
            "tags": ", ".join(campaign.tags),
        }

    def clean_tags(self) -> list[str]:
        tags = [tag.strip() for tag in str(self.cleaned_data["tags"]).split(",") if tag.strip()]
        if len(tags) > MOST_TAGS or any(len(tag) > 64 for tag in tags):
            raise forms.ValidationError(_("At most 50 tags of 64 characters each."))
        return tags


class NewForm(BasicsForm):
    channel = forms.ChoiceField(
        label=_("Channel"),
        choices=Channel.choices,
        initial=Channel.EMAIL,
        widget=UnfoldAdminRadioSelectWidget(),
    )


class MessageForm(forms.Form):
    """A message's form. `message` gives what its channel checks and keeps."""

    def message(self) -> dict[str, Any]:
        return dict(self.cleaned_data)

    @classmethod
    def initial_of(cls, message: Mapping[str, Any]) -> dict[str, Any]:
        return dict(message)


class EmailForm(MessageForm):
    subject = forms.CharField(label=_("Subject"), required=False, max_length=500, widget=_line())
    from_name = forms.CharField(
        label=_("Sender's name"), required=False, max_length=100, widget=_line()
    )
    reply_to = forms.CharField(
        label=_("Replies go to"), required=False, max_length=255, widget=_line(inputmode="email")
    )
    text = forms.CharField(
        label=_("Text"),
        required=False,
        help_text=_(
            "Liquid, as in Braze: {{ user.first_name | default: 'there' }}. A way to unsubscribe "
            "is added at the end unless {{ unsubscribe_url }} stands somewhere."
        ),
        widget=UnfoldAdminTextareaWidget({"rows": 8}),
    )
    html = forms.CharField(
        label=_("HTML"),
        required=False,
        help_text=_("Optional. Values of users are escaped."),
        widget=UnfoldAdminTextareaWidget({"rows": 10, "spellcheck": "false"}),
    )
    track_opens = forms.BooleanField(
        label=_("Count who opens it"), required=False, widget=UnfoldBooleanSwitchWidget()
    )
    track_clicks = forms.BooleanField(
        label=_("Count who follows its links"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    @classmethod
    def initial_of(cls, message: Mapping[str, Any]) -> dict[str, Any]:
        return {"track_opens": True, "track_clicks": True, **message}


class WebhookForm(MessageForm):
    url = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=2_000,
        help_text=_("Gets POST requests with up to 1,000 recipients each, signed."),
        widget=_line(inputmode="url", placeholder="https://"),
    )
    headers = forms.CharField(
        label=_("Headers"),
        required=False,
        help_text=_("One a line, as in Authorization: Bearer token."),
        widget=UnfoldAdminTextareaWidget({"rows": 3, "spellcheck": "false"}),
    )
    properties = forms.CharField(
        label=_("Properties of each recipient"),
        required=False,
        help_text=_("One a line, as in first_name: {{ user.first_name }}. Liquid, as in Braze."),
        widget=UnfoldAdminTextareaWidget({"rows": 6, "spellcheck": "false"}),
    )

    @classmethod
    def initial_of(cls, message: Mapping[str, Any]) -> dict[str, Any]:
        pairs = {key: message.get(key, {}) for key in ("headers", "properties")}
        return {"url": message.get("url", "")} | {
            key: "\n".join(f"{name}: {value}" for name, value in found.items())
            for key, found in pairs.items()
        }

    def clean_headers(self) -> dict[str, str]:
        return _pairs(self.cleaned_data["headers"])

    def clean_properties(self) -> dict[str, str]:
        return _pairs(self.cleaned_data["properties"])


FORMS: Mapping[str, type[MessageForm]] = {Channel.EMAIL: EmailForm, Channel.WEBHOOK: WebhookForm}


class StepForm(forms.Form):
    """When a step of a Canvas comes, and what people call it."""

    name = forms.CharField(label=_("Name"), required=False, max_length=255, widget=_line())
    delay = forms.IntegerField(
        label=_("Wait"),
        min_value=0,
        max_value=10_000,
        help_text=_("Counted from the step before, of the first from the launch."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    unit = forms.TypedChoiceField(
        label=_("Unit"), choices=_UNITS, coerce=int, widget=UnfoldAdminSelectWidget()
    )

    @classmethod
    def initial_of(cls, step: Step) -> dict[str, Any]:
        unit = next(
            (unit for unit in (DAY, HOUR) if step.delay_seconds and not step.delay_seconds % unit),
            MINUTE,
        )
        return {"name": step.name, "delay": step.delay_seconds // unit, "unit": unit}

    @property
    def delay_seconds(self) -> int:
        return int(self.cleaned_data["delay"] * self.cleaned_data["unit"])


class ScheduleForm(forms.Form):
    """The time is the server's, which is UTC: the page says so, and what it is now."""

    at = forms.DateTimeField(
        label=_("Launch at (UTC)"),
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}),
    )


def _pairs(text: str) -> dict[str, str]:
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise forms.ValidationError(
                _("Line %(number)s: write a name, a colon and a value."),
                params={"number": number},
            )
        found[name.strip()] = value.strip()
    return found

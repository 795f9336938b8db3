"""Making, rotating, invalidating and showing a key: the same pages for every kind of key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from common import keyring
from common.keyring import IssuedKey
from common.keys import parse
from common.models import ApiKey
from workspaces import keys, showing
from workspaces.current import signed_in
from workspaces.key_pages.forms import KeyForm, RotationForm
from workspaces.key_pages.table import KeyRow

Context = dict[str, Any]


@dataclass(frozen=True)
class KeyPages:
    """The pages of one place that has keys.

    `back` is where its keys are listed, `shown_at` gives the path of the page that shows a
    new key once, and `original` is what the keys belong to, for the way back at the top.
    """

    request: HttpRequest
    site: AdminSite
    opts: Any
    back: str
    shown_at: Callable[[ApiKey], str]
    original: Any = None

    def generate(
        self,
        form: KeyForm,
        issue: Callable[..., IssuedKey[Any]],
        *,
        title: str,
        template: str = "keys/generate.html",
        **context: Any,
    ) -> HttpResponse:
        """The form, and once it is filled in the new key, which `issue` makes of it."""
        if not self._is_post or not form.is_valid():
            return self.page(template, title, form=form, **context)
        issued = issue(**form.kept(), by=signed_in(self.request))
        return self._to_show(issued)

    def rotate(self, key: ApiKey) -> HttpResponse:
        form = RotationForm(self.request.POST) if self._is_post else RotationForm.of(key)
        if key.state != "live":
            return self._refuse_past()
        if not self._is_post or not form.is_valid():
            title = _("Rotate a %(kind)s") % {"kind": key._meta.verbose_name}
            return self.page("keys/rotate.html", title, row=KeyRow(key), form=form)
        try:
            issued = keys.rotate(key, **form.kept(), by=signed_in(self.request))
        except keys.KeyNotLive:
            return self._refuse_past()
        return self._to_show(issued)

    def invalidate(self, key: ApiKey, *, stops: str, others: Any = None) -> HttpResponse:
        """What stops working, and when the key was last used; then the deed.

        `others` are the keys that do the same for the same caller, where there are such:
        whether one of them is live decides what is at stake.
        """
        if key.invalidated_at is not None:
            messages.info(self.request, _("The key was invalidated already."))
            return redirect(self.back)
        if not self._is_post:
            title = _("Invalidate a %(kind)s?") % {"kind": key._meta.verbose_name}
            live = None if others is None else _live(others.exclude(pk=key.pk))
            return self.page(
                "keys/invalidate.html", title, row=KeyRow(key), stops=stops, others=live
            )
        keys.invalidate(key, by=signed_in(self.request))
        messages.success(self.request, _("The key opens nothing any more."))
        return redirect(self.back)

    def show(self, key: ApiKey, template: str, about: Callable[[str], Context]) -> HttpResponse:
        """The new key, once; from then on that it can't be shown again.

        `about` says what stands around it, given its text, or "" once that is gone.
        """
        text = self._shown(key)
        title = _("New %(kind)s") % {"kind": key._meta.verbose_name}
        page = self.page(template, title, row=KeyRow(key), text=text, **about(text))
        return showing.close(page, self.request, _showing_as(key))

    def page(self, template: str, title: str, **context: Any) -> TemplateResponse:
        return TemplateResponse(
            self.request,
            template,
            {
                **self.site.each_context(self.request),
                "title": title,
                "opts": self.opts,
                "original": self.original,
                "inline_admin_formsets": [],
                "back": self.back,
                **context,
            },
        )

    @property
    def _is_post(self) -> bool:
        return self.request.method == "POST"

    def _to_show(self, issued: IssuedKey[Any]) -> HttpResponse:
        path = self.shown_at(issued.row)
        return showing.redirect_to(path, self.request, _showing_as(issued.row), issued.text)

    def _shown(self, key: ApiKey) -> str:
        """The text of a key that waits to be shown; empty once it was."""
        text = showing.take(self.request, _showing_as(key)) or ""
        parsed = parse(text, key.kind)
        return text if parsed and parsed.public_id == key.public_id else ""

    def _refuse_past(self) -> HttpResponse:
        messages.error(
            self.request,
            _("That key opens nothing any more, so nothing can take its place: make a new one."),
        )
        return redirect(self.back)


def _showing_as(key: ApiKey) -> str:
    return f"key_{key.public_id}"


def _live(found: Any) -> int:
    return int(found.filter(keyring.LIVE).count())

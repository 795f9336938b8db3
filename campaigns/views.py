"""What recipients' mail programs and browsers ask for: no sign-in, nothing but a signed token."""

from base64 import b64decode
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from campaigns import tracking, unsubscribing
from campaigns.models import Deed, Sending
from campaigns.tracking import BadToken

_PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@method_decorator(never_cache, name="dispatch")
class OpenedView(View):
    """The pixel of a message, whatever its token: a mail program shows no error."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            place, _more = tracking.read(token)
            tracking.note(place, Deed.OPENED)
        except BadToken:
            pass
        return HttpResponse(_PIXEL, content_type="image/gif")


@method_decorator(never_cache, name="dispatch")
class ClickedView(View):
    """On to where the link of a message led. The address is in the token, and signed."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            place, (number, url) = tracking.read(token)
        except (BadToken, ValueError):
            raise Http404 from None
        tracking.note(place, Deed.CLICKED, int(number))
        return HttpResponseRedirect(str(url))


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class UnsubscribeView(View):
    """A page with one button, and what mail programs call by themselves (RFC 8058).

    Looking at it changes nothing: scanners follow every link of a message.
    """

    def dispatch(self, request: HttpRequest, *arguments: Any, **named: Any) -> Any:
        if named["token"] == tracking.SAMPLE:
            return TemplateResponse(request, "campaigns/unsubscribe.html", {"is_sample": True})
        return super().dispatch(request, *arguments, **named)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        self._place(token)
        return self._page(request, done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        place, external_id = self._place(token)
        unsubscribing.unsubscribe(place, external_id)
        return self._page(request, done=True)

    def _place(self, token: str) -> tuple[tracking.Place, str]:
        try:
            place, more = tracking.read(token)
        except BadToken:
            raise Http404 from None
        if not Sending.objects.filter(pk=place.sending_id).exists():
            raise Http404
        return place, str(more[0]) if more else ""

    def _page(self, request: HttpRequest, *, done: bool) -> HttpResponse:
        return TemplateResponse(request, "campaigns/unsubscribe.html", {"done": done})

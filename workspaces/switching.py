from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from workspaces.current import choose, standpoint


@require_safe
def switch_workspace(request: HttpRequest, slug: str) -> HttpResponse:
    """Look at another workspace of one's own from now on, beginning at its overview.

    A link, because it changes nothing but what this person is shown.
    """
    found = next((one for one in standpoint(request).workspaces if one.slug == slug), None)
    if found is None:
        raise Http404
    choose(request, found)
    return redirect("admin:index")

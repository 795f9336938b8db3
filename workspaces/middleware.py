from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from workspaces.current import standpoint
from workspaces.models import User


class StandpointMiddleware:
    """Let `request.user.has_perm` answer for the workspace that the person looks at.

    Who is asked what is known only to the request, and a backend never sees it; so the
    person carries along how to find out. Nothing is looked up before somebody asks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user

        def with_standpoint() -> object:
            if isinstance(person, User):
                person.look_up_role = lambda: standpoint(request).role
            return person

        request.user = SimpleLazyObject(with_standpoint)  # type: ignore[assignment]
        return self.get_response(request)

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, re_path


def endpoint(route: str, view: Callable[..., Any], name: str) -> URLPattern:
    """A path of the API, answering with and without a trailing slash.

    Clients post to either; a redirect would turn the POST into a GET.
    """
    return re_path(rf"^{route}/?\Z", view, name=name)

"""What answers below an API's root where no call is."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from common.errors import NotFound


@extend_schema(exclude=True)
class UnknownPathView(APIView):
    """401 without a valid key, so that a stranger can't tell which calls there are; else 404."""

    # Any valid key will do: there is nothing here that it could need a permission for.
    permission_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound

"""What can be wrong with a request, said in the words of the HTTP contract.

Domain code raises these; `common.http` is the one place that renders them.
"""

from collections.abc import Sequence


class ApiError(Exception):
    """A refusal: a status, one sentence, and the particulars that help to mend the request.

    Messages name a field, never the value of a key.
    """

    status = 400
    message = "Bad Request"

    def __init__(
        self,
        message: str | None = None,
        *,
        errors: Sequence[str] = (),
        retry_after: int | None = None,
    ) -> None:
        self.message = message or self.message
        self.errors = list(errors)
        self.retry_after = retry_after
        super().__init__(self.message)


class BadRequest(ApiError):
    pass


class Unauthorized(ApiError):
    status = 401
    message = "Unauthorized"


class AccessDenied(ApiError):
    status = 403
    message = "Access Denied"


class NotFound(ApiError):
    status = 404
    message = "Not Found"


class BodyTooLarge(ApiError):
    status = 413
    message = "Request body is too large"


class UnsupportedEncoding(ApiError):
    status = 415
    message = "Unsupported Media Type"


class Unprocessable(ApiError):
    status = 422
    message = "Unprocessable"


class RateLimited(ApiError):
    status = 429
    message = "Rate Limited"


class Unavailable(ApiError):
    """Trouble of ours: never a 4xx, because connectors give up on those."""

    status = 503
    message = "Temporarily unavailable"

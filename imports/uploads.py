"""Files on their way into the web server: who may send one, and how large it may be."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

PERMISSION = "imports.add_job"
_NOTE = "_upload_is_too_large"


class LimitedUpload(FileUploadHandler):
    """Stands before Django's handlers, which keep what is large on disk.

    A form is read before anybody has looked at who sent it, so this asks first: otherwise
    a stranger could fill the disk. A file over the limit is read no further; its form then
    says so (`is_too_large`).
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        assert self.request is not None
        user = getattr(self.request, "user", None)
        if user is None or not user.has_perm(PERMISSION):
            raise SkipFile
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.received += len(raw_data)
        if self.received > settings.IMPORT_FILE_LIMIT:
            setattr(self.request, _NOTE, True)
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers behind this one have the file."""


def is_too_large(request: HttpRequest) -> bool:
    """Whether the request brought a file that was over the limit."""
    return getattr(request, _NOTE, False)

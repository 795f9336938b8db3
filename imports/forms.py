from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from imports.files import in_words


class UploadForm(forms.Form):
    """A file to import. `too_large` says that one came and was refused on its way."""

    file = forms.FileField(
        label=_("File"),
        max_length=255,
        widget=forms.FileInput({"class": "import-file", "accept": ".csv,.ndjson,.jsonl,.json,.gz"}),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
    )

    def __init__(self, *args: Any, too_large: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.too_large = too_large

    def clean(self) -> dict[str, Any]:
        if self.too_large:
            self.errors.pop("file", None)
            limit = in_words(settings.IMPORT_FILE_LIMIT)
            raise forms.ValidationError(
                _("The file is larger than %(limit)s. Compress it with gzip, or split it."),
                params={"limit": limit},
            )
        return self.cleaned_data

    @property
    def upload(self) -> UploadedFile[bytes]:
        """The file, after `is_valid`."""
        upload: UploadedFile[bytes] = self.cleaned_data["file"]
        return upload

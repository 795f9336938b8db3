from typing import Any

from django.db import models
from pyroaring import BitMap64


class BitmapField(models.BinaryField):  # type: ignore[type-arg]  # the stubs ask for bytes
    """A roaring bitmap, kept in its portable 64-bit serialisation in a `bytea`.

    The migration that adds such a column also sets `STORAGE EXTERNAL` on it: the
    bytes are compressed already, and trying again only costs time.
    """

    description = "Roaring bitmap"

    def from_db_value(self, value: bytes | None, *_: Any) -> BitMap64 | None:
        return None if value is None else BitMap64.deserialize(bytes(value))

    def to_python(self, value: Any) -> Any:
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, BitMap64):
            value = value.serialize()
        return super().get_db_prep_value(value, connection, prepared)

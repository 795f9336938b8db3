"""Keys in texts that are kept: no more of one than its prefix, whoever wrote the text."""

import logging
import re

from common.keys import ID_LENGTH, KINDS

_KEY = re.compile(rf"(qs_(?:{KINDS})_[0-9A-Za-z]{{{ID_LENGTH}}})_[0-9A-Za-z]+", re.ASCII)


def without_keys(text: str) -> str:
    return _KEY.sub(r"\1…", text)


class WithoutKeys(logging.Formatter):
    """The log's lines, tracebacks and all: a path or an error may quote a key."""

    def format(self, record: logging.LogRecord) -> str:
        return without_keys(super().format(record))

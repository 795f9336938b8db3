"""Read a file of JSON objects, one user a line, in batches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from imports.files import InvalidFile
from imports.lines import MARK, blocks
from imports.rejects import OWN, Reject
from imports.sources import Source
from profiles.attributes import STANDARD, check
from profiles.custom_values import LONGEST_TEXT, InvalidValue
from profiles.importing.batches import Batch, Name, by_line, in_order
from profiles.importing.columns import LONGEST_ALIAS, LONGEST_ID, PLAIN
from profiles.rules import Kind

_MEMBERS = {
    Kind.EXTERNAL_ID: ("external_id",),
    Kind.ALIAS: ("alias_label", "alias_name"),
    Kind.DEVICE: ("device_id",),
}
_IDS = frozenset(name for names in _MEMBERS.values() for name in names)
_ASIDE = _IDS | OWN

_decoder = msgspec.json.Decoder()
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
Object = dict[str, Any]


def kind_of(source: Source) -> Kind:
    """What the first object names its user by, and so must all others.

    Raises `InvalidFile`.
    """
    for block in blocks(source.read()):
        for line in block.removeprefix(MARK).split(b"\n"):
            if line.strip():
                return _kind_of(_decoded(line))
    raise InvalidFile(_("The file is empty."))


def read(
    source: Source, checkpoint: Mapping[str, Any], *, rows: int, most_bytes: int
) -> Iterator[Batch]:
    """Batches of about that many rows, from the checkpoint on.

    Raises `InvalidFile`.
    """
    kind = kind_of(source)
    offset, line = checkpoint.get("offset", 0), checkpoint.get("line", 1)
    batch = _Gathering(kind, line, offset)
    for block in blocks(source.read(offset)):
        offset += len(block)
        batch.add(block.removeprefix(MARK) if offset == len(block) else block)
        if len(batch.objects) >= rows or offset - batch.offset >= most_bytes:
            yield batch.made(offset)
            batch = _Gathering(kind, batch.line + len(batch.objects), offset)
    if batch.objects:
        yield batch.made(offset)


class _Gathering:
    """A batch in the making: an object, or what stands in its place, for each line."""

    def __init__(self, kind: Kind, line: int, offset: int) -> None:
        self.kind, self.line, self.offset = kind, line, offset
        self.objects: list[Any] = []
        self.has_nul = False

    def add(self, block: bytes) -> None:
        """Take whole lines."""
        lines = block.removesuffix(b"\n").split(b"\n")
        self.has_nul = self.has_nul or b"\\u0000" in block
        try:
            objects = _decoder.decode_lines(block)
        except _UNREADABLE:
            objects = []
        if len(objects) != len(lines):
            objects = [_decoded(line) for line in lines]
        self.objects += objects

    def made(self, offset: int) -> Batch:
        place = {"offset": offset, "line": self.line + len(self.objects)}
        batch = Batch(self.kind, 0, offset, place)
        users: list[tuple[int, Name, Object]] = []
        for line, members in enumerate(self.objects, self.line):
            if members is _BLANK:
                continue
            batch.rows += 1
            name, attributes, reasons = self._user(members)
            if reasons:
                row = members.text if isinstance(members, _Unreadable) else members
                batch.rejects.append(Reject(line, tuple(reasons), row))
            else:
                users.append((line, name, attributes))
        self._fill(batch, users)
        return batch

    def _user(self, members: Any) -> tuple[Name, Object, list[str]]:
        """What an object says, and what is wrong with it."""
        if not isinstance(members, dict):
            return ("", ""), {}, [_("it is not a JSON object")]
        name, reasons = self._name(members)
        attributes = {key: value for key, value in members.items() if key not in _ASIDE}
        for key, value in attributes.items():
            quick = value.__class__ is str and len(value) <= LONGEST_TEXT and key in _seen
            if not quick or self.has_nul:
                try:
                    check(key, value)
                    if key in PLAIN or (key not in STANDARD and len(_seen) < _MOST_SEEN):
                        _seen.add(key)
                except InvalidValue as error:
                    reasons.append(str(error))
        return name, attributes, reasons

    def _name(self, members: Object) -> tuple[Name, list[str]]:
        wanted = _MEMBERS[self.kind]
        texts = [members.get(name) for name in wanted]
        longest = LONGEST_ALIAS if self.kind == Kind.ALIAS else LONGEST_ID
        reasons = [
            _("%(name)s must have 1 to %(longest)d characters") % {"name": name, "longest": longest}
            for name, text in zip(wanted, texts, strict=True)
            if not isinstance(text, str) or not 0 < len(text) <= longest or "\0" in text
        ]
        if len(members.keys() & _IDS) > len(wanted):
            reasons.append(_("it names its user in another way than the first line does"))
        return ("" if len(texts) == 1 else str(texts[0]), str(texts[-1])), reasons

    def _fill(self, batch: Batch, users: Sequence[tuple[int, Name, Object]]) -> None:
        """Put the good ones into the batch: each user once, with what is said last."""
        if self.kind == Kind.DEVICE:
            originals: dict[Name, list[tuple[int, Object]]] = {}
            for line, name, _attributes in users:
                original = self.objects[line - self.line]
                originals.setdefault(name, []).append((line, original))
            batch.originals = {behind[-1][0]: behind for behind in originals.values()}
        merged: dict[Name, tuple[int, Name, Object]] = {}
        for line, name, attributes in users:
            if name in merged:
                attributes = merged[name][2] | attributes
            merged[name] = line, name, attributes
        if len(merged) != len(users):
            batch.repeated = by_line(users)
        batch.removes = any(None in attributes.values() for _l, _n, attributes in merged.values())
        batch.users = in_order(merged.values())


class _Unreadable:
    def __init__(self, text: str) -> None:
        self.text = text


_BLANK = object()
# Names of attributes that take any text, as they come by.
_seen: set[str] = set()
_MOST_SEEN = 10_000


def _decoded(line: bytes) -> Any:
    if not line.strip():
        return _BLANK
    try:
        return _decoder.decode(line)
    except _UNREADABLE:
        return _Unreadable(line.decode(errors="replace"))


def _kind_of(members: Any) -> Kind:
    if not isinstance(members, dict):
        raise InvalidFile(_("Each line must be a JSON object; the first isn't."))
    named = members.keys() & _IDS
    for kind, names in _MEMBERS.items():
        if named == set(names):
            return kind
    raise InvalidFile(
        _(
            "The first line must name its user by either external_id, or alias_label and"
            " alias_name, or device_id."
        )
    )

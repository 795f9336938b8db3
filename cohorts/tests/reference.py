"""Who is in which cohort, worked out the slow and obvious way: the contract's identity rules.

Sets and dicts, one call after another and one id at a time. It shares nothing with the
product. An id is a tuple, ("external_id", "ana"), ("alias", "crm", "7") or ("device",
"phone"); a member of a cohort is a `User`, or an id that waits for one. The numbers are
those of the rules.

Every call answers what the product's caller is told: how many items were carried out, and
the indexes of those that there is something to say about.
"""

from collections import Counter, deque
from copy import deepcopy
from dataclasses import dataclass, field
from typing import NamedTuple

EXTERNAL_ID, ALIAS, DEVICE = "external_id", "alias", "device"
AS_NAMED = (EXTERNAL_ID, DEVICE, ALIAS)  # the kinds in one object of a request
DELETED = ("deleted",)  # stands where a request named an id that was deleted since


@dataclass(eq=False)
class User:
    """`external_id` is the user's own; `ids` has it too, and those of users merged into it."""

    external_id: str | None = None
    ids: set = field(default_factory=set)
    attributes: dict = field(default_factory=dict)
    done: Counter = field(default_factory=Counter)  # events by name

    def ignores(self, id):
        """3. A device matches only while its user is anonymous."""
        return self.external_id is not None and id[0] == DEVICE

    def has_alias_labelled(self, label):
        return any(id[:2] == (ALIAS, label) for id in self.ids)

    def put(self, attributes):
        self.attributes |= attributes
        self.attributes = {name: value for name, value in self.attributes.items() if value}


class Item(NamedTuple):
    """One user of a track call, named by an id or by the place in `Reference.users_in_order`,
    or by devices alone, which is asking for an anonymous user."""

    name: tuple | int | None
    devices: tuple = ()
    attributes: dict = {}  # noqa: RUF012
    existing_only: bool | None = None


class Refused(Exception):
    pass


class Reference:
    def __init__(self, cohorts, *, keep_days=30, cap=10_000):
        self.users = []
        self.waiting = {}  # the days since a partner added the id last
        self.keep_days = keep_days
        self.cap = cap
        self.cohorts = {cohort: set() for cohort in cohorts}
        self.pending = {cohort: deque() for cohort in cohorts}  # requests of [id, remove]

    # The calls of a back end.

    def track(self, items):
        return self._each(items, self._track)

    def _track(self, item):
        user = self._find_or_create(item)
        if user:
            for device in item.devices:
                self._give(user, device)
            user.put(item.attributes)

    def track_events(self, items):
        """Pairs of a user's id and what the user did."""
        return self._each(items, lambda item: self._do(*item))

    def _do(self, id, event):
        user = self._find_or_create(Item(id))
        if user:
            user.done[event] += 1

    def _find_or_create(self, item):
        if item.name is None:
            owners = [owner for device in item.devices if (owner := self.find(device))]
            if any(owner.external_id for owner in owners):
                raise Refused("2. a device of an identified user")
            return owners[0] if owners else self._create_unless(item.existing_only)
        user = self.find(item.name)
        if user is None and isinstance(item.name, int):
            raise Refused("nobody there")
        if user is None:
            by_alias = item.name[0] == ALIAS
            user = self._create_unless(
                by_alias if item.existing_only is None else item.existing_only, item.name
            )
        return user

    def _create_unless(self, existing_only, *ids):
        return None if existing_only else self._create(*ids)

    def alias_new(self, items):
        """Pairs of an alias and the external id of whoever gets it, or None."""
        return self._each(items, lambda item: self._name(*item))

    def _name(self, alias, external_id):
        owner = self.find(alias)
        if external_id is None:
            if owner is None:
                self._create(alias)
            return
        user = self.find(external_id)
        if user is None or owner not in (None, user):
            raise Refused("nobody there, or 2. the alias is another user's")
        if owner is None:
            if user.has_alias_labelled(alias[1]):
                raise Refused("2. one name per label")
            self._give(user, alias)

    def alias_update(self, items):
        """Pairs of an alias and the one to have instead, under the same label."""
        return self._each(items, lambda item: self._rename(*item))

    def _rename(self, old, new):
        user, owner = self.find(old), self.find(new)
        if user is None or owner not in (None, user):
            raise Refused("nobody there, or 2. the alias is another user's")
        user.ids.discard(old)
        self._give(user, new)

    def identify(self, items):
        """Pairs of an alias and the external id that its user is to have."""
        return self._each(items, lambda item: self._identify(*item))

    def _identify(self, alias, external_id):
        user, owner = self.find(alias), self.find(external_id)
        if user is None or (user.external_id and user is not owner):
            raise Refused("nobody there, or 1. identified already")
        if owner is None:  # 6
            user.external_id = external_id[1]
            self._give(user, external_id)
        elif user is not owner:  # 7
            return self._merge(user, owner)
        return 0

    def merge(self, items):
        """Pairs of whom to merge and whom to keep."""
        _, said = self._each(items, lambda item: self._merge(*map(self.find, item)))
        return said

    def _merge(self, source, target):
        """8. Of aliases with one label the survivor's stays; how many were left out."""
        if source is None or target is None or source is target:
            raise Refused("nobody there, or one and the same")
        target.external_id = target.external_id or source.external_id
        left_out = {id for id in source.ids if id[0] == ALIAS and target.has_alias_labelled(id[1])}
        target.ids |= source.ids - left_out
        target.attributes = source.attributes | target.attributes
        target.done += source.done
        self.users.remove(source)
        for members in self.cohorts.values():
            if source in members:
                members.remove(source)
                members.add(target)
        return len(left_out)

    def delete(self, names):
        """9 and 12. The users of those ids or places, and what waits under them; how many users."""
        users = {self.find(name) for name in names} - {None}
        freed = {name for name in names if isinstance(name, tuple)}
        for user in users:
            freed |= user.ids
            self.users.remove(user)
        self._stop_waiting(freed)
        for members in self.cohorts.values():
            members -= users
        for requests in self.pending.values():
            for request in requests:
                request[:] = [(DELETED if id in freed else id, remove) for id, remove in request]
        return len(users)

    def import_users(self, rows, form):
        """Pairs of an id and attributes; how many users were created, updated and rejected.

        A blank cell of a CSV changes nothing, where null in JSON removes.
        """
        counts = Counter()
        for id, attributes in rows:
            if form == "csv":
                attributes = {name: value for name, value in attributes.items() if value}
            user = self.find(id)
            if user and user.ignores(id):
                counts["rejected"] += 1
                continue
            counts["updated" if user else "created"] += 1
            (user or self._create(id)).put(attributes)
        return counts["created"], counts["updated"], counts["rejected"]

    # The calls of a partner.

    def upload(self, cohort, request):
        """Accept a request: objects of ids and whether to remove them. None at all is a test."""
        if request:
            self.pending[cohort].append(
                [(id, remove) for ids, remove in request for id in sorted(ids, key=_kind)]
            )

    def delete_while_uploading(self, names, cohort, request):
        """12. The request was accepted first, though the deletion couldn't see it."""
        self.upload(cohort, request)
        return self.delete(names)

    def apply(self, cohort, requests):
        """Apply that many pending requests; what became of the ids of each."""
        return [self._apply(self.cohorts[cohort], self.pending[cohort]) for _ in range(requests)]

    def _apply(self, members, pending):
        request = pending.popleft()
        counts, last_word = Counter(), {}
        for id, remove in request:
            if not remove and id != DELETED:
                self._let_wait(id)
        for id, remove in request:
            user = self.find(id)
            if id == DELETED:
                counts["deleted"] += 1
            elif user is None and id not in self.waiting:
                counts["unknown"] += 1
            elif user and user.ignores(id):
                counts["ignored_device"] += 1
            else:  # 5
                counts["repeated"] += (user or id) in last_word
                last_word[user or id] = remove
        for who, remove in last_word.items():
            if remove:
                counts["removed" if who in members else "not_in"] += 1
                members.discard(who)
            elif who in members:
                counts["already_in"] += 1
            else:
                counts["added" if isinstance(who, User) else "waiting"] += 1
                members.add(who)
        return {count: number for count, number in counts.items() if number}

    def _let_wait(self, id):
        """11. Whom a partner adds and nobody knows waits, and for so long from now on."""
        room = self.keep_days and len(self.waiting) < self.cap
        if self.find(id) is None and (room or id in self.waiting):
            self.waiting[id] = 0

    # What happens by itself.

    def purge(self, *, keep_days):
        """End the waiting of ids that weren't added for so many days, and one for good measure."""
        self.keep_days = keep_days
        overdue = {
            id for id, days in self.waiting.items() if not keep_days or days >= keep_days + 1
        }
        self._stop_waiting(overdue)
        return len(overdue)

    def let_days_pass(self, days):
        self.waiting = {id: age + days for id, age in self.waiting.items()}

    # Who is who.

    def find(self, name):
        """4. The user whose id this is, or who is in that place."""
        if isinstance(name, int):
            users = self.users_in_order()
            return users[name] if name < len(users) else None
        return next((user for user in self.users if name in user.ids), None)

    def _create(self, *ids):
        external_id = next((id[1] for id in ids if id[0] == EXTERNAL_ID), None)
        user = User(external_id)
        self.users.append(user)
        for id in ids:
            self._give(user, id)
        return user

    def _give(self, user, id):
        """2 and 10. The id is this user's now. What waited under it is the user, in every
        cohort, or nobody if it is a device to be ignored."""
        for owner in self.users:
            owner.ids.discard(id)
        user.ids.add(id)
        for members in self.cohorts.values():
            if id in members and not user.ignores(id):
                members.add(user)
        self._stop_waiting({id})

    def _stop_waiting(self, ids):
        for id in ids:
            self.waiting.pop(id, None)
        for members in self.cohorts.values():
            members -= ids

    def _each(self, items, act):
        """Carry out items in order. One that is refused fails alone."""
        done, said = 0, []
        for index, item in enumerate(items):
            try:
                said += [index] * (act(item) or 0)
                done += 1
            except Refused:
                said.append(index)
        return done, said

    # What there is to see.

    def picture(self):
        """Users by all that is known of them, and waiting ids, each with the cohorts it is in."""
        return (
            [self._seen(user) for user in self.users_in_order()],
            {id: self._cohorts_of(id) for id in self.waiting},
        )

    def users_in_order(self):
        """Users who look the same are the same to everybody."""
        return sorted(self.users, key=self._seen)

    def _seen(self, user):
        return (
            user.external_id or "",
            sorted((id, not user.ignores(id)) for id in user.ids),
            sorted(user.attributes.items()),
            sorted(user.done.items()),
            self._cohorts_of(user),
        )

    def _cohorts_of(self, who):
        return sorted(cohort for cohort, members in self.cohorts.items() if who in members)

    def copy(self):
        return deepcopy(self)


def _kind(id):
    return AS_NAMED.index(id[0])

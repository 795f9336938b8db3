import pytest

from profiles import models, rules
from profiles.rules import Entry, Identities, Kind, Refused, State, alias, device, external_id

ANA, CRM, SHOP = external_id("ana"), alias("crm", "7"), alias("shop", "7")
BOB, OTHER_CRM = external_id("bob"), alias("crm", "8")
PHONE, TABLET = device("phone"), device("tablet")
LIVE, WAITING, MUTED = State.LIVE, State.RESERVED, State.MUTED


def identities(entries=None, **external_ids):
    """`p1="ana"` is a profile with that external id of its own, `p2=None` an anonymous one."""
    own = {int(name.removeprefix("p")): value for name, value in external_ids.items()}
    return Identities({key: Entry(*entry) for key, entry in (entries or {}).items()}, own)


def test_the_numbers_are_those_of_the_models():
    assert [(kind.name, kind.value) for kind in Kind] == [
        (kind.name, kind.value) for kind in models.IdentifierKind
    ]
    assert [(state.name, state.value) for state in State] == [
        (state.name, state.value) for state in models.IdentifierState
    ]


@pytest.mark.parametrize(
    ("key", "identified", "state"),
    [
        (ANA, True, LIVE),
        (CRM, True, LIVE),
        (CRM, False, LIVE),
        (PHONE, True, MUTED),
        (PHONE, False, LIVE),
    ],
)
def test_only_the_device_of_an_identified_user_is_muted(key, identified, state):
    assert rules.state_for(key, identified=identified) == state


@pytest.mark.parametrize(
    ("waiting", "keys", "taken", "merged", "left"),
    [
        ({}, [ANA], None, [], []),
        ({ANA: 5}, [ANA], 5, [], []),
        ({CRM: 6}, [CRM], 6, [], []),
        ({PHONE: 7}, [PHONE], 7, [], []),
        # The external id's reserved id goes first, wherever it stands.
        ({CRM: 6, ANA: 5}, [CRM, ANA], 5, [6], []),
        ({CRM: 6, SHOP: 8}, [SHOP, CRM], 8, [6], []),
        ({CRM: 6, PHONE: 7}, [CRM, PHONE], 6, [7], []),
        ({PHONE: 7, TABLET: 9}, [TABLET, PHONE], 9, [7], []),
        # An identified user's device leaves the waiting room without joining.
        ({PHONE: 7}, [ANA, PHONE], None, [], [7]),
        ({ANA: 5, PHONE: 7}, [ANA, PHONE], 5, [], [7]),
        ({CRM: 6, PHONE: 7}, [ANA, CRM, PHONE], 6, [], [7]),
    ],
)
def test_a_new_user_takes_one_reserved_id_and_the_others_bits(waiting, keys, taken, merged, left):
    found = identities({key: (profile_id, WAITING) for key, profile_id in waiting.items()})

    profile_id = found.create(keys)

    assert profile_id == taken if taken else profile_id < 0
    assert found.created == {profile_id: "ana" if ANA in keys else None}
    assert found.merged == [(source, profile_id) for source in merged]
    assert found.left == left
    assert found.changes_meaning() == bool(merged or left)
    assert sorted(found.claimed()) == sorted(waiting)
    assert sorted(found.added()) == sorted(set(keys) - set(waiting))


@pytest.mark.parametrize(
    ("own", "key", "merged", "left"),
    [
        (None, PHONE, [(7, 1)], []),
        ("bob", PHONE, [], [7]),
        (None, CRM, [(7, 1)], []),
        ("bob", CRM, [(7, 1)], []),
    ],
)
def test_a_waiting_id_that_comes_to_an_existing_user_brings_its_bits_unless_muted(
    own, key, merged, left
):
    found = identities({key: (7, WAITING)}, p1=own)

    found.attach(1, key)

    assert (found.merged, found.left) == (merged, left)
    assert found.changes_meaning()


def test_a_device_moves_to_whoever_named_it_last_and_takes_no_bits_along():
    found = identities({PHONE: (1, LIVE)}, p1=None, p2="bob")

    found.attach(2, PHONE)

    assert found.after[PHONE] == Entry(2, MUTED)
    assert found.changed() == [PHONE]
    assert not found.merged
    assert not found.left
    assert found.changes_meaning()


def test_naming_what_one_has_changes_nothing():
    found = identities({PHONE: (1, LIVE)}, p1=None)

    found.attach(1, PHONE)

    assert not found.added() + found.changed()
    assert not found.changes_meaning()


def test_a_new_device_needs_no_more_than_the_shared_lock():
    found = identities(p1="bob")

    found.attach(1, PHONE)

    assert found.added() == [PHONE]
    assert not found.changes_meaning()


def test_keys_are_in_byte_order_of_kind_label_and_value():
    found = identities(p1=None)
    for key in (PHONE, SHOP, alias("crm", "é"), alias("crm", "z"), external_id("\U0001f600")):
        found.attach(1, key)

    added = found.added()

    assert added == sorted(
        added, key=lambda key: (key.kind, key.label.encode(), key.value.encode())
    )


def ana_and_visitor():
    """Ana is profile 1, with an alias and a device; profile 2 is anonymous, and so named."""
    return identities(
        {
            ANA: (1, LIVE),
            SHOP: (1, LIVE),
            PHONE: (1, MUTED),
            CRM: (2, LIVE),
            TABLET: (2, LIVE),
        },
        p1="ana",
        p2=None,
    )


def test_identify_with_a_new_external_id_keeps_the_profile_and_mutes_its_devices():
    found = ana_and_visitor()

    assert found.identify(CRM, BOB) == []

    assert found.identified == {2: "bob"}
    assert found.is_identified(2)
    assert found.added() == [BOB]
    assert found.after[BOB] == Entry(2, LIVE)
    assert found.changed() == [TABLET]
    assert found.after[TABLET] == Entry(2, MUTED)
    assert not found.merged + found.absorbed
    assert found.changes_meaning()


def test_identify_with_a_waiting_external_id_takes_its_bits():
    found = identities({CRM: (2, LIVE), BOB: (7, WAITING)}, p2=None)

    found.identify(CRM, BOB)

    assert found.merged == [(7, 2)]
    assert found.claimed() == [BOB]
    assert found.after[BOB] == Entry(2, LIVE)


def test_identify_with_a_taken_external_id_merges():
    found = ana_and_visitor()

    assert found.identify(CRM, ANA) == []

    assert found.absorbed == found.merged == [(2, 1)]
    assert found.after[CRM] == Entry(1, LIVE)
    assert found.after[TABLET] == Entry(1, MUTED)
    assert found.external_ids == {1: "ana"}


@pytest.mark.parametrize(
    ("anonymous", "external", "reason"),
    [
        (OTHER_CRM, ANA, "user_alias names nobody"),
        (SHOP, BOB, "user_alias belongs to a user with another external_id"),
    ],
)
def test_who_cannot_be_identified_is_left_alone(anonymous, external, reason):
    found = ana_and_visitor()

    with pytest.raises(Refused, match=reason):
        found.identify(anonymous, external)

    assert found.after == found.before
    assert not found.changes_meaning()


def test_who_has_that_external_id_already_is_identified_without_a_change():
    found = ana_and_visitor()

    assert found.identify(SHOP, ANA) == []
    assert not found.changes_meaning()


def test_a_merge_leaves_out_aliases_whose_label_the_survivor_has():
    found = identities({CRM: (1, LIVE), SHOP: (1, LIVE), OTHER_CRM: (2, LIVE)}, p1=None, p2=None)

    assert found.merge(1, 2) == [CRM]

    assert found.removed() == [CRM]
    assert found.after == {SHOP: Entry(2, LIVE), OTHER_CRM: Entry(2, LIVE)}


def test_an_anonymous_survivor_takes_the_external_id_and_its_devices_are_muted():
    found = ana_and_visitor()

    found.merge(1, 2)

    assert found.identified == {2: "ana"}
    assert found.after[ANA] == Entry(2, LIVE)
    assert {found.after[PHONE], found.after[TABLET]} == {Entry(2, MUTED)}


def test_a_survivor_who_is_merged_away_in_turn_is_identified_no_more():
    found = identities(
        {ANA: (1, LIVE), CRM: (2, LIVE), BOB: (3, LIVE)}, p1="ana", p2=None, p3="bob"
    )

    found.merge(1, 2)
    found.merge(2, 3)

    assert found.identified == {}
    assert found.absorbed == found.merged == [(1, 2), (2, 3)]
    assert set(found.after.values()) == {Entry(3, LIVE)}
    assert found.external_ids == {3: "bob"}


def test_nobody_is_merged_with_themselves():
    found = ana_and_visitor()

    with pytest.raises(Refused):
        found.merge(1, 1)

    assert not found.changes_meaning()


@pytest.mark.parametrize(
    ("profile_id", "key", "reason"),
    [
        (1, CRM, "the alias belongs to another user"),
        (2, OTHER_CRM, "the user has another alias with that alias_label"),
    ],
)
def test_an_alias_that_is_not_free_or_one_too_many_is_refused(profile_id, key, reason):
    found = ana_and_visitor()

    with pytest.raises(Refused, match=reason):
        found.add_alias(profile_id, key)

    assert found.after == found.before


def test_an_alias_needs_no_more_than_the_shared_lock_unless_it_waits():
    plain, waiting = ana_and_visitor(), identities({CRM: (7, WAITING)}, p1="ana")

    plain.add_alias(1, OTHER_CRM)
    plain.add_alias(2, CRM)
    waiting.add_alias(1, CRM)

    assert plain.added() == [OTHER_CRM]
    assert not plain.changes_meaning()
    assert waiting.merged == [(7, 1)]
    assert waiting.changes_meaning()


def test_a_renamed_alias_frees_the_old_one():
    found = ana_and_visitor()

    found.rename_alias(CRM, OTHER_CRM)

    assert (found.removed(), found.added()) == ([CRM], [OTHER_CRM])
    assert found.after[OTHER_CRM] == Entry(2, LIVE)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (OTHER_CRM, CRM, "alias_label and old_alias_name name nobody"),
        (CRM, SHOP, "the new alias belongs to another user"),
    ],
)
def test_an_alias_of_nobody_or_to_one_of_somebody_is_not_renamed(old, new, reason):
    found = ana_and_visitor()

    with pytest.raises(Refused, match=reason):
        found.rename_alias(old, new)

    assert found.after == found.before


def test_any_id_deletes_the_whole_user_once():
    found = ana_and_visitor()

    found.delete(PHONE)
    found.delete(ANA)
    found.delete_profile(1)

    assert found.deleted == found.left == [1]
    assert found.removed() == [ANA, SHOP, PHONE]
    assert 1 not in found.external_ids


def test_deleting_a_waiting_id_deletes_no_user_and_an_unknown_one_nothing():
    found = identities({ANA: (7, WAITING)})

    found.delete(ANA)
    found.delete(BOB)

    assert (found.deleted, found.left) == ([], [7])
    assert found.removed() == found.claimed() == [ANA]


def test_an_id_that_was_freed_in_the_same_call_is_for_the_next_to_take():
    found = ana_and_visitor()

    found.rename_alias(CRM, OTHER_CRM)
    found.add_alias(1, CRM)

    assert found.changed() == [CRM]
    assert found.after[CRM] == Entry(1, LIVE)
    assert found.changes_meaning()

import csv
import gzip
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from common.bitmaps import join
from profiles import known, merging, rules, waiting
from profiles.importing import bulk, users
from profiles.models import Identifier, IdentifierKind, IdentifierState, Profile
from profiles.tests.connections import at_once
from profiles.users_api import track, updates
from tests.factories import make_workspace
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme():
    return make_workspace("acme")


@pytest.fixture
def imported(tmp_path, acme):
    """Import a text or bytes into Acme; what was printed and what was complained about."""

    def run(content, **options):
        path = tmp_path / "users.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        output, complaints = StringIO(), StringIO()
        call_command(
            "import_users", path, workspace="acme", stdout=output, stderr=complaints, **options
        )
        return output.getvalue().split("\n")[:3], complaints.getvalue()

    return run


def attributes(external_id="ana"):
    return Profile.objects.get(external_id=external_id).attributes


def track_ana(workspace, **item):
    items, _ = track.decode({"attributes": [{"external_id": "ana", **item}]})
    updates.apply(workspace, items, by="test")


def test_a_line_creates_a_user_whom_everyone_finds_at_once(acme, imported):
    counts, complaints = imported("external_id,email,zip,age:number\nana,a@example.com,01307,41\n")

    ana = Profile.objects.get(external_id="ana")
    assert ana.attributes == {"email": "a@example.com", "zip": "01307", "age": 41}
    assert Identifier.objects.get().profile_id == ana.pk
    assert list(join(known.read_known(acme.pk))) == [ana.pk]
    assert counts == ["created 1", "updated 0", "rejected 0"]
    assert not complaints


def test_importing_again_changes_only_what_cells_say(acme, imported):
    imported("external_id,email,age:number\nana,a@example.com,41\n")

    counts, _ = imported("external_id,email,age:number,vip:boolean\nana,,42,false\n")

    assert counts == ["created 0", "updated 1", "rejected 0"]
    assert attributes() == {"email": "a@example.com", "age": 42, "vip": False}


def test_a_flag_of_braze_s_is_yes_or_no_whether_its_column_says_so_or_not(acme, imported):
    header = "external_id,email_open_tracking_disabled,email_click_tracking_disabled:boolean"

    counts, _ = imported(f"{header}\nana,true,no\nbob,perhaps,no\n")

    assert counts == ["created 1", "updated 0", "rejected 1"]
    assert attributes() == {
        "email_open_tracking_disabled": True,
        "email_click_tracking_disabled": False,
    }


def test_a_line_that_says_nothing_new_leaves_the_user_alone(acme, imported):
    imported("external_id,age:number\nana,41\n")
    before = Profile.objects.get().updated_at

    imported("external_id,age:number\nana,41\n")

    assert Profile.objects.get().updated_at == before


def test_several_lines_about_one_user_apply_in_order(acme, imported):
    counts, _ = imported("external_id,a,b\nana,1,1\nbob,9,9\nana,2,\nana,,3\n")

    assert attributes() == {"a": "2", "b": "3"}
    assert counts == ["created 2", "updated 2", "rejected 0"]


def test_a_waiting_id_is_taken_by_its_user(acme, imported):
    waiting.reserve(acme.pk, IdentifierKind.EXTERNAL_ID, [("", "ana"), ("", "zoe")])
    reserved = Identifier.objects.get(value="ana").profile_id

    imported("external_id\nana\nbob\n")

    assert Profile.objects.get(external_id="ana").pk == reserved
    assert waiting.count(acme.pk) == 1


def test_no_claim_reads_through_all_who_wait_while_statistics_know_of_nobody(acme, imported):
    imported("external_id\n" + "\n".join(f"user {number}" for number in range(1000)))
    waiting.reserve(acme.pk, IdentifierKind.EXTERNAL_ID, [("", f"new {n}") for n in range(1000)])
    plans = []

    def explain(execute, sql, parameters, many, context):
        if sql is bulk._CLAIM:
            execute(f"EXPLAIN {sql}", parameters, many, context)
            plans.append(str(context["cursor"].fetchall()))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(explain):
        imported("external_id\n" + "\n".join(f"new {number}" for number in range(1000)))

    (plan,) = plans
    assert "Index Scan using profiles_identifier_p" in plan
    assert "Tid Scan" in plan
    assert "profiles_identifier_waiting" not in plan
    assert waiting.count(acme.pk) == 0


def test_aliases_name_anonymous_users(acme, imported):
    imported("alias_label,alias_name,age:number\ncrm,7,1\nshop,7,2\n")
    imported("alias_name,alias_label,age:number\n7,crm,3\n")

    assert sorted(profile.attributes["age"] for profile in Profile.objects.all()) == [2, 3]
    assert not Profile.objects.exclude(external_id=None).exists()


def test_of_lines_that_name_one_user_by_different_aliases_the_last_one_holds(acme, imported):
    imported("alias_label,alias_name\ncrm,7\nshop,9\n")
    both = merging.Merge(0, rules.alias("crm", "7"), rules.alias("shop", "9"))
    merging.merge(acme, [both], by="test")
    assert Profile.objects.count() == 1

    imported("alias_label,alias_name,city,tier\nshop,9,Lyon,gold\ncrm,7,Paris,\n")

    assert Profile.objects.get().attributes == {"city": "Paris", "tier": "gold"}


def test_a_name_that_comes_again_moves_nothing_that_its_earlier_line_said(acme, imported):
    imported("alias_label,alias_name\ncrm,7\nshop,9\n")
    both = merging.Merge(0, rules.alias("crm", "7"), rules.alias("shop", "9"))
    merging.merge(acme, [both], by="test")

    imported("alias_label,alias_name,city,tier\ncrm,7,Lyon,\nshop,9,Paris,\ncrm,7,,gold\n")

    assert Profile.objects.get().attributes == {"city": "Paris", "tier": "gold"}


def test_a_device_names_an_anonymous_user_and_never_an_identified_one(acme, imported):
    track_ana(acme, devices=[{"device_id": "phone"}])

    counts, complaints = imported("device_id,age:number\ntablet,1\n\nphone,2\n")
    imported("device_id,age:number\ntablet,3\n")

    assert counts == ["created 1", "updated 0", "rejected 1"]
    assert "line 4: the device belongs to an identified user" in complaints
    assert Profile.objects.get(external_id=None).attributes == {"age": 3}
    assert Identifier.objects.get(value="tablet").state == IdentifierState.LIVE


def test_bad_lines_are_rejected_whole_by_the_number_a_spreadsheet_shows(acme, imported, tmp_path):
    rejects = tmp_path / "rejects.csv"
    content = (
        b"external_id,note,age:number\n"
        b"ana,ok,1\n"  # 2
        b"\n"  # 3: blank
        b'bob,"two\nlines",2\n'  # 4
        b"cid,old,many\n"  # 5
        b",nameless,5\n"  # 6
        b"dan,short\n"  # 7
        b"eve,\xff\xfe,7\n"  # 8
        b"fay,nul\0,8\n"  # 9
        + b"g" * 513
        + b",long,9\n"  # 10
        + b"hal,"
        + b"x" * 5001
        + b",10\n"  # 11
        + "zoé,ünï,12\n".encode()  # 12
    )

    counts, complaints = imported(content, rejects=rejects)

    assert counts == ["created 3", "updated 0", "rejected 7"]
    assert attributes("bob") == {"note": "two\nlines", "age": 2}
    assert attributes("zoé") == {"note": "ünï", "age": 12}
    shown = list(csv.reader(StringIO(rejects.read_text(), newline="")))
    assert shown[0] == ["rejected_line", "rejected_because", "external_id", "note", "age:number"]
    assert shown[1] == ["5", "age: it must be a number", "cid", "old", "many"]
    assert [row[:2] for row in shown[2:]] == [
        ["6", "external_id must have 1 to 512 characters"],
        ["7", "it has 2 cells, the header 3"],
        ["8", "it is not UTF-8"],
        ["9", "it contains NUL"],
        ["10", "external_id must have 1 to 512 characters"],
        ["11", "note: it has more than 5,000 characters"],
    ]
    assert "line 5: age: it must be a number" in complaints
    assert "7 rows were rejected." in complaints


def test_only_the_first_rejects_are_shown(acme, imported):
    _, complaints = imported("external_id\n" + ",\n" * 100)

    assert complaints.count("line ") == 10
    assert "100 rows were rejected." in complaints


@pytest.mark.parametrize("zipped", [False, True])
def test_gzip_and_a_byte_order_mark_make_no_difference(acme, imported, zipped):
    content = "\ufeffexternal_id,email\r\nana,a@example.com\r\n".encode()

    imported(gzip.compress(content) if zipped else content)

    assert attributes() == {"email": "a@example.com"}


@pytest.mark.parametrize("content", [b"", b"email\na\n", b"\x1f\x8bnonsense"])
def test_a_file_that_holds_no_users_is_refused_with_a_sentence(acme, imported, content):
    with pytest.raises(CommandError):
        imported(content)


def test_an_unknown_workspace_or_file_is_refused(acme, tmp_path):
    with pytest.raises(CommandError, match=r"There is no workspace globex\."):
        call_command("import_users", tmp_path, workspace="globex")
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_users", tmp_path / "none.csv", workspace="acme")


def test_batches_make_no_difference_to_the_result(acme, tmp_path, monkeypatch):
    monkeypatch.setattr(users, "BATCH_ROWS", 7)
    path = tmp_path / "users.csv"
    path.write_text("external_id,n:number\n" + "".join(f"u{n % 40},{n}\n" for n in range(100)))

    job = users.run(acme, path, by="test")

    assert (job.batches, job.rows_done, job.rows_rejected) == (15, 100, 0)
    assert job.counts == {"created": 40, "updated": 60}
    assert {profile.attributes["n"] for profile in Profile.objects.all()} == set(range(60, 100))
    assert len(join(known.read_known(acme.pk))) == 40


def test_an_import_leaves_one_audit_row(acme, imported):
    imported("external_id\nana\n\n,\n")

    entry = AuditEntry.objects.get(action="users.imported")
    assert entry.details == {"created": 1, "updated": 0, "rejected": 1}


def test_a_batch_costs_the_same_queries_whatever_its_size(
    acme, tmp_path, django_assert_num_queries
):
    path = tmp_path / "users.csv"
    path.write_text("external_id\n" + "".join(f"u{n}\n" for n in range(2000)))

    # Claim, its idle limit, what came before; the job made, begun, read.
    # Begin, shared lock, savepoint, settings; found, numbered; copies of identifiers and
    # profiles; three for the block of `known`; changed values; release; the job's checkpoint;
    # commit.
    # Begin; the job, its end, its file, its audit row; commit. Four to vacuum and analyse.
    # Two to let go of the claim.
    with django_assert_num_queries(3 + 3 + 15 + 6 + 4 + 2):
        users.run(acme, path, by="test")


def test_a_user_whom_somebody_else_creates_meanwhile_is_updated(acme, imported):
    rivals = [lambda: track_ana(acme, tier="gold")]

    def be_outrun(execute, sql, parameters, many, context):
        if sql is bulk._NUMBERS and rivals:
            at_once(rivals.pop())
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(be_outrun):
        imported("external_id,city\nana,Lyon\nbob,Paris\n")

    assert attributes() == {"tier": "gold", "city": "Lyon"}
    assert AuditEntry.objects.get(action="users.imported").details == {
        "created": 1,
        "updated": 1,
        "rejected": 0,
    }
    assert len(join(known.read_known(acme.pk))) == 2


def test_imports_and_calls_at_once_make_each_user_once(acme, tmp_path, monkeypatch):
    monkeypatch.setattr(users, "BATCH_ROWS", 60)
    path = tmp_path / "users.csv"
    values = [f"u{number:03}" for number in range(300)]
    path.write_text("external_id,a\n" + "".join(f"{value},1\n" for value in values))
    waiting.reserve(acme.pk, IdentifierKind.EXTERNAL_ID, [("", value) for value in values[::3]])

    def call():
        for start in range(0, 300, 50):
            entries = [{"external_id": value, "b": 2} for value in values[start : start + 50]]
            items, _ = track.decode({"attributes": entries[::-1]})
            updates.apply(acme, items, by="test")

    def load():
        users.run(acme, path, by="test")

    at_once(load, call, load, call)

    assert Profile.objects.count() == 300
    assert all(profile.attributes == {"a": "1", "b": 2} for profile in Profile.objects.all())
    assert len(join(known.read_known(acme.pk))) == 300
    assert waiting.count(acme.pk) == 0

"""Files that are no users, or not quite: a sentence, never an error, never half a row."""

import csv
import gzip
import json
from io import StringIO

import pytest
from django.core.management import CommandError

from imports import lines, pieces
from imports.files import InvalidFile
from imports.models import Job, JobState, Role
from imports.sources import Local
from imports.tests.factories import fresh, make_job, work_off
from profiles import waiting
from profiles.importing import users
from profiles.models import IdentifierKind, Profile
from profiles.users_api import track, updates
from tests.commands import manage
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = b"external_id,a,n:number\n"


@pytest.fixture
def acme():
    return make_workspace("acme")


@pytest.fixture
def imported(acme):
    """Import that content in the background; the job as it ended."""

    def run(content):
        job = make_job(acme, content)
        work_off(acme)
        return fresh(job)

    return run


def reasons(job):
    return {reject["line"]: reject["reasons"] for reject in job.first_rejects}


def rejected_rows(job):
    return b"".join(pieces.read(job.pk, Role.REJECTS))


def stored():
    return {profile.external_id: profile.attributes for profile in Profile.objects.order_by("pk")}


# --- Refused whole, before anything is kept ------------------------------------------------


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (gzip.compress(b""), "The file is empty."),
        (b"name,email\nana,a@example.com\n", "The header must name either external_id"),
        (b"external_id;email\nana;a\n", "separated by commas"),
        (b"external_id,age,age\nana,1,2\n", "Two columns are named age."),
        (b"external_id,age,age:number\nana,1,2\n", "Two columns are named age."),
        (b"external_id,\nana,1\n", "Column 2 needs a name"),
        ("external_id,é".encode("latin-1") + b"\nana,1\n", "isn't plain text in UTF-8"),
        (b"external_id,a\0b\nana,1\n", "isn't plain text in UTF-8"),
        (b'external_id,"a\nana,1\n', "quotation mark is never closed"),
        ("external_id\nana\n".encode("utf-16"), "The file is in UTF-16"),
        ("external_id\nana\n".encode("utf-16-le"), "The file is in UTF-16"),
        (b"PK\x03\x04rest of a spreadsheet", "save it as CSV"),
        (b"x" * (lines.LONGEST_ROW + 1), "longer than 512 KiB"),
        (gzip.compress(HEADER + b"ana,1,2\n")[:-8] + bytes(8), "damaged"),
        (b"\x1f\x8bnonsense", "damaged"),
        (b'[{"external_id": "ana"}]', "put each object on a line of its own"),
        (b'{"email": "a@example.com"}\n', "must name its user by either external_id"),
        (b'{"external_id": "ana"\n', "must be a JSON object"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_users_is_refused_with_a_sentence(acme, tmp_path, content, sentence):
    path = tmp_path / "users.csv"
    path.write_bytes(content)

    with pytest.raises(InvalidFile, match=sentence):
        make_job(acme, content)
    with pytest.raises(CommandError, match=sentence):
        manage("import_users", path, "--workspace", "acme")

    assert not Job.objects.exists()
    assert not Profile.objects.exists()


def test_a_folder_or_a_missing_file_is_named_with_what_is_wrong(acme, tmp_path):
    with pytest.raises(CommandError, match="Is a directory"):
        manage("import_users", tmp_path, "--workspace", "acme")
    with pytest.raises(CommandError, match=r"none\.csv: No such file or directory"):
        manage("import_users", tmp_path / "none.csv", "--workspace", "acme")


def test_a_gzip_that_is_cut_off_is_refused_and_on_a_command_s_disk_read_to_its_last_whole_row(
    acme, tmp_path
):
    content = gzip.compress(HEADER + b"ana,1,1\nbob,2,2\n", 0)[:-12]  # in the midst of Bob's row
    path = tmp_path / "users.csv.gz"
    path.write_bytes(content)

    with pytest.raises(InvalidFile, match="cut off"):
        make_job(acme, content)
    assert not Job.objects.exists()
    with pytest.raises(CommandError, match="cut off"):
        manage("import_users", path, "--workspace", "acme")

    assert Job.objects.get().state == JobState.FAILED
    assert list(stored()) == ["ana"]


def test_a_gzip_bomb_is_stopped_early(acme, tmp_path):
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb") as file:
        file.write(HEADER)
        for _ in range(300):
            file.write(bytes(1024 * 1024))
    read = []

    with pytest.raises(InvalidFile, match="grows more than 200 times"):
        for chunk in Local(path).read():
            read.append(len(chunk))
    with pytest.raises(InvalidFile):
        make_job(acme, path.read_bytes())

    assert sum(read) < 80 * 1024 * 1024
    assert max(read) <= 1024 * 1024
    assert not Job.objects.exists()


# --- Taken, but for its bad rows -----------------------------------------------------------


def test_a_header_alone_is_an_import_of_nobody(imported):
    job = imported(b"external_id,a")

    assert (job.state, job.rows_done, job.counts) == (JobState.DONE, 0, {})


def test_every_reason_of_a_row_is_told(imported):
    job = imported(HEADER + b",x" + b"y" * 5000 + b",many\n")

    assert reasons(job) == {
        2: [
            "external_id must have 1 to 512 characters",
            "a: it has more than 5,000 characters",
            "n: it must be a number",
        ]
    }


def test_ragged_rows_are_rejected_and_their_neighbours_stored(imported):
    job = imported(HEADER + b"ana,1,1\nbob,2\ncid,3,3,\xff\ndan,4,4\n")

    assert reasons(job) == {
        3: ["it has 2 cells, the header 3"],
        4: ["it has 4 cells, the header 3", "it is not UTF-8"],
    }
    assert list(stored()) == ["ana", "dan"]


def test_rows_with_nul_or_in_another_encoding_are_rejected(imported):
    job = imported(HEADER + b"ana,\0,1\nb\xf6b,2,2\n" + "zoé,ünï,3\n".encode())

    assert reasons(job) == {2: ["it contains NUL"], 3: ["it is not UTF-8"]}
    assert stored() == {"zoé": {"a": "ünï", "n": 3}}


def test_a_quotation_mark_that_is_never_closed_rejects_what_it_swallows(imported):
    job = imported(HEADER + b'ana,1,1\nbob,"2,2\ncid,3,3\n')

    assert reasons(job)[3][0] == "a quotation mark is never closed"
    assert list(stored()) == ["ana"]


@pytest.mark.parametrize("cell", [b'"' + b"x\n" * 600_000, b"x," * 1_000_000, b"x" * 3_000_000])
def test_a_row_without_end_stops_the_import_and_keeps_the_rows_before_it(imported, cell):
    job = imported(HEADER + b"ana,1,1\nbob," + cell + b"\nzoe,1,1\n")

    assert (job.state, list(stored())) == (JobState.FAILED, ["ana"])
    assert "The row at line 3 is longer than 512 KiB" in job.error


def test_a_line_of_a_gigabyte_is_never_held_in_memory():
    drawn = 0

    def chunks():
        nonlocal drawn
        yield HEADER
        for _ in range(1024):
            drawn += 1
            yield b"x" * (1024 * 1024)

    with pytest.raises(InvalidFile):
        list(lines.Lines(chunks()))

    assert drawn == 1


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_of_every_system_and_blank_lines_count_as_a_spreadsheet_does(imported, end):
    job = imported(
        end.join([b"external_id,n:number", b"ana,1", b"", b'bob,"2', b'"', b"cid,x", b""])
    )

    assert reasons(job) == {4: ["n: it must be a number"], 5: ["n: it must be a number"]}
    assert list(stored()) == ["ana"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_batches_that_end_anywhere_give_the_same_users_and_the_same_lines(
    imported, monkeypatch, size
):
    monkeypatch.setattr(users, "BATCH_ROWS", size)
    content = '\ufeffexternal_id,a\nana,"ü\nü"\n\nbob,\nx\ncid,"é\r\n,"\ndan,ö\ny\n'

    job = imported(content.encode())

    assert list(reasons(job)) == [5, 8]
    assert stored() == {"ana": {"a": "ü\nü"}, "bob": {}, "cid": {"a": "é\r\n,"}, "dan": {"a": "ö"}}


# --- Rejected rows, mended and sent again --------------------------------------------------


def test_formulas_are_stored_as_text_and_neutralised_in_what_is_handed_out(imported):
    formulas = ["=1+1", "+34600", "-7", "@now", "\tx", "'=y", "plain"]
    table = StringIO()
    writer = csv.writer(table)
    writer.writerow(["external_id", "a", "n:number"])
    writer.writerows([[f"u{i}", text, "bad"] for i, text in enumerate(formulas)])

    job = imported(table.getvalue().encode())

    rows = list(csv.reader(StringIO(rejected_rows(job).decode(), newline="")))
    assert [row[3] for row in rows[1:]] == ["'" + text for text in formulas[:-1]] + ["plain"]

    mended = rejected_rows(job).replace(b",bad", b",1")
    again = imported(mended)
    assert (again.rows_done, again.rows_rejected) == (7, 0)
    assert [profile["a"] for profile in stored().values()] == formulas
    assert all(set(profile) == {"a", "n"} for profile in stored().values())


def test_rejected_rows_that_are_rejected_again_come_out_once_more(imported):
    first = imported(HEADER + b"ana,=1,x\n")

    second = imported(rejected_rows(first))

    assert rejected_rows(second).splitlines()[0] == rejected_rows(first).splitlines()[0]
    assert rejected_rows(second).splitlines()[1] == b"2,n: it must be a number,ana,'=1,x"


def test_a_device_of_an_identified_user_is_rejected_with_its_row(acme, imported):
    items, _ = track.decode(
        {"attributes": [{"external_id": "ana", "devices": [{"device_id": "phone"}]}]}
    )
    updates.apply(acme, items, by="test")

    job = imported(b"device_id,n:number\nphone,01\ntablet,2\nphone,3\n")

    assert (job.rows_rejected, job.counts) == (2, {"created": 1, "updated": 0})
    reason = b"the device belongs to an identified user"
    assert rejected_rows(job).splitlines()[1:] == [
        b"2," + reason + b",phone,01",
        b"4," + reason + b",phone,3",
    ]


# --- One JSON object a line ----------------------------------------------------------------


def objects(*members):
    return b"".join(json.dumps(each).encode() + b"\n" for each in members)


def test_json_types_are_kept_null_removes_and_lists_are_allowed(imported):
    imported(objects({"external_id": "ana", "a": "01", "gone": 1, "n": 1.5}))

    job = imported(
        b"\xef\xbb\xbf"
        + objects(
            {"external_id": "ana", "n": 7, "vip": True, "gone": None, "tags": ["x", 2]},
            {"external_id": "bob", "never": None, "dob": "1990-01-31"},
        )
    )

    assert job.counts == {"created": 1, "updated": 1}
    assert stored() == {
        "ana": {"a": "01", "n": 7, "vip": True, "tags": ["x", 2]},
        "bob": {"dob": "1990-01-31"},
    }


def test_several_objects_about_one_user_apply_in_order(imported):
    imported(
        objects(
            {"external_id": "ana", "a": 1, "b": 1},
            {"external_id": "ana", "a": None, "b": 2},
            {"external_id": "ana", "a": 3},
        )
    )

    assert stored() == {"ana": {"a": 3, "b": 2}}


def test_bad_objects_are_rejected_by_line_with_every_reason_and_can_be_sent_again(imported):
    job = imported(
        objects({"external_id": "ana", "n": 1})
        + b"\n"
        + b'{"external_id": 7, "dob": "31/01/1990", "deep": {"$a": 1}}\n'
        + b"[1, 2]\n"
        + b'{"external_id": "b\xff"}\n'
        + b'{"external_id": "cid", "text": "a\\u0000b"}\n'
        + b'{"external_id": "dan", "device_id": "phone"}\n'
        + b"[" * 100_000
        + b"\n"
        + objects({"external_id": "eve", "n": 2})
    )

    found = reasons(job)
    assert list(found) == [3, 4, 5, 6, 7, 8]
    assert len(found[3]) == 3
    assert found[4] == ["it is not a JSON object"]
    assert found[7] == ["it names its user in another way than the first line does"]
    assert list(stored()) == ["ana", "eve"]
    rows = [json.loads(line) for line in rejected_rows(job).splitlines()]
    assert rows[0]["rejected_line"] == 3
    assert rows[0]["deep"] == {"$a": 1}

    mended = {**rows[0], "external_id": "fay", "dob": "1990-01-31", "deep": 1}
    assert imported(objects(mended)).rows_rejected == 0
    assert stored()["fay"] == {"dob": "1990-01-31", "deep": 1}


def test_aliases_and_devices_are_named_in_json_as_in_csv(imported):
    imported(objects({"alias_label": "crm", "alias_name": "7", "n": 1}))
    imported(objects({"device_id": "tablet", "n": 2}))
    imported(b"alias_label,alias_name,n:number\ncrm,7,3\n")

    assert sorted(profile.attributes["n"] for profile in Profile.objects.all()) == [2, 3]


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_objects_are_resumed_where_they_were_left(imported, monkeypatch, rows):
    monkeypatch.setattr(users, "BATCH_ROWS", rows)
    monkeypatch.setattr(pieces, "SIZE", 64)  # so that blocks are small

    job = imported(objects(*({"external_id": f"u{n}", "n": n} for n in range(50))) + b"bad\n")

    assert job.counts == {"created": 50, "updated": 0}
    assert reasons(job) == {51: ["it is not a JSON object"]}


def test_claiming_waiting_ids_moves_no_bits(acme, imported):
    """That the number stays is what keeps a claim cheap, whatever the number of cohorts."""
    names = [f"u{number}" for number in range(500)]
    waiting.reserve(acme.pk, IdentifierKind.EXTERNAL_ID, [("", name) for name in names])

    imported(b"external_id\n" + "\n".join(names).encode())

    assert Profile.objects.count() == 500
    assert waiting.count(acme.pk) == 0

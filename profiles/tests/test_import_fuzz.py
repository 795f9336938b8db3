"""User files damaged at random end with a report or a sentence, and never with half a row."""

import csv
import gzip
import io
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imports.files import InvalidFile
from imports.models import JobState
from profiles.importing import users
from profiles.models import Profile
from tests.factories import make_workspace

HEADER = ["external_id", "a", "n:number"]
texts = st.sampled_from(["", "x", "=1+1", 'say "hi"', "two\nlines", "one, two", "é", "\r\n", "'"])
numbers = st.sampled_from(["", "7", "many"])
tables = st.lists(st.tuples(texts, numbers), min_size=1, max_size=8)
# Where bytes come in, which, and how many of those that stood there they take the place of.
damages = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.sampled_from([b"", b"\0", b'"', b"\xff", b"\n", b",", b"\r", b"\x1f\x8b", b";"]),
        st.sampled_from([0, 0, 1, 3]),
    ),
    max_size=4,
)
workspaces = count()


def written(rows):
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows([f"u{number}", *row] for number, row in enumerate(rows))
    return text.getvalue().encode()


def damaged(content, damages):
    """Behind the header, whose faults are refusals: `test_import_files` goes through those."""
    start = content.index(b"\n") + 1
    for where, new, gone in damages:
        place = start + int(where * (len(content) - start))
        content = content[:place] + new + content[place + gone :]
    return content


def meant(row):
    """The user that a whole row is about, else None."""
    external_id, text, number = row if len(row) == 3 else ("", "", "")
    everything = external_id + text + number
    if not external_id or "\0" in everything or number not in ("", "7"):
        return None
    if any("\ud800" <= letter <= "\udfff" for letter in everything):
        return None
    attributes = ({"a": text} if text else {}) | ({"n": int(number)} if number else {})
    return external_id, attributes


def rows_of(content):
    text = content.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


def run(content, folder, zipped):
    """Import it into a workspace of its own: the job, or None if it was refused; who is there."""
    workspace = make_workspace(f"acme-{next(workspaces)}")
    path = folder / "users.csv"
    path.write_bytes(gzip.compress(content) if zipped else content)
    job = None
    try:
        job = users.run(workspace, path, by="test")
    except InvalidFile as refused:
        assert str(refused).endswith((".", "?"))
    return job, {
        profile.external_id: profile.attributes
        for profile in Profile.objects.filter(workspace=workspace)
    }


@pytest.mark.django_db(transaction=True)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=tables, damages=damages, zipped=st.booleans())
def test_a_damaged_file_stores_whole_rows_and_accounts_for_the_others(
    tmp_path_factory, monkeypatch, rows, damages, zipped
):
    monkeypatch.setattr(users, "BATCH_ROWS", 2)
    content = damaged(written(rows), damages)

    job, stored = run(content, tmp_path_factory.mktemp("file"), zipped)

    whole = [user for row in rows_of(content)[1:] if (user := meant(row))]
    assert all(user in whole for user in stored.items())
    if job is not None:
        assert job.state == JobState.DONE
        assert sum(job.counts.values()) + job.rows_rejected == job.rows_done
        found = rows_of(content)[1:]
        stray = found[-1:] == [[""]]  # a quotation mark behind everything, which is no row
        assert job.rows_done in (len(found), len(found) - stray)
    if not damages:
        assert stored == dict(whole)

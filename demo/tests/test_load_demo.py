import io

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.test import override_settings

from campaigns.models import Campaign, Launch, State
from cohorts.applying import runner
from cohorts.models import Cohort, Upload
from demo import messages
from demo.accounts import PASSWORD
from partners.models import DataImportKey, Integration, PartnerApiKey
from profiles.models import Profile
from segments import evaluation, tree
from segments.models import Segment
from tests import factories
from workspaces.models import AuditEntry, User, Workspace

pytestmark = pytest.mark.django_db(transaction=True)

USERS = 600


@pytest.fixture
def web(live_server):
    """The product's own web server; the partners are there as the migrations ship them."""
    for slug in ("tinyclues", "segment"):
        factories.make_partner(slug)
    return live_server.url


def load(url, **options):
    output = io.StringIO()
    options = {"users": USERS, "patience": 0} | options
    call_command("load_demo", url=url, stdout=output, stderr=io.StringIO(), **options)
    return output.getvalue()


def apply_everything():
    for cohort_id in runner.pending_cohorts():
        runner.run(cohort_id)


def everything():
    models = (Profile, Cohort, Upload, AuditEntry, User, DataImportKey, PartnerApiKey)
    return [model.objects.count() for model in models]


def test_users_cohorts_and_uploads_are_there_after_the_first_load(web):
    load(web)
    apply_everything()

    assert Profile.objects.filter(workspace__slug="demo").count() == USERS
    assert Cohort.objects.filter(workspace__slug="demo").count() == 8
    assert set(Integration.objects.values_list("partner__slug", flat=True)) == {
        "tinyclues",
        "segment",
    }
    call_command("check_membership", stdout=io.StringIO())


def test_the_segment_reaches_some_of_the_primary_cohort(web):
    load(web)
    apply_everything()

    made = Segment.objects.get(workspace__slug="demo")
    reached = evaluation.reach_of(made.workspace_id, tree.parse(made.filters))
    (group,) = reached.groups
    assert 0 < reached.total < group.filters[0].alone
    assert reached.exclusions[0].removed > 0


def test_a_campaign_goes_to_a_few_and_a_canvas_is_a_draft(web):
    load(web, users=3_000)  # as quick a load as any, whose uploads nobody applies by then
    campaign, canvas = Campaign.objects.order_by("kind")

    assert campaign.kind == "campaign"
    assert campaign.state == State.DRAFT  # nobody was in its cohorts yet
    assert canvas.state == State.DRAFT
    assert canvas.steps.count() == 2

    Campaign.objects.all().delete()
    apply_everything()
    messages.make(Workspace.objects.get(slug="demo"), by="tests")

    launch = Campaign.objects.get(kind="campaign").launch
    assert 0 < launch.audience_size < 100


@override_settings(EMAIL_URL="smtp://127.0.0.1:9")
def test_invented_addresses_are_nothing_for_a_mail_server(web):
    load(web)
    Campaign.objects.all().delete()
    apply_everything()
    messages.make(Workspace.objects.get(slug="demo"), by="tests")

    assert not Launch.objects.exists()


def test_some_ids_wait_and_devices_of_identified_users_are_ignored(web):
    load(web)
    apply_everything()

    totals = Upload.objects.aggregate(waiting=Sum("waiting"), ignored=Sum("ignored_device"))
    assert totals["waiting"] > 0
    assert totals["ignored"] > 0


def test_a_renamed_cohort_keeps_its_former_name(web):
    load(web)

    cohort = Cohort.objects.get(external_id="christmas-early-birds")
    assert cohort.name.endswith("Christmas early birds")
    assert cohort.former_names.get().name.endswith("(draft)")


def test_a_second_load_changes_nothing(web):
    load(web)
    before = everything()

    load(web)

    assert everything() == before


def test_a_load_that_was_broken_off_is_done_again(web):
    load(web)
    apply_everything()
    sizes = Upload.objects.aggregate(added=Sum("added"))
    AuditEntry.objects.filter(action="demo.loaded").delete()

    load(web)
    apply_everything()

    assert Profile.objects.count() == USERS
    call_command("check_membership", stdout=io.StringIO())
    removed_before = Upload.objects.aggregate(removed=Sum("removed"))["removed"] // 2
    assert Upload.objects.aggregate(added=Sum("added"))["added"] == sizes["added"] + removed_before


def test_the_keys_of_the_upload_open_nothing_afterwards(web):
    load(web)

    for model in (DataImportKey, PartnerApiKey):
        assert model.objects.count() == 2
        assert not model.objects.filter(invalidated_at=None).exists()


def test_it_says_how_to_log_in(web):
    assert "Log in as admin with the password quayside." in load(web)
    assert User.objects.get(username="admin").is_superuser


def test_a_password_that_was_changed_is_neither_reset_nor_told(web):
    load(web)
    admin = User.objects.get(username="admin")
    admin.set_password("something of my own")
    admin.save()

    assert PASSWORD not in load(web)

    admin.refresh_from_db()
    assert admin.check_password("something of my own")


def test_an_instance_with_an_operator_gets_no_other_one(web):
    factories.make_operator("olga")

    assert "Log in" not in load(web)

    assert not User.objects.filter(username="admin").exists()


@override_settings(PRODUCTION=True)
def test_production_refuses_it(web):
    with pytest.raises(CommandError, match="This is production"):
        load(web)

    assert not Profile.objects.exists()


@override_settings(PRODUCTION=True)
def test_production_that_insists_gets_no_account_with_a_known_password(web):
    load(web, force=True)

    assert Profile.objects.count() == USERS
    assert not User.objects.exists()


def test_without_a_web_server_nothing_is_loaded():
    with pytest.raises(CommandError, match="No web server answers"):
        load("http://127.0.0.1:1")

    assert not Profile.objects.exists()

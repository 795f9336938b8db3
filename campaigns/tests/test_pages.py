"""The stepped form and the page of what was launched, as Marta goes through them."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import cutting, services
from campaigns.models import Campaign, Canvas, Deed, Engagement, Kind, Sending, State
from campaigns.tests.factories import BY, email, fresh, launched, make_campaign, make_users, sent
from campaigns.tests.mail_server import mail_server
from campaigns.tests.test_launching import cohort_filter, make_segment, uploaded
from cohorts.tests.factories import Connector, apply_all
from profiles.models import Profile
from segments.tests.builder_form import row
from tests.factories import make_marketer, make_member, make_workspace
from workspaces.models import AuditEntry, User
from workspaces.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/campaigns/campaign/"
CANVASES = "/admin/campaigns/canvas/"


@pytest.fixture
def acme():
    return make_workspace("acme")


@pytest.fixture
def marta(client, acme):
    client.force_login(make_marketer(acme))
    return client


@pytest.fixture
def tinyclues(acme):
    return Connector()


@pytest.fixture
def mailbox():
    with mail_server() as mailbox:
        yield mailbox


def page_of(campaign, page):
    return f"{LIST if campaign.kind == 'campaign' else CANVASES}{campaign.pk}/{page}/"


def shown(answer):
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


def test_a_campaign_goes_from_its_name_to_the_mail_step_by_step(marta, tinyclues, mailbox):
    make_users("ana", "bob", "cleo")
    uploaded(tinyclues, spring=["ana", "bob"], vip=["ana", "cleo"])
    segment = make_segment("Spring", "spring")

    answer = marta.post(
        f"{LIST}add/", {"name": "Spring sale", "tags": "mail, spring", "channel": "email"}
    )
    campaign = Campaign.objects.get()
    assert answer["Location"] == page_of(campaign, "message")
    answer = marta.post(
        answer["Location"], {"subject": "Hi {{ user.first_name }}", "text": "Look."}
    )
    assert answer["Location"] == page_of(campaign, "audience")

    filters = {
        "match": "all",
        "group": ["g0"],
        "g0-match": "all",
        **row("g0-r0", "vip"),
    }
    target = {"segments": [str(segment.pk)], "control_percent": "0", **filters}
    assert "<b>" in shown(marta.post(page_of(campaign, "audience/reach"), target))
    answer = marta.post(page_of(campaign, "audience"), {**target, "_save": "1"})
    assert answer["Location"] == page_of(campaign, "summary")
    page = shown(marta.get(answer["Location"]))
    assert '<p class="campaign-total">1</p>' in page

    answer = marta.post(page_of(campaign, "launch"))
    assert answer["Location"] == page_of(campaign, "change")
    sending = Sending.objects.get()
    cutting.begin(sending.pk)
    sent(sending)
    assert [str(message["Subject"]) for message in mailbox.messages] == ["Hi ana"]
    page = shown(marta.get(page_of(campaign, "change")))
    assert "<dt>Sent</dt><dd>1</dd>" in page
    assert "Spring" in page
    csv = b"".join(marta.get(page_of(campaign, "export"))).decode()
    assert ",ana," in csv


def test_a_canvas_gets_steps_with_delays_in_the_order_that_somebody_gives_them(marta, acme):
    marta.post(f"{CANVASES}add/", {"name": "Welcome", "channel": "email"})
    canvas = Canvas.objects.get()
    first = page_of(canvas, "message/0")
    timing = {"name": "First", "delay": "0", "unit": "60"}
    marta.post(first, {**timing, "subject": "One", "text": "One."})
    answer = marta.post(page_of(canvas, "message"), {"add": "email"})
    assert answer["Location"] == page_of(canvas, "message/1")
    timing = {"name": "Second", "delay": "2", "unit": "86400"}
    marta.post(answer["Location"], {**timing, "subject": "Two", "text": "Two."})

    page = shown(marta.get(page_of(canvas, "message")))
    assert page.index("First") < page.index("Second")
    assert "after 2 days" in page

    marta.post(page_of(canvas, "message"), {"up": "1"})
    steps = list(canvas.steps.values_list("name", "delay_seconds"))
    assert steps == [("Second", 172_800), ("First", 0)]

    marta.post(page_of(canvas, "message"), {"remove": "0"})
    assert list(canvas.steps.values_list("position", "name")) == [(0, "First")]


@pytest.mark.parametrize(
    ("sent_fields", "words"),
    [
        ({"subject": "", "text": "Hi"}, "Give the message a subject."),
        ({"subject": "Hi", "text": ""}, "Write the message"),
        ({"subject": "Hi {{ name }}", "text": "x"}, "nothing is called name here"),
        ({"subject": "Hi", "text": "{{ user.x | nope }}"}, "there is no filter nope"),
        ({"subject": "Hi", "text": "x", "reply_to": "nobody"}, "replies can go to"),
    ],
)
def test_a_message_that_can_t_be_sent_is_refused_where_it_is_wrong_and_kept_as_typed(
    marta, acme, sent_fields, words
):
    campaign = services.create(acme, kind=Kind.CAMPAIGN, name="Spring", by=BY)

    page = shown(marta.post(page_of(campaign, "message/0"), sent_fields))

    assert words in page
    for text in sent_fields.values():
        assert text.replace("'", "&#x27;") in page
    assert campaign.steps.get().message == {}


def test_doubts_are_shown_and_launching_needs_a_word(marta, tinyclues):
    make_users("ana", "bob", "cleo")
    uploaded(tinyclues, spring=["ana", "bob", "cleo"])
    campaign = make_campaign(filters=cohort_filter("spring"))
    tinyclues.remove("ana", "bob", cohort_id="spring")
    apply_all()

    assert "shrank from 3 to 1" in shown(marta.get(page_of(campaign, "summary")))
    assert "Tick the box above" in shown(marta.post(page_of(campaign, "launch")))
    assert fresh(campaign).state == State.DRAFT

    marta.post(page_of(campaign, "launch"), {"confirmed": "1"})
    assert fresh(campaign).state == State.SENDING


def test_a_campaign_is_scheduled_and_taken_off_the_schedule(marta, acme):
    make_users("ana")
    campaign = make_campaign()
    past, later = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)

    page = shown(marta.post(page_of(campaign, "summary"), {"at": f"{past:%Y-%m-%d}T10:00"}))
    assert "That time is past" in page

    marta.post(page_of(campaign, "summary"), {"at": f"{later:%Y-%m-%d}T10:00"})
    assert fresh(campaign).state == State.SCHEDULED
    assert "Back to draft" in shown(marta.get(page_of(campaign, "change")))

    marta.post(page_of(campaign, "unschedule"))
    assert fresh(campaign).state == State.DRAFT


def test_a_campaign_on_its_way_is_paused_resumed_and_stopped(marta, acme):
    make_users("ana")
    campaign = make_campaign()
    launched(campaign)

    for page, state in (("pause", "paused"), ("resume", "sending"), ("stop", "stopped")):
        marta.post(page_of(campaign, page))
        assert fresh(campaign).state == state
    assert "by now" in shown(marta.post(page_of(campaign, "resume"), follow=True))


def test_who_failed_is_listed_with_the_reason_and_gets_it_again(marta, acme, mailbox):
    make_users("ana", "bob")
    mailbox.refuse["ana@example.com"] = "550 Unknown here"
    campaign = make_campaign()
    sending = sent(launched(campaign))

    page = shown(marta.get(page_of(campaign, "others")))
    assert "ana" in page
    assert "550 Unknown here" in page
    assert "Send again to 1 who failed" in shown(marta.get(page_of(campaign, "change")))

    mailbox.refuse.clear()
    assert "Mend what was wrong first" in shown(
        marta.get(page_of(campaign, "resend") + "?fate=failed")
    )
    marta.post(page_of(campaign, "resend"), {"fate": "failed"})
    sent(sending)
    assert mailbox.copies == {"ana@example.com": 1, "bob@example.com": 1}


def test_a_viewer_looks_and_does_nothing(client, acme):
    make_users("ana")
    campaign = make_campaign()
    client.force_login(make_member(acme, Role.VIEWER))

    assert client.get(page_of(campaign, "change")).status_code == 200
    for page in ("basics", "message", "audience", "summary"):
        assert client.get(page_of(campaign, page)).status_code == 403
    assert client.post(page_of(campaign, "launch")).status_code == 403
    assert fresh(campaign).state == State.DRAFT


def test_stopping_for_good_asks_and_says_whom_it_touches(marta, mailbox):
    make_users("ana", "bob")
    campaign = make_campaign()
    launched(campaign)

    asked = shown(marta.get(page_of(campaign, "stop")))

    assert "Stop “Spring” for good?" in asked
    assert "<dt>Will never get it</dt><dd>2</dd>" in asked
    assert fresh(campaign).state == State.SENDING
    marta.post(page_of(campaign, "stop"))
    assert fresh(campaign).state == State.STOPPED


def test_segments_are_chosen_by_name_and_size_and_are_part_of_the_funnel(marta, tinyclues):
    make_users("ana", "bob", "cleo")
    uploaded(tinyclues, spring=["ana", "bob"])
    segment = make_segment("Spring", "spring")
    campaign = make_campaign()

    assert "<span>Spring</span> <small>2 users</small>" in shown(
        marta.get(page_of(campaign, "audience"))
    )
    answer = marta.post(
        page_of(campaign, "audience/reach"),
        {"segments": [str(segment.pk)], "control_percent": "0", "live": "1"},
    )

    assert "Target segments" in shown(answer)
    assert answer.context["builder"].reach.total == 2


def test_a_message_is_looked_at_as_a_user_sees_it_and_nothing_is_saved_or_sent(marta, mailbox):
    make_users("ana", "bob")
    campaign = make_campaign()
    typed = {"subject": "Hi {{ user.first_name }}", "html": "<b>{{ user.first_name }}</b>"}

    first = shown(marta.post(page_of(campaign, "message"), {**typed, "_preview": "1"}))
    named = marta.post(
        page_of(campaign, "message"), {**typed, "preview_for": "bob@example.com", "_preview": "1"}
    )

    assert "<strong>Hi ana</strong>" in first
    assert '<iframe sandbox="" srcdoc="&lt;b&gt;bob&lt;/b&gt;&lt;p&gt;' in shown(named)
    assert "Nobody has that id" in shown(
        marta.post(page_of(campaign, "message"), {**typed, "preview_for": "zoe", "_preview": "1"})
    )
    assert campaign.steps.get().message["subject"].startswith("Hello")
    assert mailbox.messages == []


def test_a_test_goes_to_whoever_is_signed_in_and_into_the_audit_log(marta, acme, mailbox):
    make_users("ana")
    campaign = make_campaign()
    typed = {"subject": "Hi {{ user.first_name }}", "text": "Look.", "_test": "1"}
    page = page_of(campaign, "message")

    refused = shown(marta.post(page, typed))
    assert "Your account has no email address" in refused
    assert f'href="{reverse("account-details")}"' in refused
    marta.post(reverse("account-details"), {"email": "marta@example.com"})
    assert "A test went to marta@example.com." in shown(marta.post(page, typed))

    (message,) = mailbox.messages
    assert message["To"] == "marta@example.com"
    assert message["Subject"] == "[Test] Hi ana"
    assert AuditEntry.objects.filter(action="campaign.tested", actor="marta").count() == 1


def test_what_is_looked_at_and_tested_is_what_goes_out(marta, client, mailbox):
    """But for the link that unsubscribes, which in a test does nothing, and says so."""
    make_users("ana")
    message = {
        "subject": "Hi {{ user.first_name }}",
        "text": "Look, {{ user.first_name }}.",
        "html": "<body><p>Look, {{ user.first_name }}.</p></body>",
        "from_name": "The shop",
        "reply_to": "shop@example.com",
    }
    campaign = make_campaign(email(**message, track_opens=False, track_clicks=False))
    User.objects.filter(username="marta").update(email="marta@example.com")
    preview = marta.post(page_of(campaign, "message"), {**message, "_test": "1"}).context["preview"]
    sent(launched(campaign))

    test, real = mailbox.messages
    (sample,) = re.findall(r"https?://\S+/m/u/sample", preview.text)
    (link,) = re.findall(r"https?://\S+/m/u/\S+", words_of(real)["text/plain"])
    assert words_of(test) == {
        kind: said.replace(link, sample) for kind, said in words_of(real).items()
    }
    assert (preview.text.strip(), preview.html.strip()) == tuple(
        said.strip() for said in words_of(test).values()
    )
    for header in ("From", "Reply-To", "List-Unsubscribe-Post"):
        assert test[header] == real[header] is not None

    path = urlsplit(sample).path
    assert "This was a test" in client.get(path).content.decode()
    assert "This was a test" in client.post(path).content.decode()
    assert "email_subscribe" not in Profile.objects.get().attributes


def words_of(mail):
    """What a message says, by its type."""
    return {
        part.get_content_type(): part.get_content().replace("\r\n", "\n")
        for part in mail.walk()
        if not part.is_multipart()
    }


def test_the_page_charts_when_it_was_sent_and_opened(marta, mailbox):
    make_users("ana", "bob", "cleo")
    make_users("dan", email_subscribe="unsubscribed")
    campaign = make_campaign()
    sending = sent(launched(campaign))
    Engagement.objects.create(
        sending=sending, profile_id=sending.batches.get().profile_ids[0], deed=Deed.OPENED
    )

    chart = marta.get(page_of(campaign, "change")).context["portrait"].chart

    assert {each.name: sum(each.figures) for each in chart.series} == {
        "sent": 3,
        "opened": 1,
        "clicked": 0,
    }

"""The request log is trimmed to its newest lines, each workspace and partner by itself."""

import uuid

import pytest
from django.utils import timezone

from partners.models import LoggedCall
from partners.retention import LINES_KEPT
from partners.tasks import trim_request_log

pytestmark = pytest.mark.django_db


def make_lines(number, workspace_id, partner_id):
    LoggedCall.objects.bulk_create(
        LoggedCall(
            workspace_id=workspace_id,
            partner_id=partner_id,
            at=timezone.now(),
            path=f"/{place}",
            status=400,
            request_id=uuid.uuid4(),
        )
        for place in range(number)
    )


def test_the_newest_thousand_lines_of_each_workspace_and_partner_stay():
    chatty = [(1, 1), (1, 2), (None, 1), (None, None)]
    for place in chatty:
        make_lines(LINES_KEPT + 2, *place)
    make_lines(7, 2, 1)

    trim_request_log()

    for workspace_id, partner_id in chatty:
        kept = LoggedCall.objects.filter(workspace_id=workspace_id, partner_id=partner_id)
        assert kept.count() == LINES_KEPT
        assert not kept.filter(path__in=["/0", "/1"]).exists()
    assert LoggedCall.objects.filter(workspace_id=2).count() == 7


def test_trimming_again_changes_nothing():
    make_lines(LINES_KEPT, 1, 1)

    trim_request_log()

    assert LoggedCall.objects.count() == LINES_KEPT

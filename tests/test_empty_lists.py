"""Lists without rows say what there would be, and what to do next."""

import pytest
from django.urls import reverse

from tests.factories import make_operator, make_workspace

pytestmark = pytest.mark.django_db

FIRST_STEPS = {
    "segments_segment": ("No segments yet", "admin:segments_segment_add"),
    "cohorts_cohort": ("No cohorts yet", "admin:partners_partner_changelist"),
    "imports_job": ("No imports yet", "admin:imports_job_add"),
    "profiles_profile": ("No users yet", "admin:imports_job_add"),
}


@pytest.fixture
def olga(client):
    make_workspace("globex")
    client.force_login(make_operator())
    return client


def shown(client, name, **parameters):
    answer = client.get(reverse(f"admin:{name}_changelist"), parameters)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("name", FIRST_STEPS)
def test_an_empty_list_leads_to_the_first_step(olga, name):
    title, step = FIRST_STEPS[name]

    page = shown(olga, name)

    assert title in page
    assert f'href="{reverse(step)}"' in page
    assert "Nothing found" not in page


@pytest.mark.parametrize("name", ["segments_segment", "cohorts_cohort", "imports_job"])
def test_a_search_without_hits_says_so_and_leads_back(olga, name):
    page = shown(olga, name, q="<b>nobody")

    assert "Nothing matches “&lt;b&gt;nobody”" in page
    assert 'href="?"' in page
    assert FIRST_STEPS[name][0] not in page

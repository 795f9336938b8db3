"""What somebody does to get into the dashboard, in tests."""

from django.test import Client
from django.urls import reverse

PASSWORD = "quays and cranes"


class Browser:
    """One browser of one person, at one address."""

    def __init__(self, address="192.0.2.1", **headers):
        self.client = Client(REMOTE_ADDR=address, headers=headers)

    def log_in(self, username, password=PASSWORD, onwards=""):
        path = reverse("admin:login") + (f"?next={onwards}" if onwards else "")
        return self.client.post(path, {"username": username, "password": password})

    def type_code(self, code):
        return self.client.post(reverse("sign-in-code"), {"code": code})

    @property
    def is_in(self):
        return self.client.get(reverse("account")).status_code == 200


def fail(browser, username, times):
    """The last of so many wrong passwords' answers."""
    for number in range(times):
        answer = browser.log_in(username, f"wrong {number}")
    return answer

"""An app for time-based codes, on the phone of somebody in a test."""

import base64

from django_otp.oath import TOTP


class Phone:
    """Shows the code of now, or that of a step before or after: each is taken once."""

    def __init__(self, secret):
        self.secret = secret

    @classmethod
    def of_text(cls, text):
        """One that learnt the secret as the page shows it in words."""
        return cls(base64.b32decode(text.replace(" ", "")))

    def code(self, step=0):
        return f"{TOTP(self.secret, drift=step).token():06d}"

    def wrong_code(self):
        """One that is none of those which would be taken."""
        right = {self.code(step) for step in range(-2, 3)}
        return next(text for number in range(10) if (text := f"{number:06d}") not in right)

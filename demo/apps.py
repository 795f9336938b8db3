from django.apps import AppConfig


class DemoConfig(AppConfig):
    """A workspace that looks lived in. It knows every other app, and none knows it."""

    name = "demo"

"""Settings, URLs, and the processes that make up an instance."""

from config.celery import app as celery_app

# Loaded with the package, so that a shared task finds its broker in any process.
__all__ = ["celery_app"]

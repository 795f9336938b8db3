"""The WSGI application that the web server loads."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# Only now, because it needs models.
from partners.request_log_writer import keep_writing  # noqa: E402

keep_writing()
# Import every view now rather than in the first request, which may be a health check.
get_resolver().url_patterns  # noqa: B018

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# The pages are read before the first request, not during it: else the clerks who come first after a start wait for
# the import, every thread of the worker behind the same lock.
from django.urls import get_resolver  # noqa: E402

_ = get_resolver().url_patterns

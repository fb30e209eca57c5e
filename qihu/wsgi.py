"""WSGI entry point for Granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qihu.settings")
application = get_wsgi_application()

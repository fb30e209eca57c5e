#!/usr/bin/env python
"""Entry point of every command; finds (or starts) the embedded servers first."""

import os
import sys


def main() -> None:
    """Run one management command against the servers of `$QIHU_DATA_DIR` or of the environment."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python gets to read
        sys.exit(f"qihu: 需要 needs Python >= 3.11, this is {sys.version.split()[0]}; run `make up`")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qihu.settings")
    try:
        import celery  # noqa: F401 - stands for the environment as a whole
        import django  # noqa: F401
    except ImportError:
        sys.exit("qihu: 环境未建立 no environment here: run `make up` once, then .venv/bin/python manage.py")
    from qihu.local.attach import servers_for

    with servers_for(sys.argv):
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

#!/usr/bin/env python
"""Entry point of every command; finds (or starts) the embedded servers first."""

import os
import sys


def main() -> None:
    """Run one management command against the servers of `$QIHU_DATA_DIR` or of the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qihu.settings")
    from qihu.local.attach import servers_for

    with servers_for(sys.argv):
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

"""An installation before its demo organisation, which the tests' database otherwise holds."""

import pytest
from django.db import connection


@pytest.fixture
def bare(db):
    """No region, department, account, rule or QR code, until the test rolls back."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_region, accounts_user, rules_chaintag, rules_ruleset CASCADE")

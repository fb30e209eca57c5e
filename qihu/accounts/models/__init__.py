"""Rows of WHO: staff and their grants, regions and departments; firms, their contacts and who belongs to which."""

from qihu.accounts.models.firm import WRITERS, Claim, Contact, Enterprise, FirmRole, Membership
from qihu.accounts.models.staff import (
    OF_DEPARTMENT,
    OF_REGION,
    THREE_OFFICERS,
    Department,
    Grant,
    Region,
    Role,
    User,
    UserManager,
    lies_in,
    within,
)

__all__ = [
    "OF_DEPARTMENT",
    "OF_REGION",
    "THREE_OFFICERS",
    "WRITERS",
    "Claim",
    "Contact",
    "Department",
    "Enterprise",
    "FirmRole",
    "Grant",
    "Membership",
    "Region",
    "Role",
    "User",
    "UserManager",
    "lies_in",
    "within",
]

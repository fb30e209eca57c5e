"""Every kind, in the order of the page. A new kind is a module and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from tickets.figures.anomalies.alike import ALIKE_REPLIES
from tickets.figures.anomalies.bursts import RATING_BURST
from tickets.figures.anomalies.chains import EXTENSION_CHAIN, LATE_EXTENSION
from tickets.figures.anomalies.exclusions import EXCLUSION
from tickets.figures.anomalies.flips import OUTCOME_FLIP
from tickets.figures.anomalies.kind import Kind
from tickets.figures.anomalies.origins import ONE_BROWSER, ONE_NETWORK
from tickets.figures.anomalies.quick import QUICK_RATING, QUICK_REPLY
from tickets.figures.anomalies.times import ENTERED_LATE, WITHDRAWN_NEAR_DUE

KINDS: tuple[Kind, ...] = (
    QUICK_REPLY,
    QUICK_RATING,
    RATING_BURST,
    ONE_BROWSER,
    ONE_NETWORK,
    ALIKE_REPLIES,
    OUTCOME_FLIP,
    EXCLUSION,
    EXTENSION_CHAIN,
    LATE_EXTENSION,
    WITHDRAWN_NEAR_DUE,
    ENTERED_LATE,
)
BY_CODE: Mapping[str, Kind] = {kind.code: kind for kind in KINDS}

"""Mail by SMTP. The key becomes the Message-ID, so that a second copy is recognised as one."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from qihu import clock
from qihu.senders.parcel import Parcel, SendError

_PERMANENT = 500  # SMTP: 4xx passes, 5xx does not


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One relay. `security`: "" (in the clear, for a relay on this machine), "starttls" or "ssl"."""

    host: str
    port: int
    security: str
    user: str
    password: str
    sender: str
    timeout: float

    def __call__(self, parcel: Parcel) -> str:
        """The Message-ID."""
        message = self.letter(parcel)
        try:
            with self._connected() as relay:
                relay.send_message(message)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise refusal(error) from None
        return str(message["Message-ID"])

    def letter(self, parcel: Parcel) -> EmailMessage:
        """Plain text, one receiver; what would break a header is made one line."""
        message = EmailMessage()
        message["Subject"] = " ".join(parcel.title.split())
        message["From"] = self.sender
        message["To"] = " ".join(parcel.to.split())
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = f"<{parcel.key}@{parseaddr(self.sender)[1].partition('@')[2] or 'qihu'}>"
        message["Auto-Submitted"] = "auto-generated"  # no out-of-office answers
        message.set_content(parcel.body)
        return message

    def _connected(self) -> smtplib.SMTP:
        if self.security == "ssl":
            context = ssl.create_default_context()
            relay: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        else:
            relay = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        if self.security == "starttls":
            relay.starttls(context=ssl.create_default_context())
        if self.user:
            relay.login(self.user, self.password)
        return relay


def refusal(error: Exception) -> SendError:
    """What the relay, or the way to it, said."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
        return SendError(f"smtp_{code}", retry=code < _PERMANENT)
    if isinstance(error, smtplib.SMTPResponseException):
        return SendError(f"smtp_{error.smtp_code}", retry=error.smtp_code < _PERMANENT)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return SendError("no_answer", retry=True, doubtful=True)
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        return SendError("unreachable", retry=True)
    return SendError("bad_address", retry=False)

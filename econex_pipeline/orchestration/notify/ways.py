"""Ways to tell somebody: a line in the log, JSON to an address, an e-mail. Secrets come from the environment."""

from __future__ import annotations

import json
import logging
import os
import smtplib
import ssl
import urllib.error
import urllib.request
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Protocol
from urllib.parse import urlsplit

import dagster as dg

from econex_pipeline.contracts import EconexError
from econex_pipeline.orchestration.automation.settings import Notify
from econex_pipeline.orchestration.notify.watch import Notice

TIMEOUT_S = 15.0
SUBJECT_CHARACTERS = 120
LOGGER = "econex_pipeline.alarms"


class NotTold(EconexError):
    """A notice that did not reach its receiver; the message says why, without address or password."""


class Teller(Protocol):
    """A way to tell somebody."""

    def tell(self, notice: Notice) -> None:
        """Tell a notice.

        Raises
        ------
        NotTold
            If it did not arrive.
        """


class LogTeller(dg.ConfigurableResource):
    """A line in the log of the process, for whoever collects its output."""

    def tell(self, notice: Notice) -> None:
        """Write the notice with its severity as level; what is over is only information."""
        level = {"warning": logging.WARNING, "error": logging.ERROR}[notice.condition.severity]
        logging.getLogger(LOGGER).log(level if notice.event == "raised" else logging.INFO, headline(notice))


class WebhookTeller(dg.ConfigurableResource):
    """JSON over HTTP POST to an address.

    Attributes
    ----------
    url : str
        The address, http or https.
    """

    url: str

    def tell(self, notice: Notice) -> None:
        """Post the notice; anything but an answer 2xx is a failure."""
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise NotTold("the webhook's address does not begin with http:// or https://")
        body = json.dumps(payload(notice)).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"}, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):
                pass
        except urllib.error.HTTPError as error:
            raise NotTold(f"the webhook answered {error.code} {error.reason}") from None
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise NotTold(f"the webhook gave no answer: {getattr(error, 'reason', type(error).__name__)}") from None


class MailTeller(dg.ConfigurableResource):
    """E-mail over SMTP.

    Attributes
    ----------
    host, port : str, int
        The server.
    security : {"starttls", "tls", "none"}
        How the connection is protected; certificates are checked.
    sender : str
        Address in From.
    recipients : list of str
        Addresses in To.
    user, password : str
        Login; none where the user is empty.
    """

    host: str
    port: int
    security: str
    sender: str
    recipients: list[str]
    user: str = ""
    password: str = ""

    def tell(self, notice: Notice) -> None:
        """Send the notice to all recipients in one message."""
        try:
            with self._connected() as server:
                refused = server.send_message(self._message(notice))
        except (smtplib.SMTPException, OSError, ValueError) as error:  # an address that cannot be written is a value
            code = getattr(error, "smtp_code", None)
            raise NotTold(f"no mail was sent: {type(error).__name__}{f' {code}' if code else ''}") from None
        if refused:
            raise NotTold(f"the mail server refused {len(refused)} of {len(self.recipients)} recipients")

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
        try:
            if self.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = headline(notice)[:SUBJECT_CHARACTERS]
        message["From"] = self.sender
        message["To"] = ", ".join(self.recipients)
        message["Date"] = formatdate(notice.at.timestamp())
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2] or None)
        content = payload(notice)
        evidence = "".join(f"\n  {name}: {value}" for name, value in content["evidence"].items())
        message.set_content(
            f"{content['text']}\n\nsince {content['since_utc']}, severity {content['severity']}{evidence}\n"
        )
        return message


class MissingTeller(dg.ConfigurableResource):
    """A way whose secret is missing: it says so at each notice, and the other ways are told all the same.

    Attributes
    ----------
    variable : str
        Name of the environment variable that should hold the secret.
    """

    variable: str

    def tell(self, notice: Notice) -> None:
        """Refuse the notice."""
        raise NotTold(f"the environment variable {self.variable} of the code server is not set")


def headline(notice: Notice) -> str:
    """Say a notice in one line."""
    condition = notice.condition
    case = f" [{condition.case}]" if condition.case else ""
    what = condition.severity.upper() if notice.event == "raised" else "OVER"
    return " ".join(f"{what}{case} {condition.title}: {condition.sentence}".split())


def payload(notice: Notice) -> dict[str, Any]:
    """Give a notice as JSON content."""
    condition = notice.condition
    return {
        "event": notice.event,
        "alarm": condition.name,
        "kind": condition.kind,
        "case": condition.case,
        "severity": condition.severity,
        "title": condition.title,
        "text": condition.sentence,
        "evidence": dict(condition.evidence),
        "since_utc": notice.since.isoformat(timespec="seconds"),
        "at_utc": notice.at.isoformat(timespec="seconds"),
    }


def tellers(notify: Notify) -> dict[str, dg.ConfigurableResource]:
    """Give a resource for each way of `automation.yaml`, by name; secrets as names of environment variables.

    Dagster makes no resource at all where one of these variables is missing: then nobody would be told anything.
    """
    found: dict[str, dg.ConfigurableResource] = {}
    if notify.log is not None:
        found["log"] = LogTeller()
    if (webhook := notify.webhook) is not None:
        there = os.environ.get(webhook.url_variable)
        url = dg.EnvVar(webhook.url_variable)
        found["webhook"] = WebhookTeller(url=url) if there else MissingTeller(variable=webhook.url_variable)
    if (mail := notify.mail) is not None and mail.user and not os.environ.get(mail.password_variable):
        found["mail"] = MissingTeller(variable=mail.password_variable)
    elif mail is not None:
        found["mail"] = MailTeller(
            host=mail.host,
            port=mail.port,
            security=mail.security,
            sender=mail.sender,
            recipients=mail.recipients,
            user=mail.user,
            password=dg.EnvVar(mail.password_variable) if mail.user else "",
        )
    return found

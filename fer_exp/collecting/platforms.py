"""Crowd platforms: how each names a person in the page's address, and how people go back to it.

Sources: Prolific's researcher help and API reference (PROLIFIC_PID, STUDY_ID, SESSION_ID; the completion URL with cc=);
Amazon's Mechanical Turk developer guide (ExternalQuestion: workerId, assignmentId, hitId, turkSubmitTo, the preview);
Microworkers' blog on VCODE; Sona's help on external study credit granting (%SURVEY_CODE%, survey_code=XXXX).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

Query = Mapping[str, str]


@dataclass(frozen=True)
class Platform:
    """Where the people of a study come from, and how they are sent back."""

    name: str = "none"
    code: str | None = None
    screened_out_code: str | None = None
    full_code: str | None = None
    redirect: str | None = None
    screened_out_redirect: str | None = None
    secret: str | None = None


class Known(NamedTuple):
    """What a platform puts into the address.

    Attributes:
        person: names of the parameter that is the person's id, the first that is there counts.
        details: parameters that are kept beside it.
        called: the platform, for people.
        frames: sites that show the page within theirs.
    """

    person: tuple[str, ...]
    details: tuple[str, ...] = ()
    called: str = ""
    frames: tuple[str, ...] = ()


PLATFORMS = {
    "none": Known(("participant", "worker", "id")),
    "prolific": Known(("PROLIFIC_PID",), ("STUDY_ID", "SESSION_ID"), "Prolific"),
    "mturk": Known(("workerId",), ("assignmentId", "hitId", "turkSubmitTo"), "Mechanical Turk",
                   ("https://www.mturk.com", "https://worker.mturk.com", "https://workersandbox.mturk.com")),
    "microworkers": Known(("worker", "MW_ID", "workerId"), ("campaign", "CAMP_ID"), "Microworkers",
                          ("https://ttv.microworkers.com", "https://www.microworkers.com")),
    "sona": Known(("survey_code", "id", "sona_id"), (), "Sona"),
}  # fmt: skip
"""By name, as the study file has it. At Microworkers and Sona the researcher chooses the names: docs/rate.md."""

PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"
"""What Mechanical Turk gives for ``assignmentId`` to whoever looks at a task without having accepted it."""
TURK = ("https://www.mturk.com", "https://workersandbox.mturk.com")
"""Where answers of Mechanical Turk may be sent: turkSubmitTo comes from the address, and anybody can write that."""
PROLIFIC = "https://app.prolific.com/submissions/complete?cc="
LONGEST = 200
"""Letters of an id or a token; those of the platforms have 24 to 32."""


class Goodbye(NamedTuple):
    """How a person goes back: a code to copy, an address to go to, fields that go there by POST; each may lack."""

    code: str | None = None
    redirect: str | None = None
    post: dict[str, str] | None = None


def participant(platform: Platform, query: Query) -> str | None:
    """The person's id in the address, None where there is none."""
    given = (query.get(name, "").strip() for name in PLATFORMS[platform.name].person)
    return next((text[:LONGEST] for text in given if text and not _placeholder(text)), None)


def _placeholder(text: str) -> bool:
    """Whether a platform has left its own mark where an id should be, as ``{{%PROLIFIC_PID%}}``."""
    return text.startswith(("{{", "${", "%")) or text in ("XXXX", "null", "undefined")


def details(platform: Platform, query: Query) -> dict[str, str]:
    """What else the platform says, to be kept."""
    return {name: query[name][:LONGEST] for name in PLATFORMS[platform.name].details if query.get(name)}


def is_preview(platform: Platform, query: Query) -> bool:
    """Whether somebody only looks at the task."""
    return platform.name == "mturk" and query.get("assignmentId") == PREVIEW


def goodbye(platform: Platform, state: str, own: str, person: str | None, query: Query) -> Goodbye:
    """How a person goes back.

    Args:
        platform: of the study.
        state: done, screened_out or full.
        own: a code of this person alone, which a platform without codes takes.
        person: the id that the platform gave, as it stands.
        query: the parameters of the address.

    >>> goodbye(Platform("prolific", "C1", "C2"), "done", "x", "5f", {}).redirect
    'https://app.prolific.com/submissions/complete?cc=C1'
    """
    if state == "full":
        code, to = platform.full_code, None
    elif state == "screened_out":
        code, to = platform.screened_out_code, platform.screened_out_redirect
    else:
        code, to = platform.code, platform.redirect
    if platform.name == "prolific":
        return Goodbye(code, to or (PROLIFIC + quote(code, safe="") if code else None))
    if platform.name == "mturk" and state != "full":
        return _to_turk(code or own, query)
    if platform.name == "sona":
        return Goodbye(None, _with_code(to, person) if to and person else None)
    if platform.name == "microworkers" and state == "done":
        campaign = query.get("campaign") or query.get("CAMP_ID") or ""
        return Goodbye(vcode(campaign, person or "", platform.secret or ""), to)
    return Goodbye(code or (own if state == "done" else None), to)


def vcode(campaign: str, worker: str, secret: str) -> str:
    """Microworkers' proof of a task: ``mw-`` and the SHA-256 of campaign, worker and the employer's secret key.

    >>> vcode("c", "w", "s") == "mw-" + hashlib.sha256(b"cws").hexdigest()
    True
    """
    return "mw-" + hashlib.sha256(f"{campaign}{worker}{secret}".encode()).hexdigest()


def _to_turk(code: str, query: Query) -> Goodbye:
    """An assignment of an external question is submitted with a form; of a task with a link, the code is copied."""
    server = query.get("turkSubmitTo", "").rstrip("/")
    assignment = query.get("assignmentId", "")
    if server not in TURK or not assignment:
        return Goodbye(code)
    return Goodbye(code, f"{server}/mturk/externalSubmit", {"assignmentId": assignment, "code": code})


def _with_code(address: str, person: str) -> str:
    """Sona's completion URL for a person: survey_code, in the place of XXXX or of whatever stands there.

    >>> _with_code("https://x.sona-systems.com/webstudy_credit.aspx?experiment_id=1&survey_code=XXXX", "7")
    'https://x.sona-systems.com/webstudy_credit.aspx?experiment_id=1&survey_code=7'
    """
    parts = urlsplit(address)
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != "survey_code"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("survey_code", person)])))

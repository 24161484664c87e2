"""Sessions and funnel recomputed from raw web events, in plain Python: the contract, written a second time.

It shares no code with the pipeline. What an event says is looked at as the website sent it.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

Event = dict[str, Any]
STEPS = ["view_item", "add_to_cart", "begin_checkout", "purchase"]
FLAGS = ["viewed", "added", "checkout", "purchased"]
PAUSE = timedelta(minutes=30)


def instant(value):
    """The instant a text names; None where it names none, or not which."""
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None
    return found if found.tzinfo else None


def host(referrer):
    """The host of a referrer."""
    if not referrer:
        return None
    if "://" in referrer:
        return urlsplit(referrer).hostname
    if "@" in referrer or " " in referrer:
        return None
    return re.split(r"[/?#:]", referrer)[0].lower() or None


@dataclass(frozen=True)
class Accepted:
    """An event that counts."""

    day: date
    event_id: str
    occurred: datetime
    received: datetime
    visitor: str | None
    raw: Event

    @property
    def order(self):
        """Its place among the events of its visitor."""
        step = self.raw.get("event_type")
        return (
            self.occurred,
            STEPS.index(step) if step in STEPS else len(STEPS),
            self.event_id,
        )


def accepted(events, timezone):
    """The events that count: readable, possible, in time, and the first of their id."""
    zone = ZoneInfo(timezone)
    first = {}
    for raw in events:
        occurred = instant(raw.get("occurred_at"))
        received = instant(raw.get("received_at"))
        if not raw.get("event_id") or not occurred or not received:
            continue
        if occurred.year < 2000 or occurred > received + timedelta(hours=1):
            continue
        day = occurred.astimezone(zone).date()
        if received.astimezone(zone).date() > day + timedelta(days=3):
            continue
        visitor = raw.get("visitor_id") and f"v{raw['visitor_id']}"
        visitor = visitor or (raw.get("session_id") and f"s{raw['session_id']}") or None
        event = Accepted(day, raw["event_id"], occurred, received, visitor, raw)
        rival = first.get(event.event_id)
        if not rival or (received, occurred) < (rival.received, rival.occurred):
            first[event.event_id] = event
    return list(first.values())


def sessions(events, bots=()):
    """All sessions; `bots` are the user agents of bots."""
    sent = {(event.day, event.raw.get("event_type")) for event in events}
    by_visitor = defaultdict(list)
    for event in events:
        if event.visitor:
            by_visitor[event.visitor].append(event)
    found = []
    for visitor, own in by_visitor.items():
        own.sort(key=lambda event: event.order)
        runs = []
        for event in own:
            if runs and event.occurred - runs[-1][-1].occurred < PAUSE:
                runs[-1].append(event)
            else:
                runs.append([event])
        found += [_session(visitor, run, sent, bots) for run in runs]
    return found


def _session(visitor, run, sent, bots):
    day = run[0].day
    four_weeks = [day - timedelta(days=ago) for ago in range(28)]
    expected = []
    for step in STEPS:
        if sent.intersection((each, step) for each in four_weeks):
            expected.append(step)
    reached = []
    for event in run:
        if expected and event.raw.get("event_type") == expected[0]:
            reached.append(expected.pop(0))
    is_bot = any(event.raw.get("user_agent") in bots for event in run)
    seconds = (run[-1].occurred - run[0].occurred).total_seconds()
    return {
        "business_date": day,
        "visitor": visitor,
        "started_at": run[0].occurred,
        "ended_at": run[-1].occurred,
        "events": len(run),
        **{flag: step in reached for flag, step in zip(FLAGS, STEPS, strict=True)},
        "device": run[0].raw.get("device") or None,
        "referrer": host(run[0].raw.get("referrer")),
        "is_bot": is_bot or (len(run) >= 100 and seconds <= 2 * len(run)),
    }


def funnel(found):
    """The rows of the daily funnel that these sessions make."""
    groups = defaultdict(list)
    for session in found:
        steps = ["session"]
        for flag, step in zip(FLAGS, STEPS, strict=True):
            if session[flag]:
                steps.append(step)
        device = session["device"] or "unknown"
        referrer = session["referrer"] or "unknown"
        for step in steps:
            groups[session["business_date"], step, device, referrer].append(session)
    rows = []
    for (day, step, device, referrer), group in groups.items():
        people = [session["visitor"] for session in group if not session["is_bot"]]
        row = {
            "business_date": day,
            "step": step,
            "device": device,
            "referrer": referrer,
            "sessions": len(people),
            "visitors": len(set(people)),
            "bot_sessions": len(group) - len(people),
        }
        rows.append(row)
    return rows

# SPDX-License-Identifier: Apache-2.0
"""One device of the walk: what people were told of it, and what its trace may show because of that.

The model is small: whether somebody may be treated there, how far the level may go, and since when there must be rest.
"""
from room import Refused, now_ns

# A machine that is too busy: a treatment may end so with nothing done to it.
HELD_UP = ("not_started", "dead_man", "sample_stale", "link_lost", "host_lost", "lease_lost", "device_restarted",
           "output_unknown", "daemon_lost")
BY_PEOPLE = ("stopped", "stop_all", "expired", "refused", "sheet_changed", "complete", "shutdown")
STATES_AT_REST = ("paused", "ended")


class Broken(AssertionError):
    """Something that must never be; the first word names it."""


class Bed:
    """A device, and whoever is treated with it."""

    def __init__(self, walk, device, treatment, protocol, top):
        self.walk, self.device, self.treatment, self.protocol, self.top = walk, device, treatment, protocol, top
        self.number, self.session, self.lease, self.token = 0, None, None, None
        self.state, self.target, self.highest = "none", 0, 0
        self.per_level = 5 if device == "us1" else 1  # its trace has the power of 5 cm2, continuous
        self.rest_since, self.disturbed, self.seen = 0, False, 0
        self.values, self.patients, self.sessions = {}, [], {}

    # ---- what people do ----

    def act(self, method, allowed=(), **more):
        """An acting method; the tokens that it may be refused with at this moment. None: it was refused."""
        try:
            return self.walk.client.act(method, **more)
        except Refused as refused:
            self.walk.tokens[refused.token] = self.walk.tokens.get(refused.token, 0) + 1
            if refused.token not in allowed and not self.walk.restarted:
                raise Broken(f"answer: {method} on {self.device} ({self.state}): {refused.error}") from refused
            return None

    def prepare(self):
        self.number += 1
        patient = f"{self.device}-{self.walk.life}-{self.number}"
        request = self.treatment.request(self.protocol, self.top // 2, self.top, patient=patient)
        request["screening"] = self.walk.screening(self, request)
        answer = self.act("session.prepare", ("BUSY", "DEVICE_NOT_READY", "DEVICE_ABSENT", "OUTPUT_UNKNOWN",
                                              "RECORDS_UNAVAILABLE"), **request)
        if answer is None:
            return
        self.session, self.token, self.lease = answer["session_id"], answer["confirm_token"], None
        self.state, self.target, self.highest = "prepared", self.top // 2, self.top // 2
        self.patients.append(patient)
        self.sessions[self.session] = patient

    def start(self, token=None):
        self.rest_since = None
        answer = self.act("session.start", ("TOKEN_INVALID", "WRONG_STATE", "DEVICE_NOT_READY", "DEVICE_ABSENT", "OUTPUT_UNKNOWN",
                                            "SHEET_CHANGED", "NOT_FOUND", "BUSY"),
                          session_id=self.session, confirm_token=token or self.token)
        if token and answer:
            raise Broken("token: a start with another one was taken")
        if answer:
            self.lease = answer["lease_key"]

    def adjust(self, target, expect=None):
        if not self.lease:
            return
        more = target > self.target
        if target <= self.top:
            self.highest = max(self.highest, target)  # it may come out before it is answered
        answer = self.act("session.adjust", ("WRONG_STATE", "NOT_FOUND", "OVERLOADED") + (
            ("STALE_VIEW", "OUT_OF_RANGE") if more else ()), session_id=self.session, lease_key=self.lease,
            quantity=self.treatment.level, target=target, expect=self.target if expect is None else expect)
        if answer and (target > self.top or (more and expect not in (None, self.target))):
            raise Broken(f"answer: an increase to {target} was taken, top {self.top}, expect {expect}, in force {self.target}")
        if answer:
            self.target = answer["target"]

    def hold(self, method):
        if not self.lease:
            return
        if method == "session.resume":
            self.rest_since = None
        self.act(method, ("WRONG_STATE", "NOT_FOUND", "DEVICE_NOT_READY"), session_id=self.session, lease_key=self.lease)

    def meddle(self, method):
        """Somebody without the key."""
        if not self.session:
            return
        more = {"quantity": self.treatment.level, "target": 0, "expect": 0} if method == "session.adjust" else {}
        answer = self.act(method, ("LEASE_INVALID", "NOT_FOUND"), session_id=self.session, lease_key="0" * 32, **more)
        if answer:
            raise Broken(f"lease: {method} without it was taken")

    def stop(self):
        if self.session:
            self.walk.client.call("session.stop", session_id=self.session)

    # ---- what is told and what comes out ----

    def told(self, event):
        """A change of state of its session, as it was read: from now on there must be rest, if it says so."""
        self.state = event["to"]
        if event["to"] in STATES_AT_REST and event.get("evidence") in ("measured", "reported"):
            self.rest_since = now_ns()
        if event["to"] == "ended":
            reason = event.get("reason")
            self.walk.ends[reason] = self.walk.ends.get(reason, 0) + 1
            if not self.disturbed and not self.walk.restarted and reason not in HELD_UP + BY_PEOPLE:
                raise Broken(f"ended: {self.device} by itself: {reason} {event.get('detail')}")
            self.session = self.lease = None

    def look(self, lines):
        """New lines of its trace."""
        for line in lines:
            self.values[line["channel"]] = line["value"]
            if line["value"] > self.highest * self.per_level:
                raise Broken(f"output: {line['value']} of {self.device}, {self.highest} at most was commanded: {line}")
            if line["value"] > 0 and self.rest_since is not None and line["t_ns"] > self.rest_since:
                raise Broken(f"output: {self.device} is on ({line['cause']}), and was at rest")

    def on(self):
        return any(self.values.values())

# SPDX-License-Identifier: Apache-2.0
"""Requests for treatments, screened as a patient with nothing to tell answers, and how one begins."""
import time

from wire import Refused


def today(back=0):
    """The civil day of this room, or so many days before it."""
    return time.strftime("%Y-%m-%d", time.localtime(time.time() - 86400 * back))


def harmless(questions, **given):
    """Each question with its least restrictive answer, which stands first, and with today's day where one is wanted; or
    with the given answer: a text, a list of texts, or whole items. None leaves the question out."""
    answers = []
    for question in questions:
        chosen = given.get(question["id"], question["answers"][0])
        for answer in chosen if isinstance(chosen, list) else [] if chosen is None else [chosen]:
            if isinstance(answer, dict):
                answers.append({"question": question["id"], **answer})
                continue
            day = {"on": today()} if "valid_days" in question else {}
            answers.append({"question": question["id"], "answer": answer, **day})
    return answers


def answers_for(client, protocol, site, indication=None, **given):
    """Every screening question of a protocol at a site answered so that nothing stands in the way, but for the given ones."""
    filters = {"protocol": protocol, "site": site}
    if indication:
        filters["indication"] = indication
    return harmless(client.call("protocol.get", **filters)["questions"], **given)


def screened(client, request, **given):
    """The request with every question answered that session.check asks for it: all the sites that it touches, and its
    indication. A request that cannot be understood at all keeps the answers that it has."""
    asked = {key: value for key, value in request.items() if key != "request_id"}
    try:
        questions = client.call("session.check", **{"screening": [], **asked})["questions"]
    except Refused:
        return request
    return {**request, "screening": harmless(questions, **given)}


def tens_request(client, device="stim1", group="ch1", channels=("ch1",), patient="P-1", site="thigh", side="left",
                 start=10000, ceiling=20000, duration_ms=1200000, protocol="tens_conventional", **more):
    """Conventional TENS as a client would ask for it."""
    request = {
        "patient_ref": patient, "target": {"site": site, "side": side}, "protocol": {"id": protocol},
        "screening": answers_for(client, protocol, site, more.get("indication")),
        "outputs": [{
            "device": device, "group": group, "channels": list(channels),
            "phases": [{"duration_ms": duration_ms, "parameters": {"amplitude_ua": {"start": start, "ceiling": ceiling}}}],
            "electrodes": [{"label": label + str(i), "channel": channel, "area_mm2": 2500, "kind": "adhesive", "side": side}
                           for i, channel in enumerate(channels) for label in "AB"],
        }],
    }
    request.update(more)
    return request


def us_request(client, device="us1", patient="P-1", site="thigh", side="left", protocol="us_chronic_thermal",
               start=800000, ceiling=None, duration_ms=480000, applicator="head_ref", area=1000, **more):
    request = {
        "patient_ref": patient, "target": {"site": site, "side": side}, "protocol": {"id": protocol},
        "screening": answers_for(client, protocol, site, more.get("indication")), "treated_area_mm2": area,
        "outputs": [{
            "device": device, "group": "head", "channels": ["head"], "applicator_ref": applicator,
            "phases": [{"duration_ms": duration_ms,
                        "parameters": {"intensity_satp_uw_cm2": {"start": start, "ceiling": ceiling or start}}}],
        }],
    }
    request.update(more)
    return request


def lifu_request(client, device="lifu", protocol="lifu_trial", **more):
    """Pulsed ultrasound of an Open-LIFU at the first step of its calibration."""
    request = us_request(client, device=device, protocol=protocol, start=30000, duration_ms=60000, applicator="lifu_head",
                         area=500, **more)
    request["outputs"][0].update(group="beam", channels=["beam"])
    return request


def laser_request(client, device="las1", patient="P-1", site="hip", side="left", protocol="lllt_hip_780_860",
                  power=100000, applicator="probe_808", **more):
    """Laser point by point: two points of 6 J."""
    request = {
        "patient_ref": patient, "target": {"site": site, "side": side}, "protocol": {"id": protocol},
        "screening": answers_for(client, protocol, site, more.get("indication")),
        "outputs": [{
            "device": device, "group": "cw", "channels": ["cw"], "applicator_ref": applicator,
            "phases": [{"parameters": {"power_uw": {"start": power, "ceiling": power}}}],
        }],
    }
    request.update(more)
    return request


def cold_request(client, device="cold1", patient="P-1", site="hip", side="left", protocol="cryo_pack", millic=12000, **more):
    """A cold pad held at its set point."""
    request = {
        "patient_ref": patient, "target": {"site": site, "side": side}, "protocol": {"id": protocol},
        "screening": answers_for(client, protocol, site, more.get("indication")),
        "outputs": [{
            "device": device, "group": "pad", "channels": ["pad"],
            "phases": [{"parameters": {"temperature_millic": {"start": millic, "ceiling": millic}}}],
        }],
    }
    request.update(more)
    return request


def begin(client, request, operator="therapist"):
    """Prepare and start; returns (session_id, lease_key, sheet)."""
    if not getattr(client, "subscribed", False):
        client.call("events.subscribe")
        client.subscribed = True
    prepared = client.act("session.prepare", operator=operator, **request)
    started = client.act("session.start", operator=operator, session_id=prepared["session_id"],
                         confirm_token=prepared["confirm_token"])
    return prepared["session_id"], started["lease_key"], prepared["sheet"]

"""All of events/ through each way in: the functions make of it what the embedded system makes of it."""

import json

import pytest

import compare
from embedded import Mllp, code, events
from processes import ROOT


def through_the_queue(stack):
    """As a system does that puts HL7 v2 straight into the queue, in the character set of the message."""
    for event in events():
        document = json.loads((ROOT / "events/lambda/sqs" / f"{event.stem}.json").read_text())
        stack.send("inbound", document["Records"][0]["body"], group="events", deduplication=event.stem)
        stack.settle()
        yield event, None


def through_the_api(stack):
    """POST /hl7 behind the API."""
    for event in events():
        status, body = stack.post(event.read_bytes())
        stack.settle()
        yield event, (status, body)


def through_the_listener(stack):
    """MLLP, into the listener as its container runs it."""
    listener = stack.listener()
    sender = Mllp(listener.mllp)
    for event in events():
        acknowledgement = sender.exchange(event.read_bytes())
        stack.settle()
        yield event, acknowledgement
    sender.close()
    assert listener.stop() == 0


@pytest.mark.parametrize("way", [through_the_queue, through_the_api, through_the_listener])
def test_the_functions_make_of_all_events_what_the_embedded_system_makes(deploy, reference, way):
    stack = deploy()
    for event, answer in way(stack):
        expected = code(reference.acknowledgements[event.name])
        if way is through_the_listener:
            assert code(answer) == expected, event.name
        if way is through_the_api:
            status, body = answer
            assert (status < 300) == (expected in ("AA", "CA")), (event.name, status, body)

    refused = {event for event, answer in reference.acknowledgements.items() if code(answer) == "AR"}
    assert not compare.differences(reference.fhir, compare.fhir(stack.healthlake_data))
    letters = stack.dead_letters()
    if way is through_the_queue:
        # What the door refuses never comes into a queue; what came there all the same is set aside.
        assert len(letters) == len(reference.letters) + len(refused)
        letters = [letter for letter in letters if letter in set(reference.letters)]
    assert letters == reference.letters
    assert compare.mails(stack.mails) == reference.mails
    assert compare.without_ways_in(stack.entries()) == compare.without_ways_in(reference.entries)
    assert not any(stack.waiting(dead=True).values()), "the dead-letter queues of SQS are the last net"
    stack.verify_log()
    stack.no_phi_outside()

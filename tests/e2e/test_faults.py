"""Functions killed in the middle, messages delivered twice, services that answer 429, 500 or not at all: nothing is
lost, nothing is doubled."""

import json
import random
import time

import compare
from embedded import events
from processes import ROOT


def body(event):
    return json.loads((ROOT / "events/lambda/sqs" / f"{event.stem}.json").read_text())["Records"][0]["body"]


def test_functions_killed_in_the_middle_of_a_batch_lose_and_double_nothing(deploy, reference):
    stack = deploy(visibility=3)
    chance = random.Random(20261122)
    killed = 0
    for event in events():
        stack.send("inbound", body(event), group="events", deduplication=f"{event.stem} first")
        if chance.random() < 0.6:
            time.sleep(chance.uniform(0.02, 0.4))
            killed += stack.kill_a_function(chance)
        stack.settle()
    assert killed >= 15, "too few were killed to say anything"
    stack.tell_of_mails()
    same(stack, reference)


def test_messages_delivered_twice_have_one_effect(deploy, reference):
    stack = deploy()
    for event in events():
        for time_ in ("first", "second"):
            stack.send("inbound", body(event), group="events", deduplication=f"{event.stem} {time_}")
        stack.settle()
    same(stack, reference)


def test_a_fhir_store_that_is_busy_broken_or_silent_loses_nothing(deploy, reference):
    stack = deploy(visibility=3)
    chance = random.Random(1122)
    for number, event in enumerate(events()):
        if number % 2 == 0:
            answer = chance.choice([429, 500, 503, "cut", "drop"])
            stack.fault("healthlake", chance.randint(1, 3), answer)
        elif number == 25:
            stack.fault("healthlake", 1, "hang")
        stack.send("inbound", body(event), group="events", deduplication=event.stem)
        stack.settle()
    stack.tell_of_mails()
    same(stack, reference)


def same(stack, reference):
    assert not compare.differences(reference.fhir, compare.fhir(stack.healthlake_data))
    standing = set(reference.letters)
    assert [letter for letter in stack.dead_letters() if letter in standing] == reference.letters
    assert compare.mails(stack.mails) == reference.mails
    # What was done again may be told again with a later version; nothing that was told may be missing.
    missing = compare.without_ways_in(compare.unversioned(reference.entries)).keys() - compare.without_ways_in(
        compare.unversioned(stack.entries())
    ).keys()
    assert not missing
    assert not any(stack.waiting(dead=True).values())
    stack.verify_log()


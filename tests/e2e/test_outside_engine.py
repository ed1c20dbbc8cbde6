"""Notes in English, read by Comprehend Medical; what comes back of mails, by SES."""

import json

import compare
from embedded import events
from processes import ROOT, until
from trouble import mail_event, moment


def english(stack):
    """Sends the sample messages with notes."""
    for event in events():
        if "note" in event.name:
            record = json.loads((ROOT / "events/lambda/sqs" / f"{event.stem}.json").read_text())["Records"][0]
            stack.send("inbound", record["body"], group="events", deduplication=event.stem)
            stack.settle()


def engines(resources):
    """Who read notes, by Provenance."""
    names = set()
    for name, resource in resources.items():
        if name.startswith("Provenance/") and resource:
            names.update(agent.get("who", {}).get("display", "") for agent in resource.get("agent", []))
    return names


def test_english_goes_to_comprehend_medical_and_dutch_never_does(deploy, reference):
    stack = deploy(comprehend_medical=True)
    english(stack)
    resources = compare.fhir(stack.healthlake_data)
    read = {name for name in resources if name.startswith(("Condition/", "MedicationStatement/"))}
    assert read & {name for name in reference.fhir}, "Dutch notes are read by the embedded recogniser"
    asked = stack.asked_of_comprehend_medical()
    assert asked, "nothing was sent"
    assert all("penicilline" not in text and "Opgenomen" not in text for text in asked)
    people = compare.words_of_people()
    assert not [word for word in people for text in asked if word in text], "sent with names in it"
    assert any("omprehend" in engine for engine in engines(resources))


def test_a_quota_that_is_used_up_delays_and_loses_nothing(deploy):
    stack = deploy(comprehend_medical=True, visibility=5)
    stack.fault("comprehend-medical", 6, 429)
    english(stack)
    assert any("omprehend" in engine for engine in engines(compare.fhir(stack.healthlake_data)))
    assert not any(stack.waiting(dead=True).values())


def test_a_bounce_reaches_the_notice_the_communication_and_the_directory(deploy):
    stack = deploy()
    english(stack)
    sent = [item for item in stack.items("notices") if "sent" in json.dumps(item)]
    assert sent
    notice = sent[0]["id"]["S"]
    bounce = mail_event("Bounce", notice, sent[0]["receipt"]["S"],
                        bounce={"bounceType": "Permanent", "bounceSubType": "General",
                                "timestamp": moment(), "feedbackId": "x", "bouncedRecipients": []})
    sqs = stack.client("sqs")
    for _ in range(2):
        sqs.send_message(QueueUrl=stack.queues["mail-events"], MessageBody=bounce)
        stack.settle()

    def failed():
        communication = compare.fhir(stack.healthlake_data).get(f"Communication/{notice}")
        return communication and communication["status"] in ("not-done", "entered-in-error", "stopped")

    until("the Communication to say so", failed)
    assert not any(stack.waiting(dead=True).values())
    stack.verify_log()

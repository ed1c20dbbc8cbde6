"""What must be the same on AWS and embedded: FHIR content, mails, dead letters and the log's entries by patient."""

import collections
import email
import email.policy
import json
import re
import sqlite3
import subprocess
import pathlib

from processes import ROOT
from commands import run

# A moment of the run itself: with fractions of a second, as no message of events/ has it.
OF_THE_RUN = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)")


def normal(value):
    """A resource without what differs from run to run: versions, and moments of the run."""
    if isinstance(value, dict):
        meta = {"versionId", "lastUpdated"}
        return {name: normal(part) for name, part in sorted(value.items()) if name not in meta}
    if isinstance(value, list):
        return [normal(part) for part in value]
    return OF_THE_RUN.sub("<now>", value) if isinstance(value, str) else value


def fhir(folder):
    """The current resources of a store, by reference; a deleted one is None."""
    (path,) = pathlib.Path(folder).rglob("fhir.db")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT r.type || '/' || r.id, r.deleted, v.json FROM resource r "
            "JOIN resource_version v ON v.rid = r.rid AND v.version = r.version"
        ).fetchall()
    return {name: None if deleted else normal(json.loads(document)) for name, deleted, document in rows}


def differences(left, right):
    """What differs between two maps, shortly."""
    found = [f"only embedded: {key}" for key in sorted(left.keys() - right.keys())]
    found += [f"only on AWS: {key}" for key in sorted(right.keys() - left.keys())]
    for key in sorted(left.keys() & right.keys()):
        if left[key] != right[key]:
            found.append(f"{key}:\n  embedded {json.dumps(left[key])[:1500]}\n  AWS      {json.dumps(right[key])[:1500]}")
    return found


def letters_embedded(data):
    """The dead letters of a data directory: message, reason, place, text."""
    with sqlite3.connect(f"file:{pathlib.Path(data) / 'state.db'}?mode=ro", uri=True) as database:
        letters = [json.loads(letter) for (letter,) in database.execute("SELECT letter FROM dead_letter")]
    return sorted(letter_of(letter) for letter in letters)


def letter_of(letter):
    return (letter["message"], letter["code"], letter.get("at") or "", letter["text"])


def opened(path):
    """A mail as its reader sees it: subject, recipient and text; an encrypted one is decrypted and its signature
    checked by openssl."""
    mail = email.message_from_bytes(pathlib.Path(path).read_bytes(), policy=email.policy.SMTP)
    subject, to = mail["Subject"], mail["To"]
    raw = pathlib.Path(path).read_bytes()
    protected = False
    if mail.get_content_type() == "application/pkcs7-mime":
        raw = decrypted(raw)
        protected = True
    verified = subprocess.run(
        ["openssl", "cms", "-verify", "-noverify", "-inform", "SMIME"], input=raw, capture_output=True, check=False
    )
    if verified.returncode == 0:
        raw = verified.stdout
    inner = email.message_from_bytes(raw, policy=email.policy.SMTP)
    text = "\n".join(part.get_content() for part in inner.walk() if part.get_content_maintype() == "text")
    return (to, subject, protected, verified.returncode == 0, without_moments(text))


def without_moments(text):
    """The text without what names a moment of the run, or a notice by its time."""
    return re.sub(r"\s+", " ", OF_THE_RUN.sub("<now>", text)).strip()


def decrypted(raw):
    certificates = sorted((ROOT / "events/certificates").glob("*.test-key.pem"))
    for key in certificates:
        certificate = key.with_name(key.name.replace(".test-key", ""))
        tried = subprocess.run(
            ["openssl", "cms", "-decrypt", "-inform", "SMIME", "-recip", certificate, "-inkey", key],
            input=raw, capture_output=True, check=False,
        )
        if tried.returncode == 0:
            return tried.stdout
    raise AssertionError("a mail that none of the readers can open")


def mails(folder):
    """All mails of a folder, as their readers see them."""
    return collections.Counter(opened(path) for path in pathlib.Path(folder).rglob("*.eml"))


def exported(*where, **how):
    """The entries of a log as AuditEvents, without what differs from run to run, counted."""
    lines = run("audit", "export", *where, **how).stdout.decode().splitlines()
    return collections.Counter(json.dumps(entry_of(json.loads(line)), sort_keys=True) for line in lines)


def entry_of(event):
    """What an entry says: who did what to whose data."""
    patients = sorted(
        entity["what"].get("reference", "") for entity in event.get("entity", [])
        if entity.get("role", {}).get("code") == "1" and "what" in entity
    )
    objects = sorted(
        entity["what"].get("reference", "") for entity in event.get("entity", [])
        if entity.get("role", {}).get("code") != "1" and "what" in entity
    )
    kind = [coding.get("code") for coding in event.get("subtype", [])]
    return {"type": event["type"].get("code"), "subtype": kind, "action": event.get("action"),
            "outcome": event.get("outcome"), "patients": patients, "objects": objects}


def without_ways_in(entries):
    """Without the entries that belong to a way in: the start and stop of a server, refusals at the door."""
    told = collections.Counter()
    for text, count in entries.items():
        entry = json.loads(text)
        if entry["patients"] and entry["outcome"] == "0":
            told[text] += count
    return told


def unversioned(entries):
    """The same, naming resources without their versions."""
    told = collections.Counter()
    for text, count in entries.items():
        told[re.sub(r"/_history/\d+", "", text)] += count
    return told


def words_of_people():
    """Family names and patient numbers of the invented people of events/, long enough to be no word of anything else."""
    words = set()
    for event in sorted((ROOT / "events").glob("*.hl7")):
        for segment in event.read_bytes().split(b"\r"):
            if segment.startswith(b"PID|") and segment.count(b"|") > 5:
                fields = segment.decode("latin-1").split("|")
                words.update(name for name in re.split(r"[\^&~]", fields[5]) if len(name) > 6 and name.isascii())
                words.update(number for number in re.split(r"[\^&~]", fields[3]) if re.fullmatch(r"\d{7,9}", number))
    assert len(words) > 10
    return sorted(words)


__all__ = ["differences", "exported", "fhir", "letter_of", "letters_embedded", "mails"]


"""What is in a deployment: its queues and tables, the log, and that no PHI stands where it must not stand."""

import json
import os
import time
import urllib.request
import warnings

import compare
from commands import run
from deployment import ORGANISATION, PREFIX, REGION, Deployment, load
from processes import until


class Readings(Deployment):
    """A deployment that is read."""

    def waiting(self, dead=False):
        """Messages in each queue (or in each dead-letter queue of SQS) that are not done: ready, or taken."""
        sqs = self.client("sqs")
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        depth = {}
        for name, url in (self.dead if dead else self.queues).items():
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            depth[name] = sum(int(found[attribute]) for attribute in names)
        return depth

    def settle(self, patience=300.0):
        """Waits until every queue is empty, twice in a row: a message moves from one to the next."""

        def empty():
            return not any(self.waiting().values()) and not any(self.waiting().values())

        begun = time.monotonic()
        until("the queues to be empty", empty, patience, 0.2)
        took = time.monotonic() - begun
        if took > self.visibility:
            warnings.warn(f"the queues took {took:.0f} s to become empty", stacklevel=2)

    def items(self, table):
        """All items of a table. (A test may scan.)"""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=f"{PREFIX}-{table}")
        return [item for page in pages for item in page["Items"]]

    def dead_letters(self):
        """What was set aside: message, reason, place, text."""
        letters = [json.loads(item["letter"]["S"]) for item in self.items("dead-letters")]
        return sorted(compare.letter_of(letter) for letter in letters)

    def asked_of_comprehend_medical(self):
        """The texts that it was sent."""
        with urllib.request.urlopen(f"http://{self.medical}/_stand-in/texts", timeout=10) as answer:
            return json.loads(answer.read())

    def entries(self):
        """The entries of the log, as AuditEvents, counted."""
        return compare.exported("--aws", env={**os.environ, **self.environment()})

    def verify_log(self):
        """Seals the log and checks all of it, versions and delete markers included."""
        self.invoke("audit-writer", {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}})
        verified = run(
            "audit", "verify", "--bucket", self.buckets["log"], "--organisation", ORGANISATION, "--region", REGION,
            "--endpoint", f"http://127.0.0.1:{self.port}", "--signing-key", self.kms["log-signing"], "--sealed",
            "--table-prefix", PREFIX, "--json", check=False, env={**os.environ, **self.environment()},
        )
        assert verified.returncode == 0, verified.stdout.decode() + verified.stderr.decode()
        return json.loads(verified.stdout)

    def no_phi_outside(self):
        """Nothing that names an invented person stands where PHI must not stand."""
        words = [word.encode() for word in compare.words_of_people()]
        places = {"log": self.folder / "ministack.log", "stand-ins": self.folder / "stand-ins.log"}
        texts = {name: path.read_bytes() for name, path in places.items()}
        for table in load("tables"):
            if table != "providers":
                texts[f"table {table}"] = json.dumps(self.items(table), default=str, ensure_ascii=False).encode()
        s3 = self.client("s3")
        for name in ("raw", "log"):
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.buckets[name])
            for item in (item for page in pages for item in page.get("Contents", [])):
                body = s3.get_object(Bucket=self.buckets[name], Key=item["Key"])
                texts[f"{name}/{item['Key']}"] = item["Key"].encode() + json.dumps(body["Metadata"]).encode()
                texts[f"{name}/{item['Key']}"] += body["Body"].read()
        found = [(place, word) for place, text in texts.items() for word in words if word in text]
        assert not found, found[:5]

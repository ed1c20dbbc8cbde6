#!/usr/bin/env python3
"""Calls one function with one event, as AWS Lambda does, with MiniStack and the stand-ins behind it.

    make invoke FUNCTION=converter EVENT=events/lambda/sqs/01-adt-a01-admission.json

Prints the function's log lines and metrics as they come, then its answer, then what stands behind it: messages in
the queues, objects in the buckets, dead letters. All of it is gone afterwards.
"""

import json
import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
os.environ.setdefault("ZORGSLUIS_BINARIES", str(ROOT / "target/debug"))

from deployment import PREFIX  # noqa: E402
from processes import built  # noqa: E402
from runtime_api import RuntimeApi  # noqa: E402
from stack import Stack  # noqa: E402


class Stores(Stack):
    """A deployment without its functions: the one that is called runs here."""

    def _make_functions(self):
        ses = self.client("sesv2")
        ses.create_email_identity(EmailIdentity="linde.example")
        ses.create_configuration_set(ConfigurationSetName="zorgsluis")

    def _make_api(self):
        pass


def main(function, event):
    event = json.loads(pathlib.Path(event).read_text())
    with tempfile.TemporaryDirectory() as folder:
        stores = Stores(pathlib.Path(folder) / "stack", {"identity": os.urandom(32), "pseudonym": os.urandom(32)})
        try:
            return call(stores, function, event)
        finally:
            stores.stop()


def call(stores, function, event):
    with RuntimeApi() as api:
        process, _ = api.start([str(built(function))], stores.environment(), output=sys.stderr)
        try:
            began = time.monotonic()
            kind, answer = api.call(event)
            print(f"{kind} after {(time.monotonic() - began) * 1e3:.0f} ms:", json.dumps(answer, indent=2))
        finally:
            process.kill()
            process.wait()
    sqs = stores.client("sqs")
    for name, url in stores.queues.items():
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        print(f"queue {name}:", told["Attributes"]["ApproximateNumberOfMessages"])
    for name in ("raw", "log"):
        told = stores.client("s3").list_objects_v2(Bucket=stores.buckets[name])
        print(f"bucket {name}:", told["KeyCount"])
    letters = stores.client("dynamodb").scan(TableName=f"{PREFIX}-dead-letters", Select="COUNT")
    print("dead letters:", letters["Count"])
    return 0 if kind == "response" else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: invoke.py FUNCTION EVENT")
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
"""Counts what a message costs in calls of AWS, for docs/cost.md.

    make e2e-build && infra/scripts/count-calls.py > calls.json

All of events/ goes through the API into the real functions on MiniStack and the stand-in of HealthLake, one message
after another; a proxy between them counts each call by service, action and units of DynamoDB. What functions call
once when they start is left out (the first messages). One at a time: nothing shares a batch, so this is the most that
a message costs, near what it costs in a quiet hour.
"""

import collections
import http.client
import http.server
import json
import math
import os
import pathlib
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
os.environ.setdefault("ZORGSLUIS_BINARIES", str(ROOT / "target/debug"))

from embedded import events  # noqa: E402
from stack import Stack  # noqa: E402

# Messages after which every function has started.
WARM = 10


class Counts:
    """Calls by what they are, and units of DynamoDB and of HealthLake's writing."""

    def __init__(self):
        self.lock = threading.Lock()
        self.calls = collections.Counter()

    def add(self, name, number=1):
        with self.lock:
            self.calls[name] += number

    def of(self, method, path, headers, body):
        target = headers.get("X-Amz-Target", "")
        if target:
            service, action = target.split(".")[0].split("_")[0], target.split(".")[1]
            service = {"AmazonSQS": "sqs", "TrentService": "kms", "DynamoDB": "dynamodb"}.get(service, service)
            self.add(f"{service}:{action}")
            if service == "dynamodb":
                self.units(action, json.loads(body or b"{}"))
        elif "/datastore/" in path:
            self.add(f"healthlake:{method}")
            if method in ("POST", "PUT") and not path.endswith("_search"):
                # A transaction costs twice; each KB counts.
                self.add("healthlake-kilobytes", 2 * max(1, math.ceil(len(body) / 1024)))
        elif "/v2/email" in path:
            self.add("ses:SendEmail")
        else:
            bucket = path.lstrip("/").split("/")[0].split("?")[0]
            self.add(f"s3:{'List' if method == 'GET' and 'list-type' in path else method}:{bucket}")

    def units(self, action, request):
        """Units as DynamoDB counts them, from what was sent: a KB written, twice in a transaction; reads of 4 KB."""
        size = lambda value: max(1, math.ceil(len(json.dumps(value)) / 1024))  # noqa: E731
        if action in ("PutItem", "UpdateItem", "DeleteItem"):
            self.add("dynamodb-writes", size(request))
        elif action == "TransactWriteItems":
            self.add("dynamodb-writes", sum(2 * size(item) for item in request["TransactItems"]))
        elif action == "BatchWriteItem":
            self.add("dynamodb-writes", sum(size(one) for items in request["RequestItems"].values() for one in items))
        elif action == "BatchGetItem":
            self.add("dynamodb-reads", sum(len(of["Keys"]) for of in request["RequestItems"].values()))
        elif action == "TransactGetItems":
            self.add("dynamodb-reads", 2 * len(request["TransactItems"]))
        else:
            self.add("dynamodb-reads", 1 if request.get("ConsistentRead") else 0.5)


def proxy(counts, host, port):
    """Passes everything on, its `Host` included, since signatures cover it. Gives the port that it listens at."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            counts.of(self.command, self.path, self.headers, body)
            onwards = http.client.HTTPConnection(host, port, timeout=60)
            onwards.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("connection", "expect"):
                    onwards.putheader(name, value)
            onwards.endheaders(body or None)
            answer = onwards.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(answer.getheader("Content-Length") if self.command == "HEAD" else len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
            onwards.close()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = pass_on

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Counted(Stack):
    """A deployment whose functions reach AWS through the proxy; the tests themselves do not."""

    def __init__(self, *args, **how):
        self.counts = Counts()
        super().__init__(*args, **how)

    def start(self, name, command, env=None, stdin=-3):
        if name == "ministack":
            # What the functions inherit.
            self.through = proxy(self.counts, "127.0.0.1", self.port)
            env["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{self.through}"
        return super().start(name, command, env, stdin)

    def environment(self):
        known = super().environment()
        if not hasattr(self, "store"):
            host, port = self.healthlake.split(":")
            self.store = proxy(self.counts, host, int(port))
        known["ZORGSLUIS_FHIR_STORE"] = known["ZORGSLUIS_FHIR_STORE"].replace(self.healthlake, f"127.0.0.1:{self.store}")
        return known


def main():
    with tempfile.TemporaryDirectory() as folder:
        stack = Counted(folder, {"identity": os.urandom(32), "pseudonym": os.urandom(32)})
        try:
            stack.import_providers()
            warm, messages, mails = None, 0, 0
            for number, event in enumerate(events()):
                if number == WARM:
                    warm = stack.counts.calls.copy()
                stack.post(event.read_bytes())
                try:
                    stack.settle(60)
                except TimeoutError:
                    sys.exit(f"{event.name}: {stack.waiting()} still wait")
                messages = number + 1 - WARM
                print(number + 1, event.name, file=sys.stderr)
            total = stack.counts.calls.copy()
        finally:
            stack.stop()
    each = {name: round((number - warm[name]) / messages, 2) for name, number in sorted(total.items())}
    print(json.dumps({"messages": messages, "per message": {name: number for name, number in each.items() if number}}, indent=2))


if __name__ == "__main__":
    main()

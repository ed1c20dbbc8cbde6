#!/usr/bin/env python3
"""Size, start and memory of the functions, beside a Python function, all measured in this run.

    tests/bench-functions.py [--bootstraps target/lambda] [--runs 20]

Each bootstrap is started against a Runtime API of our own on this machine: time from `exec` to the first poll
(median), resident memory at that moment, and after one event. That event makes a function begin: credentials,
clients, keys unwrapped, profiles read, on a MiniStack beside it; `ingest` also accepts the message of
events/lambda/api-hl7-accepted.json. The others get an empty batch.

The Python function imports what the common example imports (boto3, hl7apy), and polls the same Runtime API.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/e2e")]
os.environ.setdefault("ZORGSLUIS_BINARIES", str(ROOT / "target/debug"))

from runtime_api import RuntimeApi  # noqa: E402
from stack import Stack  # noqa: E402

FUNCTIONS = ["ingest", "converter", "enricher", "notifier", "audit-writer"]
MIB = 1024 * 1024
PYTHON = """
import http.client, os
import boto3, hl7apy.parser
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = connection.getresponse()
    answer.read()
    request = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    connection.request("POST", f"/2018-06-01/runtime/invocation/{request}/response", "{}")
    connection.getresponse().read()
"""


class Stores(Stack):
    """The stores, keys and queues of a deployment, without functions and stand-ins."""

    def _start_relay(self):
        certificate = self.folder / "mail.pem"
        certificate.write_text("none")
        (self.folder / "mail.key").write_text("none")
        return 9

    def _start_stand_ins(self):
        self.healthlake = self.medical = "127.0.0.1:9"

    def _make_functions(self):
        pass

    def _make_api(self):
        pass


def resident(process):
    """VmRSS in bytes."""
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS")


def measure(command, environment, event, runs):
    """Median of the start, resident memory at the first poll (median) and after an event."""
    starts, waiting, after = [], [], None
    for run in range(runs):
        with RuntimeApi() as api:
            process, began = api.start(command, environment)
            try:
                starts.append(api.polls.get(timeout=60) - began)
                waiting.append(resident(process))
                if run == runs - 1 and event is not None:
                    kind, answer = api.call(event)
                    if kind != "response":
                        print(f"  {command[0]}: {kind} {answer}", file=sys.stderr)
                    else:
                        api.polls.get(timeout=60)
                        after = resident(process)
            finally:
                process.kill()
                process.wait()
    return statistics.median(starts), statistics.median(waiting), after


def zipped(path):
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.write(path, "bootstrap")
        file.flush()
        return pathlib.Path(file.name).stat().st_size


def sizes(bootstraps):
    """Prints the sizes, and how they stand to what is to be reached (10 MB, 4 MB zipped); 1 when AWS would not take
    a function (50 MB zipped)."""
    large = 0
    for name in FUNCTIONS:
        path = bootstraps / name / "bootstrap"
        plain, packed = path.stat().st_size, zipped(path)
        large |= packed > 50_000_000
        against = packed / 4_000_000
        print(f"{name}: {plain / 1e6:.1f} MB, {packed / 1e6:.1f} MB zipped ({against:.1f} times what is to be reached)")
    return int(large)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--bootstraps", type=pathlib.Path, default=ROOT / "target/lambda")
    arguments.add_argument("--runs", type=int, default=20)
    arguments.add_argument("--sizes", action="store_true", help="only sizes")
    arguments = arguments.parse_args()
    if arguments.sizes:
        sys.exit(sizes(arguments.bootstraps))
    with tempfile.TemporaryDirectory() as folder:
        stores = Stores(pathlib.Path(folder) / "stack", {"identity": b"i" * 32, "pseudonym": b"p" * 32})
        try:
            report(arguments, stores.environment())
        finally:
            stores.stop()


def report(arguments, environment):
    request = json.loads((ROOT / "events/lambda/api-hl7-accepted.json").read_text())
    script = [sys.executable, "-c", PYTHON]
    python_start, python_memory, python_after = measure(script, {}, {}, max(3, arguments.runs // 4))
    print("| Function | stripped | zipped | exec to first poll | resident then | after one event | against Python |")
    print("|---|---|---|---|---|---|---|")
    for name in FUNCTIONS:
        path = arguments.bootstraps / name / "bootstrap"
        if not path.is_file():
            print(f"| {name} | not built |")
            continue
        event = request if name == "ingest" else {"Records": []}
        start, memory, after = measure([str(path)], environment, event, arguments.runs)
        shown = f"{after / MIB:.1f} MiB" if after else "did not begin"
        print(
            f"| {name} | {path.stat().st_size / 1e6:.1f} MB | {zipped(path) / 1e6:.1f} MB | {start * 1e3:.1f} ms "
            f"| {memory / MIB:.1f} MiB | {shown} "
            f"| {python_start / start:.0f}× faster, {python_memory / memory:.0f}× smaller |",
            flush=True,
        )
    print(
        f"| Python: boto3, hl7apy | | | {python_start * 1e3:.0f} ms | {python_memory / MIB:.1f} MiB "
        f"| {python_after / MIB:.1f} MiB | |"
    )


if __name__ == "__main__":
    main()

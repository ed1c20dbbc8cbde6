"""Processes of the end-to-end tests: started here, ended here, by their id."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

# How long anything that must happen may take before a test gives up. Nothing asserts that it takes less.
PATIENCE = 120.0


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def built(name):
    """A binary that `make e2e` built."""
    folder = pathlib.Path(os.environ["ZORGSLUIS_BINARIES"])
    path = folder / name
    if not path.is_file():
        raise FileNotFoundError(f"{path}: run `make e2e`, which builds it")
    return path


def until(what, condition, patience=PATIENCE, pause=0.05):
    """Waits until the condition gives something, and gives it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(pause)
    raise TimeoutError(f"waited {patience:.0f} s for {what}")


class Process:
    """A child process with its output in a file."""

    def __init__(self, command, log, env=None, stdin=subprocess.DEVNULL):
        self.log = pathlib.Path(log)
        with self.log.open("ab") as output:
            self.child = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env={**os.environ, **(env or {})},
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def alive(self):
        return self.child.poll() is None

    def terminate(self, patience=40.0):
        """SIGTERM, and what it ended with."""
        self.child.terminate()
        return self.child.wait(timeout=patience)

    def kill(self):
        if self.alive():
            self.child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(timeout=10)

    def first_json(self):
        """The first line of output that is a JSON object: where the process can be reached."""

        def read():
            if not self.alive():
                raise RuntimeError(f"{self.child.args[0]} ended: {self.log.read_text()[-2000:]}")
            for line in self.log.read_text(errors="replace").splitlines():
                if line.startswith("{"):
                    with contextlib.suppress(ValueError):
                        return json.loads(line)
            return None

        return until(f"{self.child.args[0]} to say where it is", read)


def answers(port):
    """Whether something listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0

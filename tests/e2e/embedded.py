"""The same system on embedded stores: what the functions are held against."""

import contextlib
import json
import pathlib
import socket
import sqlite3

from commands import run
from deployment import FROM, ORGANISATION, PAGES
from processes import ROOT, Process, built, until

START, END = b"\x0b", b"\x1c\x0d"


def events():
    """The sample messages, in the order in which they are sent."""
    return sorted((ROOT / "events").glob("*.hl7"))


class Embedded:
    """`zorgsluis serve` over a data directory."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.server = None

    def start(self, signing=None):
        certificate, key = signing or (None, None)
        mail = ["--mail-from", FROM, "--base-url", PAGES]
        if certificate:
            mail += ["--smime-certificate", certificate, "--smime-key", key]
        self.server = Process(
            [built("zorgsluis"), "serve", "--data", self.data, "--mllp", "127.0.0.1:0", "--http", "127.0.0.1:0",
             "--profiles", ROOT / "events/profiles", "--organisation", ORGANISATION, *mail],
            self.folder / "serve.log",
        )
        announced = self.data / "server.json"
        until("the server", lambda: announced.exists() and self.server.alive())
        where = json.loads(announced.read_text())
        host, port = where["mllp"].rsplit(":", 1)
        self.mllp, self.http, self.token = (host, int(port)), where["http"], where["token"]
        return self

    def stop(self):
        if self.server:
            self.server.terminate()

    def settle(self):
        """Waits until every queue is empty."""
        path = f"file:{self.data / 'state.db'}?mode=ro"

        def empty():
            with contextlib.closing(sqlite3.connect(path, uri=True, timeout=30)) as database:
                return database.execute("SELECT count(*) FROM queue_message").fetchone()[0] == 0

        until("the embedded queues to be empty", empty, pause=0.005)

    def keys(self):
        """The pseudonym keys, by name."""
        return {name: (self.data / f"keys/{name}.key").read_bytes() for name in ("identity", "pseudonym")}

    def import_providers(self):
        run("registers", "import", "providers", "--data", self.data, "--mapping",
            "events/providers.mapping.toml", "events/providers.csv")


class Mllp:
    """A sender over MLLP: one message, one acknowledgement."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=60)
        self.rest = b""

    def exchange(self, message):
        """Sends a message; the acknowledgement as it came, or nothing when the connection broke."""
        self.socket.sendall(START + message + END)
        while END not in self.rest:
            some = self.socket.recv(65536)
            if not some:
                return None
            self.rest += some
        frame, self.rest = self.rest.split(END, 1)
        return frame.lstrip(START)

    def close(self):
        self.socket.close()


def code(acknowledgement):
    """MSA-1. A message of events/ has separators of its own, and so has its acknowledgement."""
    if not acknowledgement:
        return None
    separator = acknowledgement[3:4]
    for segment in acknowledgement.split(b"\r"):
        if segment.startswith(b"MSA"):
            return segment.split(separator)[1].decode()
    return None

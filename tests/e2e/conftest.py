"""What the end-to-end tests share: the embedded run that the functions are held against, and deployments."""

import os
import pathlib
import shutil

import pytest

import compare
from embedded import Embedded, Mllp, events
from stack import Stack


class Reference:
    """What the embedded system makes of all of events/, one message after another."""

    def __init__(self, folder):
        fresh = Embedded(folder / "fresh").start()
        fresh.import_providers()
        fresh.stop()
        self.keys = fresh.keys()
        self.system = Embedded(folder / "system")
        shutil.copytree(fresh.data, self.system.data)
        self.system.start()
        sender = Mllp(self.system.mllp)
        self.acknowledgements = {}
        for event in events():
            self.acknowledgements[event.name] = sender.exchange(event.read_bytes())
            self.system.settle()
        sender.close()
        self.system.stop()
        data = self.system.data
        self.fhir = compare.fhir(data)
        self.letters = compare.letters_embedded(data)
        self.mails = compare.mails(data / "outbox")
        self.entries = compare.exported("--data", data)


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    return Reference(tmp_path_factory.mktemp("reference"))


@pytest.fixture
def deploy(reference, tmp_path, request):
    """Makes deployments with the keys of the reference; they end with the test. Their folders stay when it failed
    and ZORGSLUIS_KEEP says where to."""
    stacks = []

    def make(**how):
        folder = tmp_path / f"stack{len(stacks)}"
        folder.mkdir()
        stack = Stack(folder, reference.keys, **how)
        stacks.append(stack)
        stack.import_providers()
        return stack

    yield make
    for stack in stacks:
        stack.stop()
    keep = os.environ.get("ZORGSLUIS_KEEP")
    if keep:
        shutil.copytree(tmp_path, pathlib.Path(keep) / request.node.name, dirs_exist_ok=True)

#!/usr/bin/env python3
"""Ours and the peers on the same messages in one run; prints the tables of docs/benchmarks.md.

Each peer first says which messages it accepts; then it and ours take turns over exactly those, and the median of the
ratios counts. See README.md.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
PARSERS = ("hl7-parser", "rust-hl7", "@medplum/core", "@medplum/core, split", "python-hl7", "hl7apy")
WORD = re.compile(r"[A-Za-z]{4,}")


def messages(folders):
    """Every file that begins with MSH, as one message with CR behind each segment."""
    for folder in folders:
        for file in sorted(pathlib.Path(folder).rglob("*.hl7")):
            raw = file.read_bytes()
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError:
                text = raw.decode("latin-1")
            lines = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
            if lines and lines[0].startswith("MSH") and sum(line.startswith("MSH") for line in lines) == 1:
                yield str(file.relative_to(folder)).replace("/", "_"), "".join(line + "\r" for line in lines)


class Runner:
    def __init__(self, cache, name):
        rust, python = cache / "rust" / "release" / "zorgsluis-peers", cache / "venv" / "bin" / "python"
        if name.startswith("@medplum/core"):
            how = "split" if name.endswith("split") else "parse"
            self.command = ["node", str(cache / "medplum.mjs"), how]
        elif name in ("python-hl7", "hl7apy", "hl7v2-fhir-bridge"):
            self.command = [str(python), str(HERE / "peer.py"), name]
        else:
            self.command = [str(rust), name]

    def run(self, file, seconds, bundles=None):
        command = [*self.command, str(file), str(seconds), *([str(bundles)] if bundles else [])]
        answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
        return json.loads(answer.stdout.strip().splitlines()[-1])


def rate(result):
    return result["messages"] / result["seconds"] if result["seconds"] else 0.0


def turns(theirs, ours, file, options):
    """How many times as fast each of ours is: medians over turns that all take one after the other."""
    ratios = [[] for _ in ours]
    for _ in range(options.turns):
        peer = rate(theirs.run(file, options.seconds))
        for of, runner in zip(ratios, ours):
            of.append(rate(runner.run(file, options.seconds)) / peer)
    return [statistics.median(of) for of in ratios]


def write(folder, all_messages, names=None):
    file = folder / "messages.ndjson"
    chosen = [(name, text) for name, text in all_messages if names is None or name in names]
    file.write_text("".join(json.dumps({"name": name, "text": text}) + "\n" for name, text in chosen))
    return file


def parsers(all_messages, options, folder):
    ours = [Runner(options.cache, "zorgsluis-parse"), Runner(options.cache, "zorgsluis-split")]
    truth = ours[0].run(write(folder, all_messages), 0)["accepted"]
    line_feeds = [(name, text.replace("\r", "\n")) for name, text in all_messages]
    print(f"\nParsing, {len(all_messages)} messages, one core; ratios on those that the peer accepts\n")
    print("| Parser | accepted | with all segments | the same with LF between them | ours : theirs | ours, split to the leaves : theirs |")
    print("|---|---|---|---|---|---|")
    lf = ours[0].run(write(folder, line_feeds), 0)["accepted"]
    print(f"| `hl7v2` (ours) | {len(truth)} | {len(truth)} | {sum(lf.get(n) == s for n, s in truth.items())} | | |")
    for name in PARSERS:
        peer = Runner(options.cache, name)
        accepted = peer.run(write(folder, all_messages), 0)["accepted"]
        whole = sum(accepted.get(n) == s for n, s in truth.items())
        with_lf = peer.run(write(folder, line_feeds), 0)["accepted"]
        whole_lf = sum(with_lf.get(n) == s for n, s in truth.items())
        ratios = turns(peer, ours, write(folder, all_messages, set(accepted)), options)
        ratios = " | ".join(f"{ratio:,.1f}" for ratio in ratios)
        print(f"| {name} | {len(accepted)} | {whole} | {whole_lf} | {ratios} |", flush=True)


def kept(all_messages, bundles, names):
    """Of the words of four letters and more in the messages, the share that stands in the Bundle."""
    found = total = 0
    for name, text in all_messages:
        if name in names:
            bundle = (bundles / f"{name}.json").read_text().lower()
            words = {word.lower() for line in text.split("\r") if not line.startswith("MSH") for word in WORD.findall(line)}
            total += len(words)
            found += sum(word in bundle for word in words)
    return found / total if total else 0.0


def valid(bundles, validator):
    """How many of the Bundles in a folder are strictly valid."""
    if not validator:
        return "not checked"
    report = bundles.parent / f"{bundles.name}.report.json"
    command = ["node", str(pathlib.Path(validator) / "validate.cjs"), str(bundles), "--quiet", "--json", str(report)]
    subprocess.run(command, capture_output=True, check=False)
    return str(sum(not one["errors"] for one in json.loads(report.read_text())))


def events(all_messages, names):
    header = {name: text.split("\r", 1)[0].split("|") for name, text in all_messages}
    kinds = {tuple(header[name][8].split("^")[:2]) for name in names if len(header[name]) > 8}
    return len(kinds)


def converters(all_messages, options, folder):
    ours, peer = Runner(options.cache, "zorgsluis-convert"), Runner(options.cache, "hl7v2-fhir-bridge")
    bundles = {}
    for key, runner in (("ours", ours), ("theirs", peer)):
        bundles[key] = folder / key
        bundles[key].mkdir()
        bundles[key + "-names"] = set(runner.run(write(folder, all_messages), 0, bundles[key])["accepted"])
    both = bundles["ours-names"] & bundles["theirs-names"]
    [ratio] = turns(peer, [ours], write(folder, all_messages, both), options)
    print(f"\nConverting, {len(all_messages)} messages, one core; words and ratio on the {len(both)} that both convert\n")
    print("| Converter | kinds of event | converted | strictly valid of these | words kept | ours : theirs |")
    print("|---|---|---|---|---|---|")
    for label, key, times in (("Zorgsluis", "ours", ""), ("hl7v2-fhir-bridge", "theirs", f"{ratio:,.0f}")):
        names = bundles[key + "-names"]
        print(f"| {label} | {events(all_messages, names)} | {len(names)} | {valid(bundles[key], options.validator)} "
              f"| {kept(all_messages, bundles[key], both):.0%} | {times} |", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folders", nargs="+")
    options.add_argument("--cache", type=pathlib.Path, required=True)
    options.add_argument("--turns", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2.0)
    options.add_argument("--validator")
    options = options.parse_args()
    all_messages = list(messages(options.folders))
    if not all_messages:
        sys.exit("no *.hl7 in " + ", ".join(options.folders))
    with tempfile.TemporaryDirectory() as folder:
        parsers(all_messages, options, pathlib.Path(folder))
        converters(all_messages, options, pathlib.Path(folder))


main()

#!/usr/bin/env python3
"""Compares the tables of the mapping with the official HL7 v2-to-FHIR segment maps.

usage: tests/mapping.py ZORGSLUIS REFERENCE   (the command line; a folder with v2-to-fhir/segments/*.csv)

A row of the official map is accounted for when the tables have a row for the same field, the same resource type
and the same first element: written there, written elsewhere with the reason, or left out with the reason. A field
without an official target must have a row as well. Whatever is missing is listed, and the status is 1.
"""

import collections
import csv
import json
import pathlib
import re
import subprocess
import sys

FIELD = re.compile(r"^([A-Z][A-Z0-9]{2})[-.](\d+)")
CHOICES = "value|onset|effective|occurrence|occurred|performed|deceased|multipleBirth|collected|medication|abatement|timing"
CHOICE = re.compile(rf"^({CHOICES})[A-Z].*$")


def element(path):
    """The first element of a path, a choice without its type: `valueQuantity.value` is `value`."""
    first = re.split(r"[.\[(=]", path.strip(), maxsplit=1)[0].strip()
    return CHOICE.sub(r"\1", first)


def targets(file_types, attribute):
    """The (type, element) pairs that an attribute of the official map may stand for."""
    first = element(attribute)
    pairs = {(kind, first) for kind in file_types}
    for kind, rest in re.findall(r"\(([A-Z][A-Za-z]+)\.?([A-Za-z.\[\]0-9]*)\)", attribute):
        pairs.add((kind, element(rest) if rest else ""))
    # `Location.name` written out.
    written_out = re.match(r"^([A-Z][A-Za-z]+)\.(.+)$", attribute)
    if written_out:
        pairs.add((written_out[1], element(written_out[2])))
    return pairs


def tables(command):
    answer = subprocess.run([command, "mapping", "--format", "json"], check=True, capture_output=True).stdout
    ours = {}
    for segment in json.loads(answer)["segments"]:
        fields = collections.defaultdict(list)
        for row in segment["rows"]:
            kind, _, path = row["to"].partition(".")
            fields[row["field"]].append((kind, element(path), row["verdict"]["is"]))
        ours[segment["segment"]] = fields
    return ours


def official(folder):
    for file in sorted(folder.glob("*.csv")):
        name = re.search(r"R4_ ([A-Z0-9]{3})\[([^\]]+)\]", file.name)
        if not name:
            continue
        with open(file, encoding="utf-8-sig", newline="") as text:
            for row in list(csv.reader(text))[2:]:
                place = FIELD.match(row[1].strip()) if len(row) > 9 else None
                # MSH-1 and MSH-2 are how the message is cut, not what it says.
                syntax = place and place[1] == "MSH" and int(place[2]) <= 2
                if place and place[1] == name[1] and not syntax:
                    yield name[1], name[2], int(place[2]), row[9].strip()


def main():
    command, reference = sys.argv[1:]
    ours = tables(command)
    counts = collections.Counter()
    missing, unknown = [], collections.defaultdict(set)
    for segment, of, field, attribute in official(pathlib.Path(reference) / "v2-to-fhir" / "segments"):
        rows = ours.get(segment, {}).get(field) or ours.get(segment, {}).get(0) or []
        if not rows:
            unknown[segment].add(field)
        if not attribute:
            continue
        counts["rows"] += 1
        wanted = targets(of.split("-"), attribute)
        types = {kind for kind, first in wanted if not first}
        verdicts = {
            verdict for kind, first, verdict in rows
            if (kind, first) in wanted or kind in types or (attribute == "$this" and kind in of.split("-"))
        }
        for verdict in ("written", "elsewhere", "left"):
            if verdict in verdicts:
                counts[verdict] += 1
                break
        else:
            counts["missing"] += 1
            missing.append(f"{segment}[{of}] {segment}-{field} -> {attribute}")
    for line in missing:
        print("no row:", line)
    for segment, fields in sorted(unknown.items()):
        print(f"no row for any target: {segment}-{', '.join(map(str, sorted(fields)))}")
    print(
        f"{counts['rows']} official rows: {counts['written']} written, {counts['elsewhere']} elsewhere, "
        f"{counts['left']} left, {counts['missing']} missing"
    )
    return 1 if missing or unknown else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Compares docs/terminology.md with the official HL7 v2-to-FHIR concept maps.

usage: tests/terminology.py REFERENCE   (a folder with v2-to-fhir/codesystems/*.csv)

Every official map must be on the page; every code of one that a table of ours does must become the same FHIR code
there, or be listed with the reason. Whatever is not is listed, and the status is 1.
"""

import csv
import pathlib
import re
import sys

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "terminology.md"


def page():
    maps, differs, tables, name = {}, {}, {}, None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("### "):
            name = line[4:]
            tables[name] = {}
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        first = cells[0].replace("\\[", "[") if cells else ""
        if name is None and len(cells) == 3 and not first.startswith("`"):
            if cells[1].startswith("`"):
                differs[(first, cells[1].strip("`"))] = cells[2]
            else:
                maps[first] = cells[2]
        elif name and len(cells) == 4 and first.startswith("`"):
            system, code = cells[1].split("\\|")
            tables[name][first.strip("`").upper()] = (system, code)
        elif name and re.match(r"^(http|urn)\S+: `", line):
            system, codes = line.split(": ", 1)
            for code in codes.split():
                tables[name][code.strip("`").upper()] = (system, code.strip("`"))
    return maps, differs, tables


def official(folder):
    for file in sorted(folder.glob("*.csv")):
        name = re.search(r"_ (.*) - Sheet1", file.name)[1]
        with open(file, encoding="utf-8-sig", newline="") as text:
            rows = [[cell.strip() for cell in row] + [""] * 12 for row in list(csv.reader(text))[2:]]
        # In some maps the code system stands in the column of the display.
        yield name, [(r[0], r[6], r[9] or r[8]) for r in rows if r[0]]


def main():
    maps, differs, tables = page()
    missing, compared = [], 0
    for name, codes in official(pathlib.Path(sys.argv[1]) / "v2-to-fhir" / "codesystems"):
        if name not in maps:
            missing.append(f"{name}: not on the page")
            continue
        ours = re.match(r"\[`(\w+)`\]", maps[name])
        if not ours:
            continue
        table = tables[ours[1]]
        for source, code, system in codes:
            compared += 1
            found = table.get(source.upper())
            if found == ((system, code) if code else None) or (name, source) in differs:
                continue
            # Where the official map has nothing, ours may say more.
            if code:
                missing.append(f"{name}: {source}: theirs {system}|{code}, ours {found}")
    print("\n".join(missing) or f"all {compared} codes of {len(maps) - 1} maps are accounted for")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

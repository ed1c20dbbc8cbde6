"""peer.py NAME MESSAGES SECONDS [BUNDLES]: see README.md for what a runner reads and prints."""

import json
import pathlib
import sys
import time


def python_hl7():
    import hl7

    return lambda text: len(hl7.parse(text))


def hl7apy():
    from hl7apy.parser import parse_message

    # As its users call it for real messages: without demanding that they keep to the standard's structure.
    return lambda text: len(parse_message(text, find_groups=False, force_validation=False).children)


def hl7v2_fhir_bridge():
    from v2fhir.config import default_config_path, load_config
    from v2fhir.convert import convert
    from v2fhir.hl7.parser import parse_bytes

    # All versions and processing ids, and a time zone: what it refuses, it refuses for lack of a mapping.
    settings = load_config(
        default_config_path(),
        {"accepted_versions": (), "accepted_processing_ids": ("P", "T", "D"), "default_timezone": "Europe/Amsterdam",
         "default_assigning_authority": "SENDER"},
    )
    return lambda text: json.dumps(convert(parse_bytes(text.encode()), settings).bundle)


PEERS = {"python-hl7": python_hl7, "hl7apy": hl7apy, "hl7v2-fhir-bridge": hl7v2_fhir_bridge}


def main():
    name, messages, seconds, *folder = sys.argv[1:]
    run = PEERS[name]()
    accepted, found = [], {}
    for line in open(messages, encoding="utf-8"):
        one = json.loads(line)
        try:
            result = run(one["text"])
        except Exception:  # whatever a peer raises, it has not accepted the message
            continue
        accepted.append(one["text"])
        found[one["name"]] = result if isinstance(result, int) else 0
        if folder:
            pathlib.Path(folder[0], one["name"] + ".json").write_text(result)
    limit, count, start = float(seconds), 0, time.perf_counter()
    while accepted and time.perf_counter() - start < limit:
        for text in accepted:
            run(text)
            count += 1
    print(json.dumps({"accepted": found, "messages": count, "seconds": time.perf_counter() - start}))


main()

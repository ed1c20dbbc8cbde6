#!/usr/bin/env bash
# Converts events/ and the corpus of the reference folder, and validates every Bundle strictly; then what
# the FHIR store holds after all events, and the log as AuditEvents. Compares the mapping with the official
# maps.
# usage: tests/validate.sh REFERENCE   (a folder with tools/fhir-validate and corpus/)
set -euo pipefail
cd "$(dirname "$0")/.."
reference=$(realpath "${1:?usage: tests/validate.sh REFERENCE}")
validator="$HOME/.cache/zorgsluis/fhir-validate"
mkdir -p "$validator"
cp -r "$reference/tools/fhir-validate/." "$validator/"
chmod -R u+w "$validator"
[ -d "$validator/node_modules" ] || (cd "$validator" && npm install --silent --no-audit --no-fund)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build --quiet -p zorgsluis
zorgsluis="${CARGO_TARGET_DIR:-target}/debug/zorgsluis"

# convert's status is 1 when a message was refused: both folders hold messages that must be.
status=0
"$zorgsluis" convert --report "$work/ledger.ndjson" events "$reference/corpus" \
  >"$work/bundles.ndjson" 2>"$work/refusals.txt" || status=$?
[ "$status" -le 1 ] || { cat "$work/refusals.txt"; exit "$status"; }
! grep -i 'panic' "$work/refusals.txt" || exit 1

mkdir "$work/bundles"
split --lines=1 --suffix-length=4 --additional-suffix=.json "$work/bundles.ndjson" "$work/bundles/"
# What is refused in the corpus is told in docs/corpus.md, each with its reason.
sed -n "s|^$reference/corpus/\(.*\)\[[0-9]*\]: \(.*\): \(.*\) (\(.*\))$|\1 \4|p" "$work/refusals.txt" | sort >"$work/refused"
sed -n 's/^| `\(.*\)` | `\(.*\)` | .*$/\1 \2/p' docs/corpus.md | sort >"$work/told"
diff "$work/told" "$work/refused" || { echo "docs/corpus.md does not list what is refused"; exit 1; }

messages=$(wc -l <"$work/ledger.ndjson")
bundles=$(wc -l <"$work/bundles.ndjson")
echo "$messages messages: $bundles Bundles, $((messages - bundles)) refused"
node "$validator/validate.cjs" "$work/bundles" --quiet
echo "all $bundles Bundles are valid"

python3 tests/mapping.py "$zorgsluis" "$reference"

# Of the corpus, too, every field is understood, and none is neither written nor reported.
ZORGSLUIS_CORPUS="$reference/corpus" cargo test --quiet --workspace --exclude zorgsluis-aws --no-default-features \
  --test it marker::

ZORGSLUIS_WRITE_RESOURCES="$work/store" cargo test --quiet -p zorgsluis-tests --test it \
  lambda::the_functions_give_what_the_whole_system_gives >/dev/null
"$zorgsluis" demo --once --data "$work/data" >/dev/null
"$zorgsluis" audit export --data "$work/data" >"$work/audit-events.ndjson"
mkdir "$work/audit-events"
split --lines=1 --suffix-length=4 --additional-suffix=.json "$work/audit-events.ndjson" "$work/audit-events/"
# What the tests of the gateway, the audit writer, the enricher and the notifier wrote, when they ran before.
written=("${CARGO_TARGET_DIR:-target}"/tmp/{fhir-answers,audit-events,audit-profiles,suggestions,communications})
# Single resources refer to others that are not in the same file.
node "$validator/validate.cjs" "$work/store" "$work/audit-events" $(ls -d "${written[@]}" 2>/dev/null) \
  --quiet --allow-unresolved
echo "all resources of the store, answers of the gateway and AuditEvents are valid"

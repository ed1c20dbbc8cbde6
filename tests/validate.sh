#!/usr/bin/env bash
# Converts events/ and the corpus of the reference folder, and validates every Bundle strictly.
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
messages=$(wc -l <"$work/ledger.ndjson")
bundles=$(wc -l <"$work/bundles.ndjson")
echo "$messages messages: $bundles Bundles, $((messages - bundles)) refused"
node "$validator/validate.cjs" "$work/bundles" --quiet
echo "all $bundles Bundles are valid"

#!/usr/bin/env bash
# Every benchmark, one after the other; each prints ratios measured in one run. Bounded in time, and
# against 127.0.0.1 only. usage: tests/bench.sh [parse|convert|analyse|log|audit|answers|durable|connections|mllp]...
# `instructions` (none of "every": it needs valgrind) counts what converting a message takes.
set -euo pipefail
cd "$(dirname "$0")/.."
ulimit -n 8192 # 2,000 connections, both ends on this machine

run() { printf '\n== %s\n' "$*"; cargo bench --quiet "$@"; }

# The instructions of one message: what five more rounds of all of them take, divided by how many they are.
instructions() {
  local program
  program=$(cargo bench --no-run -p zorgsluis-converter --no-default-features --bench convert 2>&1 |
    sed -n 's/.*Executable.*(\(.*\))/\1/p')
  count() { # WHAT ROUNDS
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" --rounds "$2" "$1" 2>&1
  }
  printf '\n== instructions to convert a message to Bundle JSON (callgrind)\n'
  for what in a01 oru "$PWD/events"; do
    # The first rounds warm up what is made once.
    few=$(count "$what" 2) more=$(count "$what" 7)
    awk -v name="${what##*/}" '
      /Collected/ { counts[++n] = $NF } / messages$/ { messages = $1 }
      END { printf "%-8s %\047d\n", name, (counts[2] - counts[1]) / messages / 5 }' <<<"$few"$'\n'"$more"
  done
}

for name in "${@:-parse convert analyse log audit answers durable connections mllp}"; do
  for one in $name; do
    case "$one" in
      parse) run -p hl7v2 --bench parse ;;
      instructions) instructions ;;
      convert)
        if [ -d ../shared/corpus ]; then
          run -p zorgsluis-converter --no-default-features --bench convert -- "$(realpath ../shared/corpus)"
        else
          run -p zorgsluis-converter --no-default-features --bench convert -- "$PWD/events"
        fi ;;
      analyse) run -p zorgsluis-clinical-text --bench analyse ;;
      log) run -p tlog --bench log ;;
      audit) run -p zorgsluis-audit-writer --bench audit ;;
      answers) run -p zorgsluis-audit-answers --bench answers -- "${ENTRIES:-1000000}" ;;
      durable) run -p zorgsluis-embedded --bench durable ;;
      connections) run -p zorgsluis-listener --bench connections ;;
      mllp) run -p zorgsluis-tests --bench mllp ;;
      *) echo "unknown benchmark: $one" >&2; exit 2 ;;
    esac
  done
done

#!/usr/bin/env bash
# Every benchmark, one after the other; each prints ratios measured in one run. Bounded in time, and
# against 127.0.0.1 only. usage: tests/bench.sh [parse|convert|analyse|log|audit|durable|connections|mllp]...
set -euo pipefail
cd "$(dirname "$0")/.."
ulimit -n 8192 # 2,000 connections, both ends on this machine

run() { printf '\n== %s\n' "$*"; cargo bench --quiet "$@"; }

for name in "${@:-parse convert analyse log audit durable connections mllp}"; do
  for one in $name; do
    case "$one" in
      parse) run -p hl7v2 --bench parse ;;
      convert)
        if [ -d ../shared/corpus ]; then
          run -p zorgsluis-converter --bench convert -- "$(realpath ../shared/corpus)"
        else
          run -p zorgsluis-converter --bench convert -- "$PWD/events"
        fi ;;
      analyse) run -p zorgsluis-clinical-text --bench analyse ;;
      log) run -p tlog --bench log ;;
      audit) run -p zorgsluis-audit-writer --bench audit ;;
      durable) run -p zorgsluis-embedded --bench durable ;;
      connections) run -p zorgsluis-listener --bench connections ;;
      mllp) run -p zorgsluis-tests --bench mllp ;;
      *) echo "unknown benchmark: $one" >&2; exit 2 ;;
    esac
  done
done

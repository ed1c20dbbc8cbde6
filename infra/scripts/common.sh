# shellcheck shell=bash
# What the scripts of operators share. Sourced, not run.

set -euo pipefail

INFRA=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DRY_RUN=${DRY_RUN:-}

say() { printf '%s\n' "$*" >&2; }
stop() { say "$(basename "$0"): $*"; exit 1; }
wrong() { say "$(basename "$0"): $*"; exit 2; }
need() { command -v "$1" >/dev/null || stop "$1 is missing"; }

# Runs a command that changes something; with --dry-run it is only shown.
change() {
  if [ -n "$DRY_RUN" ]; then
    printf '+ %s\n' "$*"
  else
    "$@"
  fi
}

# A value of the deployment's file, or of cdk.json where the file says nothing; nothing when neither has it.
setting() {
  node -e '
    const [file, name] = process.argv.slice(1);
    const read = (path) => JSON.parse(require("node:fs").readFileSync(path, "utf8"));
    const value = read(file)[name] ?? read(process.env.INFRA + "/cdk.json").context[name];
    if (value !== undefined) console.log(typeof value === "object" ? JSON.stringify(value) : String(value));
  ' "$1" "$2"
}
export INFRA

# The file of a deployment: JSON, an object of context values.
deployment_file() {
  [ -f "$1" ] || stop "$1: no such file (docs/operations/deploy.md says what stands in it)"
  node -e 'const x = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8")); if (x === null || typeof x !== "object" || Array.isArray(x)) process.exit(1)' \
    "$1" 2>/dev/null || stop "$1: no JSON object"
}

# Refuses what would end in another account than the one meant.
in_account() {
  local account
  account=$(aws sts get-caller-identity --query Account --output text) || stop "no credentials of AWS"
  [ "$account" = "$1" ] || stop "these are credentials of account $account, not of $1"
}

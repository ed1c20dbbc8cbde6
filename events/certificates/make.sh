#!/bin/sh
# Makes the certificates of the invented recipients in providers.csv, and their private keys.
# They protect nothing: they are for the demo and the tests only. Needs the openssl command line.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# name, common name, address, not before, not after, key usage, then the arguments that make the key.
# `openssl ca` and not `openssl req -x509`, which in older versions takes no dates.
make() {
  name=$1; person=$2; address=$3; from=$4; until=$5; usage=$6; shift 6
  openssl genpkey "$@" -out "$name.test-key.pem" 2>/dev/null
  : > "$work/index"
  openssl rand -hex 16 > "$work/serial"
  cat > "$work/conf" <<CONF
[ca]
default_ca = self
[self]
database = $work/index
serial = $work/serial
new_certs_dir = $work
default_md = sha256
policy = any
x509_extensions = person
[any]
countryName = optional
organizationName = optional
commonName = supplied
[req]
distinguished_name = dn
[dn]
[person]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,$usage
extendedKeyUsage = emailProtection
subjectAltName = email:$address
subjectKeyIdentifier = hash
CONF
  openssl req -new -config "$work/conf" -key "$name.test-key.pem" -out "$work/request" \
    -subj "/C=NL/O=Invented for tests/CN=$person"
  openssl ca -batch -notext -selfsign -config "$work/conf" -keyfile "$name.test-key.pem" \
    -in "$work/request" -startdate "$from" -enddate "$until" -out "$name.pem" 2>/dev/null
}

rsa="-algorithm RSA -pkeyopt rsa_keygen_bits:3072"
p256="-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
# shellcheck disable=SC2086 # the arguments are words
{
  make dewit "A.B. de Wit" dewit@praktijk-dewit.example 20260101000000Z 20400101000000Z keyEncipherment $rsa
  make jones "E. Jones" e.jones@ziekenhuis-linde.example 20260101000000Z 20400101000000Z keyAgreement $p256
  make timmer "G. Timmer" timmer@praktijk-timmer.example 20200101000000Z 20220101000000Z keyEncipherment $rsa
}

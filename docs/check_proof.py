#!/usr/bin/env python3
"""Checks what Zorgsluis gives to third parties, with nothing but Python 3 and the public keys:
  check_proof.py --key VKEY [--witness VKEY]... PROOF                   an entry stands in the log (C2SP tlog-proof)
  check_proof.py --key VKEY [--witness VKEY]... --old CHECKPOINT PROOF  the log continues CHECKPOINT (C2SP tlog-witness)
  check_proof.py --key VKEY [--witness VKEY]... CHECKPOINT              who signed it (C2SP tlog-checkpoint)
Of several --key, one must have signed; each --witness must have cosigned. If another key took over between CHECKPOINT
and PROOF, give both: --key BEFORE --key NEXT. Exit status: 0 proved, 1 not (and why)."""
import argparse, base64, hashlib, sys, time
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519 (RFC 8032); nothing here is secret
D = -121665 * pow(121666, -1, P) % P

def require(condition, why):
    if not condition:
        sys.exit(f"NOT PROVED: {why}")
def add(p, q):
    a, b, c, d = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0]), 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P
def times(n, p):
    half = times(n >> 1, add(p, p)) if n else (0, 1, 1, 0)
    return add(half, p) if n & 1 else half
def point(encoded):
    sign, y = divmod(int.from_bytes(encoded, "little"), 2**255)
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x if x * x % P == xx else x * pow(2, (P - 1) // 4, P) % P
    require(y < P and x * x % P == xx and (x or not sign), "a key or signature is not a point of the curve")
    return (x := P - x if x & 1 != sign else x), y, 1, x * y % P
def verifies(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    base = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    a, b = times(s % L, base), add(point(signature[:32]), times(k, point(key)))
    return len(signature) == 64 and s < L and not any((a[i] * b[2] - b[i] * a[2]) % P for i in (0, 1))

def b64(text):
    require(base64.b64encode(base64.b64decode(text)).decode() == text, f"{text!r} is not base64")
    return base64.b64decode(text)
def number(text):
    require(text.isascii() and text.isdigit() and text == str(int(text)), f"{text!r} is not a number")
    return int(text)
def signatures(note, lines, vkey, kind):  # by this key: type 1 of a log, type 4 (C2SP tlog-cosignature) of a witness
    name, key_id, key = vkey.split("+", 2)
    require(len(key := b64(key)) == 33 and key[0] == kind, f"{vkey} is not a {'log' if kind == 1 else 'witness'}'s")
    require(hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8] == key_id, f"{vkey} has another id")
    for raw in (b64(line.split(" ")[2]) for line in lines if line.startswith(f"\u2014 {name} ")):
        if raw[:4].hex() == key_id:
            at = int.from_bytes(raw[4:12], "big")
            message, signature = (note, raw[4:]) if kind == 1 else (b"cosignature/v1\ntime %d\n" % at + note, raw[12:])
            require(verifies(key[1:], message, signature), f"the signature of {name} is wrong")
            yield f"signed by {vkey}" if kind == 1 else f"witnessed by {name} on {time.asctime(time.gmtime(at))} UTC"
def checkpoint(text, keys, witnesses, which="the"):  # its origin, size and root, and by whom it is signed
    note, lines = text[:text.rindex("\n\n") + 1], text[text.rindex("\n\n") + 2:].split("\n")
    origin, size, root, *more = note.split("\n")  # more: how another key takes over, say
    by = [told for key in keys for told in signatures(note.encode(), lines, key, 1)]
    require(by, f"{which} checkpoint is not signed by a key that was given (if the log's key changed: give each --key)")
    cosigned = [list(signatures(note.encode(), lines, witness, 4)) for witness in witnesses]
    require(all(cosigned), "a witness that was given has not cosigned the checkpoint")
    by += sum(cosigned, more[:-1])
    return origin, number(size), b64(root), "".join(f"\n  {line}" for line in by)
def fold(old, new, n, last, path):  # RFC 9162 §2.1.3.2 (where `old` plays no part) and §2.1.4.2
    for h in path:
        require(last and len(h) == 32, "the proof holds a hash too many")
        if n & 1 or n == last:
            old, new = (hashlib.sha256(b"\1" + h + right).digest() for right in (old, new))
            while n and not n & 1:
                n, last = n >> 1, last >> 1
        else:
            new = hashlib.sha256(b"\1" + new + h).digest()
        n, last = n >> 1, last >> 1
    require(last == 0, "the proof holds a hash too few")
    return old, new
def check(text, old, keys, witnesses):
    (first, *lines), rest = text.split("\n\n")[0].split("\n"), text.partition("\n\n")[2]
    if first == "c2sp.org/tlog-proof@v1" and lines[0][:6] + lines[1][:6] == "extra index ":
        (origin, size, root, by), n, leaf = checkpoint(rest, keys, witnesses), number(lines[1][6:]), b64(lines[0][6:])
        start = hashlib.sha256(b"\0" + leaf).digest()
        require(n < size and fold(start, start, n, size - 1, map(b64, lines[2:]))[1] == root, "the entry is not proved")
        return f"entry {n} with id {leaf[1:17].hex()} stands in {origin}, among {size} entries{by}"
    if not first.startswith("old "):
        origin, size, root, by = checkpoint(text, keys, witnesses)
        return f"{origin} has {size} entries, root {root.hex()}{by}"
    require(old, "the older checkpoint is needed: --old CHECKPOINT")
    (origin, size, root, by), (of, n, start, _) = checkpoint(rest, keys, witnesses), checkpoint(old, keys, [], "old")
    require(of == origin and n == number(first[4:]) <= size, "the proof does not begin at the older checkpoint")
    path, low = [start] * (n & (n - 1) == 0) + [*map(b64, lines)], (n & -n).bit_length() - 1
    same = (start, not lines and start)  # of an empty or equal tree there is nothing to prove
    grew = fold(path[0], path[0], n - 1 >> low, size - 1 >> low, path[1:]) if 0 < n < size else same
    require(grew == (start, root if n else hashlib.sha256().digest()), "the log did not only grow")
    return f"{origin} only grew, from {n} entries to {size}{by}"
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
[parser.add_argument(name, action="append", default=[], required=name == "--key") for name in ("--key", "--witness")]
[parser.add_argument(name) for name in ("--old", "file")]
args = parser.parse_args()
try:
    texts = [open(name, encoding="utf-8", newline="").read() if name else None for name in (args.file, args.old)]
    print("PROVED:", check(*texts, args.key, args.witness))
except OSError as error:
    require(False, error)
except (ValueError, IndexError):
    require(False, "a key or file has not the form that C2SP gives it")

#!/usr/bin/env python3
"""Checks an archive of the log, unpacked in a folder. Needs Python 3.8 and nothing else.

    python3 check_archive.py [FOLDER] [--key FILE]

--key: the log's public key, as you had it from elsewhere: a file that holds it (one line), or the key itself. It may
be one that was replaced since: the hand-overs in the archive lead on from it. Without it the keys in the archive
are believed, and then only that the archive fits together is shown.
"""
import base64, hashlib, json, pathlib, sys, uuid

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, I = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()

def point(data):  # RFC 8032 §5.1.3
    y = int.from_bytes(data, "little"); sign, y = y >> 255, y & (1 << 255) - 1
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P: x = x * I % P
    if y >= P or v * x * x % P != u or (x == 0 and sign): raise ValueError("no point of the curve")
    return (P - x if x & 1 != sign else x, y, 1)

def add(a, b):  # projective
    (x1, y1, z1), (x2, y2, z2) = a, b
    zz, xx, yy = z1 * z2 % P, x1 * x2 % P, y1 * y2 % P
    e, f, g = D * xx * yy % P, (zz * zz - D * xx * yy) % P, (zz * zz + D * xx * yy) % P
    return (zz * f * (x1 * y2 + y1 * x2) % P, zz * g * (yy + xx) % P, f * g % P)

def times(n, a):
    r = (0, 1, 1)
    while n: r, a, n = (add(r, a) if n & 1 else r), add(a, a), n >> 1
    return r

BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def signed(key, text, signature):
    try: a, r = point(key), point(signature[:32])
    except ValueError: return False
    s, h = int.from_bytes(signature[32:], "little"), hashlib.sha512(signature[:32] + key + text).digest()
    left, right = times(s, BASE), add(r, times(int.from_bytes(h, "little") % L, a))
    return s < L and all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))

def signers(note, keys):  # C2SP signed-note: which of the keys signed
    text, _, lines = note.partition("\n\n")
    pairs = [(line[2:].partition(" ")[0], base64.b64decode(line.rpartition(" ")[2])) for line in lines.splitlines()]
    known = [((name, data[:4]), data[4:]) for name, data in pairs if (name, data[:4]) in keys and len(data) == 68]
    return [of for of, signature in known if signed(keys[of], (text + "\n").encode(), signature)]

def checkpoint(note, keys, ends={}):  # C2SP tlog-checkpoint; a key that was replaced signs nothing behind its end
    origin, size, root = note.splitlines()[:3]
    by, size = signers(note, keys), int(size)
    if not by: sys.exit("WRONG: the checkpoint is not signed by the key that was given, nor by one that it leads to")
    if all(ends.get(of, size) < size for of in by): sys.exit("WRONG: the key under the checkpoint was replaced before")
    return origin, size, base64.b64decode(root)

def follow(keys, notes):  # hand-overs: both keys sign that the one takes over from the other, and at what size
    lines = [(note, line) for note in notes for line in note.splitlines() if line.startswith("key-handover ")]
    pairs = [(note, parse_keys(line[13:])) for note, line in lines]
    pairs, ends = [(note, pair) for note, pair in pairs if len(pair) == len(set(signers(note, pair))) == 2], {}
    for _ in pairs:  # each round follows one further, at least
        for note, pair in pairs:
            if set(pair.items()) & set(keys.items()) and all(keys.get(of, key) == key for of, key in pair.items()):
                old, size = list(pair)[0], int(note.splitlines()[1])
                ends[old] = min(size, ends.get(old, size))
                keys.update(pair)
    return ends

def parse_keys(text):  # C2SP vkey: name+id+base64
    parts = [line.split("+", 2) for line in text.split()]
    return {(name, bytes.fromhex(number)): base64.b64decode(data)[1:] for name, number, data in parts}

def key_given(given):
    path = pathlib.Path(given)
    text = path.read_text() if path.is_file() else given
    try: return parse_keys(text) or sys.exit("WRONG: --key: %s is empty" % given)
    except ValueError:
        what = "holds no public key" if path.is_file() else "is no such file, and not a key itself"
        sys.exit("WRONG: --key: %s %s (name+id+base64, one line)" % (given, what))

def split(n): return 1 << (n - 1).bit_length() - 1

def tree(lo, hi, leaves, first, beside):  # RFC 6962 §2.1; what holds no leaf of ours comes from the proof
    if hi <= first or lo >= first + len(leaves): return next(beside)
    if hi - lo == 1: return leaves[lo - first]
    mid = lo + split(hi - lo)
    left = tree(lo, mid, leaves, first, beside)
    return sha(b"\1", left, tree(mid, hi, leaves, first, beside))

def consistent(m, n, old, proof, whole=True):  # RFC 6962 §2.1.2: (old root, new root) by the proof
    if m == n: return (old, old) if whole else (proof[-1],) * 2
    k = split(n)
    if m <= k: a, b = consistent(m, k, old, proof[:-1], whole); return a, sha(b"\1", b, proof[-1])
    a, b = consistent(m - k, n - k, old, proof[:-1], False)
    return sha(b"\1", proof[-1], a), sha(b"\1", proof[-1], b)

def main():
    args, given = sys.argv[1:], None
    if "--help" in args or "-h" in args: print(__doc__); return
    if "--key" in args: at = args.index("--key"); given = (args[at + 1:] or sys.exit(__doc__))[0]; del args[at:at + 2]
    if len(args) > 1 or args and args[0].startswith("-"): sys.exit(__doc__)
    folder = pathlib.Path(args[0] if args else ".")
    if folder.is_file(): sys.exit("WRONG: %s is a file: unpack it first, and name the folder" % folder)
    need = lambda right, what: right or sys.exit("WRONG: " + what)
    read = lambda name: (folder / name).read_text(encoding="utf-8")
    decoded = lambda name: [base64.b64decode(line) for line in read(name).split()]
    for line in read("SHA256SUMS").splitlines():
        digest, _, name = line.partition("  ")
        need(len(digest) == 64 and name, "SHA256SUMS is damaged: %r" % line)
        need(sha((folder / name).read_bytes()).hex() == digest, name + " is not the file that was packed")
    keys = key_given(given) if given else parse_keys(read("log.vkey"))
    ends = follow(keys, [path.read_text() for path in sorted((folder / "handovers").glob("*"))])
    origin, size, root = checkpoint(read("checkpoint"), keys, ends)
    manifest = json.loads(read("manifest.json"))
    first, end = manifest["range"]["first"], manifest["range"]["end"]
    leaves = decoded("leaves.txt")
    need(len(leaves) == end - first and end <= size, "the number of leaves is not that of the manifest")
    got = tree(0, size, [sha(b"\0", leaf) for leaf in leaves], first, iter(decoded("range-proof.txt")))
    need(got == root, "the leaves do not lead to the root of the checkpoint")
    kinds, told, at = {"entry": 0, "entry-uncommitted": 0, "erased": 0, "outside": 0}, [], 0
    for at, line in enumerate(open(folder / "entries.ndjson", encoding="utf-8"), 1):
        one, leaf = json.loads(line), leaves[at - 1] if at <= len(leaves) else sys.exit("WRONG: too many entries")
        place, kind = "entry %d" % one["index"], one["is"]
        need(one["index"] == first + at - 1, place + " is not in its place")
        need(uuid.UUID(one["id"]).bytes == leaf[1:17], place + " has another id than its leaf")
        if kind == "entry":  # version 1, id 16, payload hash 32, key 16, commitment 32
            salted = base64.b64decode(one["salt"]) + one["entry"].encode()
            need(len(leaf) == 97 and sha(salted) == leaf[65:], place + " does not say what its leaf commits to")
        need(kind != "entry-uncommitted" or len(leaf) < 97, place + " hides what its leaf commits to")
        kinds[kind] += 1
        if kind.startswith("entry"):
            need(json.loads(one["entry"])["id"] == one["id"], place + " is another entry")
            told.append(one["id"])
    need(at == len(leaves), "an entry is missing")
    events = [json.loads(line) for line in open(folder / "audit-events.ndjson", encoding="utf-8")]
    need([event["id"] for event in events] == told, "the AuditEvents are not those of the entries")
    if (folder / "previous-checkpoint").exists():
        _, old_size, old = checkpoint(read("previous-checkpoint"), keys, ends)
        proof = decoded("consistency-proof.txt")
        continues = old_size == 0 or consistent(old_size, size, old, proof) == (old, root)
        need(continues, "the log does not continue the previous checkpoint")
        print("continues the previous checkpoint of %d entries" % old_size)
    print("%s: entries %d to %d of %d, none left out: %s" % (origin, first, end - 1, size, kinds))
    print("OK" if given else "OK, by the key in the archive: compare log.vkey with the key that you had before")

try: main()
except OSError as error: sys.exit("WRONG: %s: %s" % (error.filename, error.strerror))
except (ValueError, LookupError) as error: sys.exit("WRONG: the archive is damaged: %s" % error)

#!/usr/bin/env python3
"""Checks proofs of the ledger with Python's standard library alone.

    verify.py PUBLIC_KEY FILE...

PUBLIC_KEY is the ledger's public key file (`ledger.pub`), kept from when it was handed over; each FILE is a signed
checkpoint (a note, as `anju ledger checkpoint` prints it and `anju serve --keep-checkpoints` keeps it) or JSON as printed by

    anju --json ledger prove INDEX
    anju --json ledger consistency FROM TO
    anju --json ledger checkpoint

or as the web app saves it, where several checkpoints are a list. Two signed checkpoints of one size with different roots
among all that is given are told: the ledger then showed two faces.

Nothing of the program is used: the leaf is written again from the entry's fields, hashes are folded after RFC 6962 and
RFC 9162, and the signature of the note (C2SP signed-note, Ed25519 after RFC 8032) is checked with the arithmetic below.
The exit code is 0 when every file is proved, 1 otherwise.
"""

import base64
import hashlib
import json
import sys


class Wrong(Exception):
    """Something that is not proved."""


def need(condition, what):
    if not condition:
        raise Wrong(what)


# Ed25519 (RFC 8032, section 5.1), verification only. Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(one, two):
    a = (one[1] - one[0]) * (two[1] - two[0]) % P
    b = (one[1] + one[0]) * (two[1] + two[0]) % P
    c = 2 * one[3] * two[3] * D % P
    d = 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def same(one, two):
    return (one[0] * two[2] - two[0] * one[2]) % P == 0 and (one[1] * two[2] - two[1] * one[2]) % P == 0


def x_of(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P != 0:
        return None
    return P - x if x & 1 != sign else x


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = x_of(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signed_by(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = point(public), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    return same(multiply(s, BASE), add(r, multiply(h, a)))


# Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint).


def read_key(text):
    name, identity, data = text.strip().split("+", 2)
    data = base64.b64decode(data, validate=True)
    need(len(data) == 33 and data[0] == 1, "the key is not an Ed25519 key")
    expected = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    need(expected.hex() == identity, "the key's id does not fit the key")
    return name, expected, data[1:]


def open_note(note, key):
    """Checks the one signature of a note and returns size, root and the size before."""
    name, identity, public = key
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    lines = signatures.split("\n")
    need(len(lines) == 2 and lines[1] == "", "the note has not exactly one signature")
    mark, signer, data = lines[0].split(" ")
    need(mark == "\u2014" and signer == name, "the note is signed by another name")
    data = base64.b64decode(data, validate=True)
    need(data[:4] == identity, "the note is signed by another key")
    need(signed_by(public, text.encode(), data[4:]), "the signature of the note does not hold")
    origin, size, root, previous, end = text.split("\n")
    need(origin == name and end == "", "the note is of another log")
    need(previous.startswith("previous "), "the note does not name the checkpoint before it")
    return int(size), base64.b64decode(root, validate=True), int(previous[len("previous "):])


# The Merkle tree (RFC 6962; the checks are those of RFC 9162, sections 2.1.3.2 and 2.1.4.2).


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_inclusion(index, size, leaf, proof):
    need(index < size, "the index is not below the size")
    fn, sn, result = index, size - 1, leaf
    for sibling in proof:
        need(sn != 0, "the proof has too many hashes")
        if fn & 1 or fn == sn:
            result = node(sibling, result)
            if not fn & 1:
                while fn & 1 == 0 and fn != 0:
                    fn, sn = fn >> 1, sn >> 1
        else:
            result = node(result, sibling)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "the proof has too few hashes")
    return result


def check_consistency(old_size, old_root, new_size, new_root, proof):
    need(1 <= old_size <= new_size, "the sizes are out of order")
    if old_size == new_size:
        need(not proof and old_root == new_root, "two roots for one size")
        return
    need(proof, "the proof has too few hashes")
    if old_size & (old_size - 1) == 0:
        proof = [old_root] + proof
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = proof[0]
    for sibling in proof[1:]:
        need(sn != 0, "the proof has too many hashes")
        if fn & 1 or fn == sn:
            old, new = node(sibling, old), node(sibling, new)
            if not fn & 1:
                while fn & 1 == 0 and fn != 0:
                    fn, sn = fn >> 1, sn >> 1
        else:
            new = node(new, sibling)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "the proof has too few hashes")
    need(old == old_root, "the proof does not lead to the older root")
    need(new == new_root, "the proof does not lead to the newer root")


# The three kinds of files.

FIELDS = ["actor", "area", "at", "command", "commitment", "index", "kind", "reason", "subject", "version"]


def check_checkpoint(found, key):
    size, root, previous = open_note(found["note"], key)
    need(
        (size, root.hex(), previous) == (found["size"], found["root"], found["previous"]),
        "the note is signed for other figures than those beside it",
    )
    return size, root


def check_inclusion(found, key):
    size, root = check_checkpoint(found["checkpoint"], key)
    entry = found["entry"]
    need(sorted(entry) == FIELDS, "the entry has other fields")
    # Canonical JSON (RFC 8785): texts and whole numbers only, keys in ASCII.
    leaf = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    need(leaf == found["leaf"], "the leaf is not the entry")
    leaf = hashlib.sha256(b"\x00" + leaf.encode()).digest()
    need(leaf.hex() == found["leaf_hash"], "the leaf has another hash")
    proof = [bytes.fromhex(text) for text in found["proof"]]
    need(root_from_inclusion(entry["index"], size, leaf, proof) == root, "the proof does not lead to the signed root")
    remember(size, root)
    return "entry %d is in the log of %d entries" % (entry["index"], size)


def check_growth(found, key):
    heads = []
    for head in (found["from"], found["to"]):
        root = bytes.fromhex(head["root"])
        if head["note"] is not None:
            size, signed, _ = open_note(head["note"], key)
            need((size, signed) == (head["size"], root), "the note is signed for another size or root")
            remember(size, signed)
        heads.append((head["size"], root))
    (old_size, old_root), (new_size, new_root) = heads
    proof = [bytes.fromhex(text) for text in found["proof"]]
    check_consistency(old_size, old_root, new_size, new_root, proof)
    return "the log of %d entries begins with that of %d" % (new_size, old_size)


def check(found, key):
    if isinstance(found, list):
        need(found, "the list is empty")
        return "; ".join(check(one, key) for one in found)
    if isinstance(found, str):
        size, root, _ = open_note(found, key)
        return remember(size, root)
    if "leaf" in found:
        return check_inclusion(found, key)
    if "from" in found:
        return check_growth(found, key)
    return remember(*check_checkpoint(found, key))


ROOTS = {}


def remember(size, root):
    need(ROOTS.setdefault(size, root) == root, "another signed checkpoint of %d entries has another root" % size)
    return "the checkpoint of %d entries is signed" % size


def read(path):
    """A note as text, anything else as JSON."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return json.loads(text) if text.lstrip()[:1] in ("{", "[") else text


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 1
    failed = 0
    try:
        with open(arguments[0], encoding="utf-8") as file:
            key = read_key(file.read())
    except (Wrong, ValueError) as error:
        print("%s: NOT PROVED: %s" % (arguments[0], error))
        return 1
    for path in arguments[1:]:
        try:
            print("%s: %s" % (path, check(read(path), key)))
        except (Wrong, ValueError, KeyError, TypeError) as error:
            print("%s: NOT PROVED: %s" % (path, error))
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

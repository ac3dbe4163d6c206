"""Pickles as Python writes them, in every protocol, with their values; and ones that would run something.

    python test/parity/make_pickles.py [FOLDER OF UPSTREAM'S PICKLES]

Writes pickles.json beside this file. With upstream's folder it also writes the hash of what Python reads from each file.
"""
import base64
import collections
import datetime
import hashlib
import json
import os
import pickle
import pickletools
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
UPSTREAM = ["false_recommendation_scenarios", "scenario_variations", "training_pairs", "mse_pairs", "unique_combinations"]

shared = ["one", "two"]
VALUES = {
    "numbers": [0, 1, -1, 255, 256, 65535, 65536, -2**31, 2**31, 2**53 - 1, 1 - 2**53, 0.0, -0.5, 1e300, 3.141592653589793],
    "flags": [True, False, None],
    "text": ["", "a", "x" * 300, "naïve \u2028 漢字 \U0001F642 \ufffd", "back\\slash \\u0041 'quotes' \"two\"", "lines\r\n\ttab\0\x1a end"],
    "lists": [[], [[]], [1, [2, [3, [4]]]], [0] * 1100],
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((), ((),))],
    "dicts": [{}, {"a": 1}, {"__proto__": [1], "constructor": {"b": None}, "": ()}],
    "shared": [shared, shared, (shared, shared)],
    "memo": [f"word {i}" for i in range(270)] * 2,
}
SETS = {
    "set of text": {"b", "a", "ab", "", "\U0001F642", "\ufffd", "é"},
    "set of tuples": {(x, y) for x in ("kitchen", "attic", "hall") for y in ("ring", "crown")},
    "set of numbers": {3, -1, 2.5, 10},
    "nested frozenset": [frozenset({"y", "x"}), {(1, frozenset({2, 1}))}],
}
OBJECTS = {
    "REDUCE by os.system": b"cos\nsystem\n(S'true'\ntR.",
    "an ordered dict": pickle.dumps(collections.OrderedDict(a=1), 2),
    "a date": pickle.dumps(datetime.date(2026, 1, 1), 4),
    "a set in protocol 2": pickle.dumps({1}, 2),
    "a class": pickle.dumps(collections.Counter, 4),
    "a number without a class": pickle.dumps(complex(1, 2), 0),
    "bytes": pickle.dumps(b"abc", 4),
    "bytearray": pickle.dumps(bytearray(b"abc"), 5),
    "old instance": b"(i__main__\nX\n.",
    "persistent": b"Pid\n.",
}


def plain(value):
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v) for v in value))
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return {k: plain(v) for k, v in value.items()} if isinstance(value, dict) else value


def text(data):
    return base64.b64encode(data).decode()


def first_refused(data):
    """Name and offset of the first opcode that is not on the list of the reader."""
    known = set("""MARK STOP PROTO FRAME NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING
        SHORT_BINSTRING UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8 EMPTY_LIST APPEND APPENDS LIST EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3
        EMPTY_DICT DICT SETITEM SETITEMS EMPTY_SET ADDITEMS FROZENSET GET BINGET LONG_BINGET PUT BINPUT LONG_BINPUT MEMOIZE""".split())
    return next([op.name, at] for op, _, at in pickletools.genops(data) if op.name not in known)


def main():
    made = dict(
        values=[dict(name=n, json=plain(v), pickles={p: text(pickle.dumps(v, p)) for p in range(6)}) for n, v in VALUES.items()]
        + [dict(name=n, json=plain(v), pickles={p: text(pickle.dumps(v, p)) for p in (4, 5)}) for n, v in SETS.items()],
        refused=[dict(name=n, pickle=text(d), opcode=first_refused(d)) for n, d in OBJECTS.items()],
        python2=dict(pickle=text(b"(lp0\nS'it\\'s \\\\ \\n \\x41'\np1\naU\x03abca(dp2\nS\"k\"\nI01\nsaI00\naF1.5\naL7L\na."), json=["it's \\ \n A", "abc", {"k": True}, False, 1.5, 7]),
    )
    before = os.path.join(HERE, "pickles.json")
    if len(sys.argv) > 1:
        made["upstream"] = {}
        for name in UPSTREAM:
            with open(os.path.join(sys.argv[1], name + ".pkl"), "rb") as f:
                value = plain(pickle.load(f))
            written = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
            made["upstream"][name] = hashlib.sha256(written).hexdigest()
    elif os.path.exists(before):
        made["upstream"] = json.load(open(before)).get("upstream")
    with open(before, "w") as f:
        json.dump(made, f, ensure_ascii=True, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()

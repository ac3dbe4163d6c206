"""Writes tensorboard.json: event files as TensorBoard's own writer makes them, and checks of CRC-32C.

    python test/parity/make_tensorboard.py            # needs the package `tensorboard`
    python test/parity/make_tensorboard.py DIR        # prints what TensorBoard reads in a folder of event files

Scalars are written as `simple_value` (torch's SummaryWriter does the same), texts as TensorBoard's text plugin has them.
"""
import io
import json
import os
import sys

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c, masked_crc32c
from tensorboard.plugins.text import summary as text_summary
from tensorboard.summary.writer.record_writer import RecordWriter

HERE = os.path.dirname(os.path.abspath(__file__))
TIME = 1764000000.25
# 0 and -0, a third (float32 rounds it), the largest float32 and beyond, what is no number.
SCALARS = [("train/loss", 0.0), ("train/lr", 1 / 3), ("a", -0.0), ("b", 3.4028234e38), ("c", 1e39), ("d", float("nan")), ("é", float("-inf"))]
MARKDOWN = "    {\n      \"answer\": \"höflich\"\n    }"


def event(**fields):
    return event_pb2.Event(wall_time=TIME, **fields)


def scalars(step, values):
    return event(step=step, summary=summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=t, simple_value=v) for t, v in values]))


def record(data):
    file = io.BytesIO()
    file.close = lambda: None
    writer = RecordWriter(file)
    writer.write(data)
    writer.flush()
    return file.getvalue().hex()


def write():
    events = [
        ("version", event(file_version="brain.Event:2")),
        ("scalars", scalars(7, SCALARS)),
        ("large step", scalars(2**40 + 1, [("train/loss", 1.5)])),
        ("step 0", scalars(0, [("train/loss", 1.5)])),
        ("text", event(step=3, summary=text_summary.text_pb("config", MARKDOWN))),
        ("resumed", event(step=12, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START))),
    ]
    crcs = [b"", b"123456789", bytes(32), b"\xff" * 32, bytes(range(256))]
    out = dict(
        seconds=TIME,
        scalars=[[t, repr(v)] for t, v in SCALARS],
        markdown=MARKDOWN,
        events={name: e.SerializeToString().hex() for name, e in events},
        records={name: record(e.SerializeToString()) for name, e in events},
        crcs=[dict(bytes=b.hex(), crc=int(crc32c(b)), masked=int(masked_crc32c(b))) for b in crcs],
    )
    with open(os.path.join(HERE, "tensorboard.json"), "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(folder)
    events.Reload()
    scalars = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    texts = {tag: [[e.step, e.tensor_proto.string_val[0].decode()] for e in events.Tensors(tag)] for tag in events.Tags()["tensors"]}
    print(json.dumps(dict(scalars=scalars, texts=texts), indent=1))


read(sys.argv[1]) if len(sys.argv) > 1 else write()

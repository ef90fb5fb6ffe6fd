"""Sends one prompt to Penstock and waits for its result: as JSON, or in Avro's single-object encoding."""
import argparse, io, json, pathlib, sys, time, uuid

import fastavro
from confluent_kafka import Consumer, Producer, TopicPartition

SCHEMAS = pathlib.Path(__file__).parents[2] / "schemas/src/main/avro"


def schema(name):
    return fastavro.schema.load_schema(SCHEMAS / f"{name}.avsc")


def header(schema):  # C3 01, then the CRC-64 fingerprint of the schema, little endian
    text = fastavro.schema.to_parsing_canonical_form(schema)
    return b"\xc3\x01" + bytes.fromhex(fastavro.schema.fingerprint(text, "CRC-64-AVRO"))


def to_avro(record, schema):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, record)
    return header(schema) + out.getvalue()


def from_avro(value, schema):
    if not value.startswith(header(schema)):
        raise ValueError("written with another version of the schema")
    return fastavro.schemaless_reader(io.BytesIO(value[10:]), schema, None)


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--bootstrap-servers", default="localhost:9092")
    args.add_argument("--format", choices=["json", "avro"], default="json", help="the job's --prompt-format")
    args.add_argument("--token-ids", help="the prompt as token ids: 1,2,3")
    args.add_argument("text", nargs="?", help="the prompt as text")
    args = args.parse_args()

    prompt = {"request_id": str(uuid.uuid4()), "top_logits": 3}
    if args.token_ids:
        prompt["token_ids"] = [int(token) for token in args.token_ids.split(",")]
    else:
        prompt["text"] = args.text
    avro = args.format == "avro"
    value = to_avro(prompt, schema("Prompt")) if avro else json.dumps(prompt).encode()

    # Listen first, from the end of each partition, so that the result cannot be missed.
    consumer = Consumer({
        "bootstrap.servers": args.bootstrap_servers,
        "group.id": "unused",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "fetch.message.max.bytes": 16 << 20,
    })
    partitions = consumer.list_topics("penstock-results", timeout=10).topics["penstock-results"].partitions
    ends = []
    for partition in partitions:
        _, end = consumer.get_watermark_offsets(TopicPartition("penstock-results", partition), timeout=10)
        ends.append(TopicPartition("penstock-results", partition, end))
    consumer.assign(ends)

    producer = Producer({"bootstrap.servers": args.bootstrap_servers, "message.max.bytes": 16 << 20})
    trace = "00-" + uuid.uuid4().hex + "-" + uuid.uuid4().hex[:16] + "-01"
    producer.produce("penstock-prompts", key=prompt["request_id"], value=value, headers={"traceparent": trace})
    producer.flush(10)

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        record = consumer.poll(1)
        if record is None or record.error() or record.key() != prompt["request_id"].encode():
            continue
        result = from_avro(record.value(), schema("PrefillResult")) if avro else json.loads(record.value())
        result["traceparent"] = dict(record.headers() or [])["traceparent"].decode()
        print(json.dumps(result))
        consumer.close()
        return 0 if result["traceparent"] == trace else "the trace was lost"
    return "no result within a minute: is the job running, is it a job of this --format, is the prompt a dead letter?"


if __name__ == "__main__":
    sys.exit(main())

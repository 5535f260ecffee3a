#!/usr/bin/env python3
"""Works out the golden bytes from a description of the format, without a line of Daftar's own code.

Run it here: `pip install blake3`, then `python3 make.py`. It needs Python 3.9 or later; everything but BLAKE3 is
written out below. The files never change: a new schema version adds files. `tests/golden.rs` compares them with what
Daftar writes and reads.
"""

import struct
from pathlib import Path

from blake3 import blake3

HERE = Path(__file__).parent

# ---- bincode 2, little-endian, varint -------------------------------------------------------------------------------


def var(n):
    if n < 251:
        return bytes([n])
    for mark, form, limit in ((251, "<H", 1 << 16), (252, "<I", 1 << 32), (253, "<Q", 1 << 64)):
        if n < limit:
            return bytes([mark]) + struct.pack(form, n)
    raise ValueError(n)


def u8(n):
    return bytes([n])


def text(s):
    return var(len(s.encode())) + s.encode()


def opt(encoded):
    return b"\0" if encoded is None else b"\1" + encoded


def seq(items):
    return var(len(items)) + b"".join(items)


def opt_text(s):
    return opt(None if s is None else text(s))


# ---- little-endian fields --------------------------------------------------------------------------------------------


def u16(n):
    return struct.pack("<H", n)


def u32(n):
    return struct.pack("<I", n)


def u64(n):
    return struct.pack("<Q", n)


def i64(n):
    return struct.pack("<q", n)


# ---- CRC32C, XChaCha20-Poly1305, BLAKE3 ------------------------------------------------------------------------------

CRC_TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
    CRC_TABLE.append(byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for b in data:
        crc = CRC_TABLE[(crc ^ b) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283


def rounds(state):
    def quarter(a, b, c, d):
        for (x, y, z, n) in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[x] = (state[x] + state[y]) & 0xFFFFFFFF
            state[z] ^= state[x]
            state[z] = ((state[z] << n) | (state[z] >> (32 - n))) & 0xFFFFFFFF

    for _ in range(10):
        for at in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)):
            quarter(*at)
        for at in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(*at)
    return state


CONSTANTS = list(struct.unpack("<4I", b"expand 32-byte k"))


def chacha_block(key, counter, nonce12):
    start = CONSTANTS + list(struct.unpack("<8I", key)) + [counter] + list(struct.unpack("<3I", nonce12))
    mixed = rounds(list(start))
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(start, mixed)))


def hchacha(key, nonce16):
    mixed = rounds(CONSTANTS + list(struct.unpack("<8I", key)) + list(struct.unpack("<4I", nonce16)))
    return struct.pack("<8I", *(mixed[:4] + mixed[12:]))


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(message), 16):
        total = (total + int.from_bytes(message[at:at + 16] + b"\1", "little")) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:], "little")) & ((1 << 128) - 1)).to_bytes(16, "little")


def xchacha_seal(key, nonce24, plain, aad):
    subkey, nonce12 = hchacha(key, nonce24[:16]), b"\0" * 4 + nonce24[16:]
    stream = b"".join(chacha_block(subkey, 1 + n, nonce12) for n in range(len(plain) // 64 + 1))
    sealed = bytes(a ^ b for a, b in zip(plain, stream))

    def padded(data):
        return data + b"\0" * (-len(data) % 16)

    tag = poly1305(chacha_block(subkey, 0, nonce12)[:32], padded(aad) + padded(sealed) + u64(len(aad)) + u64(len(sealed)))
    return sealed + tag


def digest(data):
    return blake3(data).digest()


def keyed(secret, word, *parts):
    """Keyed BLAKE3 over the parts, each after its length; the first 16 bytes."""
    return blake3(b"".join(u64(len(p)) + p for p in (word, *parts)), key=secret).digest()[:16]


# ---- the files -------------------------------------------------------------------------------------------------------


def write(name, what, data):
    lines = [data[at:at + 32].hex() for at in range(0, len(data), 32)]
    (HERE / f"{name}.hex").write_text("\n".join([f"# {what}", *lines]) + "\n", encoding="utf-8")


PSEUDONYM = bytes(range(0x10, 0x20))
OTHER = bytes(range(0x20, 0x30))


def agent(name):
    return var(0) + text(name)


def customer(pseudonym):
    return var(1) + opt(pseudonym)


def automation(name):
    return var(2) + opt_text(name)


def of_customer(pseudonym):
    return var(0) + pseudonym


def of_ticket(pseudonym):
    return var(1) + pseudonym


KEEP, CLEAR = var(0), var(1)


def to(value):
    return var(2) + text(value)


def score(scale, points):
    return u8(scale) + u8(points)


FACTS = {
    "01_ticket_opened_v1": opt(customer(PSEUDONYM)) + of_customer(PSEUDONYM) + opt_text("web") + opt_text("تهران")
    + opt_text("technical") + u8(2) + opt_text("gold") + opt_text("fa-IR") + seq([text("a"), text("ب")])
    + seq([text("plan") + text("pro"), text("seats") + text("s" * 64)]),
    "01_ticket_opened_v1_bare": opt(None) + of_ticket(OTHER) + opt(None) * 3 + u8(1) + opt(None) * 2 + seq([]) + seq([]),
    "02_ticket_assigned_v1": opt_text("سارا"),
    "02_ticket_assigned_v1_nobody": opt_text(None),
    "03_ticket_transferred_v1": to("shiraz") + CLEAR,
    "03_ticket_transferred_v1_keep": KEEP + to("billing"),
    "04_priority_changed_v1": u8(3),
    "05_tags_changed_v1": seq([text("x"), text("y")]) + seq([text("z")]),
    "06_reply_posted_v1": agent("sara") + u8(0) + opt_text("email"),
    "06_reply_posted_v1_automation": automation("bot-1") + u8(1) + opt(None),
    "07_reply_rated_v1": var(300) + score(2, 5),
    "08_ticket_held_v1": u8(1),
    "09_ticket_resumed_v1": b"",
    "10_ticket_closed_v1": automation(None) + u8(1) + opt_text("solved") + opt_text("HD-7")
    + opt(text("default") + var(70_000)),
    "10_ticket_closed_v1_bare": agent("sara") + u8(0) + opt(None) * 3,
    "11_survey_submitted_v1": var(2) + opt(score(1, 4)) + seq([text("speed") + var(300), text("tone") + u8(1)])
    + seq([text("why") + seq([text("fast"), text("kind")])]) + opt(u8(10)) + opt(u8(7)),
    "11_survey_submitted_v1_bare": var(1) + opt(None) + seq([]) + seq([]) + opt(None) + opt(None),
    "12_ticket_reopened_v1": customer(None) + opt_text("again"),
    "13_ticket_voided_v1": text("spam"),
    "14_ticket_restored_v1": b"",
    "15_follow_up_recorded_v1": agent("sara") + u8(1),
    "64_definition_published_v1": text("تهران.2") + text('{"name":"تهران.2"}' + " " * 300),
    "68_report_published_v1": text("csat.q1") + text("satisfaction")
    + seq([text("branch") + text("تهران,null"), text("from") + text("2026-01-01")]) + text("تهران.2") + var(300)
    + opt_text('{"name":"تهران.2"}') + var(1 << 33) + text("0.1.0") + opt(agent("sara")) + b"\x77" * 32 + var(70_000)
    + text("p" * 300),
    "68_report_published_v1_bare": text("n") + text("flow") + seq([]) + text("default") + var(0) + opt(None) + var(7)
    + text("0.1.0") + opt(None) + b"\x78" * 32 + var(2) + text("{}"),
    "73_epoch_begun_v1": var(2) + OTHER + var(4_242) + b"\x77" * 32 + u8(0) + opt(var(1 << 33) + b"\x78" * 32),
    "73_epoch_begun_v1_restored": var(70_000) + OTHER + var(9) + b"\x77" * 32 + u8(1) + opt(None),
}
for name, data in FACTS.items():
    write(f"facts_{name}", f"The facts of {name[3:]}.", data)

COMMAND_ID, COMMAND_DIGEST = b"\xc1" * 16, b"\xd1" * 16
NO_EFFECT_ID, NO_EFFECT_DIGEST = b"\xc2" * 16, b"\xd2" * 16
METADATA = (
    opt(text("key-1") + u8(2)) + opt(agent("sara")) + opt(COMMAND_ID + COMMAND_DIGEST) + opt(var(1 << 33) + text("rule-1"))
    + opt(b"\x7e" * 16) + opt(b"\x5e" * 16)
)
write("metadata_v1", "Metadata with every field.", METADATA)
write("metadata_v1_empty", "Metadata without a field.", opt(None) * 6)

CONTENT = (
    opt_text("src-1") + opt_text("Subject") + opt_text("b" * 300)
    + seq([text("q-1") + text("because")])
    + seq([
        text("a.pdf") + opt_text("application/pdf") + opt(var(1 << 20)) + opt_text("ab" * 32) + opt_text("https://x.example/a"),
        text("ب.txt") + opt(None) * 4,
    ])
)
write("content_v1", "Content with every field, before sealing.", CONTENT)
write("content_v1_empty", "Content without a field, before sealing.", opt(None) * 3 + seq([]) + seq([]))

# A log, its keys, and two events with a commit without events between them.
LOG_ID = bytes(range(0xA0, 0xB0))
GENESIS = b"DAFTAR\0\1" + u16(1) + u16(1) + LOG_ID + u32(1)
GENESIS += u32(crc32c(GENESIS))
CHAIN_0 = digest(GENESIS)
write("genesis", "The log's header record.", GENESIS)
write("genesis_chain", "Its BLAKE3: the chain's first value.", CHAIN_0)

SECRET, KEY, TICKET_KEY = b"\x51" * 32, b"\x4b" * 32, b"\x54" * 32
NAME_NONCE, NONCE = bytes(range(24)), bytes(range(100, 124))


def slot(number, body):
    body = body + b"\0" * (380 - len(body))
    return u32(crc32c(u32(number) + body)) + body


CUSTOMER = "مشتری-۱".encode()
NAME = xchacha_seal(KEY, NAME_NONCE, u16(len(CUSTOMER)) + CUSTOMER + b"\0" * (256 - len(CUSTOMER)), b"")
write("keys", "The key file: header; a customer; a ticket without one; a customer forgotten.", b"".join([
    slot(0, b"\0" * 4 + b"DFTKEYS1" + LOG_ID + SECRET),
    slot(1, u8(1) + b"\0" * 3 + PSEUDONYM + KEY + keyed(SECRET, b"customer-id", CUSTOMER) + NAME_NONCE + NAME),
    slot(2, u8(2) + b"\0" * 3 + OTHER + TICKET_KEY),
    slot(3, u8(3) + b"\0" * 3 + b"\x30" * 16),
]))
write("source_event_hash", "The keyed hash of the source's event id `src-1`.", keyed(SECRET, b"source-event", b"src-1"))

STREAM, KIND = "HD-۱".encode(), 1


def head(version, occurred_at, event_type, metadata, facts, has_content):
    return (
        u8(1) + u8(KIND) + u16(len(STREAM)) + STREAM + u32(version) + i64(occurred_at) + u16(event_type) + u8(1)
        + u32(len(metadata)) + metadata + u32(len(facts)) + facts + u8(has_content)
    )


def sealed_for(version, event_type, content):
    aad = LOG_ID + u8(KIND) + u16(len(STREAM)) + STREAM + u32(version) + u16(event_type) + u8(1)
    return PSEUDONYM + NONCE + xchacha_seal(KEY, NONCE, u8(1) + u8(0) + content, aad)


EMPTY_METADATA = opt(None) * 6
HEADS = [
    head(1, -5_000_000, 1, METADATA, FACTS["01_ticket_opened_v1"], 1),
    head(2, 1_767_427_920_123_456, 2, EMPTY_METADATA, FACTS["02_ticket_assigned_v1"], 0),
]
SEALED = sealed_for(1, 1, CONTENT)
RECORDED = [1_767_427_930_000_000, 1_767_427_931_000_001]
DIGESTS = [digest(HEADS[0] + digest(SEALED)), digest(HEADS[1])]
CHAIN_1 = digest(CHAIN_0 + DIGESTS[0] + i64(RECORDED[0]))
CHAIN_2 = digest(CHAIN_1 + DIGESTS[1] + i64(RECORDED[1]))
write("head_with_content", "The head of an opening with content.", HEADS[0])
write("head", "The head of an event without content.", HEADS[1])
write("sealed_v1", "Pseudonym, nonce and ciphertext of its content.", SEALED)
write("digest_with_content", "Its digest.", DIGESTS[0])
write("digest", "The digest of the event without content.", DIGESTS[1])
write("chain_1", "The chain value after the first event.", CHAIN_1)
write("chain_2", "The chain value after the second.", CHAIN_2)


def event_entry(recorded_at, head, sealed):
    return u8(1) + i64(recorded_at) + u32(len(head)) + head + u32(len(sealed)) + sealed


EMPTY_ENTRY = (
    u8(2) + i64(RECORDED[0]) + u8(KIND) + u16(len(STREAM)) + STREAM + u32(1) + NO_EFFECT_ID + NO_EFFECT_DIGEST
)


def record(first, counter, events, chain, entries):
    """Key and value of a record, and of the values it is continued under."""
    parts = [entries[at:at + 11264] for at in range(0, len(entries), 11264)]
    bodies = [bytes([1, 0, 1, 0]) + u16(len(parts) - 1) + u16(0) + u32(events) + chain + parts[0]]
    bodies += [bytes([1, 1]) + part for part in parts[1:]]
    stored = []
    for n, body in enumerate(bodies):
        key = struct.pack(">QH", first, counter + n)
        stored.append((key, u32(crc32c(key + body)) + body))
    return stored


ENTRIES = event_entry(RECORDED[0], HEADS[0], SEALED) + EMPTY_ENTRY + event_entry(RECORDED[1], HEADS[1], b"")
[(RECORD_KEY, RECORD)] = record(1, 0, 2, CHAIN_2, ENTRIES)
write("record_key", "The key of a record.", RECORD_KEY)
write("record", "A record: an event, a commit without events, an event.", RECORD)
LONG = record(7, 2, 1, CHAIN_1, event_entry(RECORDED[0], HEADS[0], bytes(n % 251 for n in range(30_000))))
assert len(LONG) == 3
write("record_continued_digest", "BLAKE3 over keys and values of a record continued under two keys more.",
      digest(b"".join(key + value for key, value in LONG)))


def witness_slot(turn, position, chain, empties):
    body = u64(turn) + u64(position) + chain + u32(empties)
    body += b"\0" * (60 - len(body))
    return body + u32(crc32c(body))


write("witness", "The witness after two commits: the second one's slot stands first.",
      witness_slot(2, 2, CHAIN_2, 7) + witness_slot(1, 1, CHAIN_1, 0))


class Listed:
    """The texts of a block, and facts with texts by number in place of them."""

    def __init__(self):
        self.texts = []

    def text(self, value):
        value = value.encode()
        if value not in self.texts:
            self.texts.append(value)
        return u16(self.texts.index(value))

    def opt_text(self, value):
        return u8(0) if value is None else u8(1) + self.text(value)

    def section(self):
        ends, at = b"", 0
        for text in self.texts:
            at += len(text)
            ends += u32(at)
        return ends + b"".join(self.texts)


def fact_block(first, positions, rows, first_new, names, runs, texts, before, after):
    """`rows`: (occurred_at, stream, version, back, type, facts); `positions` only where they have gaps."""
    row_bytes, at = b"", 0
    for occurred_at, stream, version, back, number, facts in rows:
        row_bytes += i64(occurred_at) + u32(stream) + u32(version) + u32(back) + u32(at) + u16(number) + u8(1)
        at += len(facts)
    row_bytes += b"\0" * 20 + u32(at) + b"\0" * 3
    name_bytes = b"".join(u8(kind) + u16(len(name)) + name for kind, name in names)
    columns = b"".join([
        b"".join(u64(p) for p in positions),
        row_bytes,
        b"".join(u32(row) + u32(0) + i64(recorded_at) for row, recorded_at in runs),
        name_bytes,
    ])
    section = texts.section()
    facts = section + b"".join(row[5] for row in rows)
    numbers = [row[1] for row in rows]
    flags = (1 if positions else 0) + 2 + (4 if numbers == sorted(numbers) else 0)
    flags += 8 if all(kind == 1 for kind, _ in names) else 0
    header = b"DFTFACT3" + u64(first) + u32(len(rows)) + u32(flags) + u32(first_new) + u32(len(names))
    header += u32(len(runs)) + u32(len(name_bytes)) + u32(len(columns + facts)) + u32(1) + LOG_ID + before + after
    header += u32(len(section)) + u32(len(texts.texts))
    header += u32(min(numbers)) + u32(max(numbers)) + i64(max(row[0] for row in rows))
    assert len(header) == 152
    return header + u32(crc32c(header + columns)) + u32(crc32c(facts)) + columns + facts


TEXTS = Listed()
# As 01_ticket_opened_v1, then as 02_ticket_assigned_v1.
LISTED_OPENED = (
    u8(1) + u8(1) + u8(1) + PSEUDONYM + u8(0) + PSEUDONYM
    + TEXTS.opt_text("web") + TEXTS.opt_text("تهران") + TEXTS.opt_text("technical") + u8(2)
    + TEXTS.opt_text("gold") + TEXTS.opt_text("fa-IR")
    + u16(2) + TEXTS.text("a") + TEXTS.text("ب")
    + u16(2) + TEXTS.text("plan") + TEXTS.text("pro") + TEXTS.text("seats") + TEXTS.text("s" * 64)
)
LISTED_ASSIGNED = TEXTS.opt_text("سارا")
ROWS = [
    (-5_000_000, 0, 1, 0, 1, LISTED_OPENED),
    (1_767_427_920_123_456, 0, 2, 1, 2, LISTED_ASSIGNED),
]
write("fact_block", "A block of both events.",
      fact_block(1, [], ROWS, 0, [(KIND, STREAM)], [(0, RECORDED[0]), (1, RECORDED[1])], TEXTS, CHAIN_0, CHAIN_2))
write("fact_block_listed", "A block of two events with positions left out between them.",
      fact_block(5, [5, 9], ROWS, 0, [(KIND, STREAM)], [(0, RECORDED[0])], TEXTS, CHAIN_0, CHAIN_2))

KEPT = [(COMMAND_ID, COMMAND_DIGEST, 0, 1), (NO_EFFECT_ID, NO_EFFECT_DIGEST, 1, 0)]
commands = b"".join(i + d[:8] + u16(row) + u8(count) for i, d, row, count in KEPT)
start, end = b"DFTCMDS2" + u64(0) + u32(len(KEPT)), CHAIN_2 + i64(RECORDED[0])
write("commands", "The derived commands of the block of both events.",
      start + u32(crc32c(start + end + commands)) + end + commands)

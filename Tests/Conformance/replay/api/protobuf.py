# SPDX-License-Identifier: Apache-2.0
"""Reads and writes objects in protobuf, by the numbers of their fields.

Objects have the names of the protobuf fields, which are those of JSON except where Go embeds a struct (a volume is
{name, volumeSource: {...}}). Times, quantities, int-or-strings and raw JSON are as in JSON. What Go always writes, even
when it is zero, is left out when it is zero, since other encoders may leave it out.
"""

from __future__ import annotations

import base64
import datetime
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAGIC = b"k8s\0"
META = "k8s.io.apimachinery.pkg.apis.meta.v1."
RUNTIME = "k8s.io.apimachinery.pkg.runtime."
TIME, MICRO_TIME = f"{META}Time", f"{META}MicroTime"
QUANTITY = "k8s.io.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING = "k8s.io.apimachinery.pkg.util.intstr.IntOrString"
RAW, FIELDS = f"{RUNTIME}RawExtension", f"{META}FieldsV1"
EPOCH = datetime.datetime(1970, 1, 1)
# The packages of groups that are not k8s.io.api.GROUP.
PACKAGES = {
    "apiextensions.k8s.io": "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions",
    "apiregistration.k8s.io": "k8s.io.kube_aggregator.pkg.apis.apiregistration",
    "internal.apiserver.k8s.io": "k8s.io.api.apiserverinternal",
    "meta.k8s.io": "k8s.io.apimachinery.pkg.apis.meta",
}
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Field:
    """A field of a message. `keys` is the type of the keys of a map, else empty."""

    name: str
    number: int
    type: str
    keys: str
    repeated: bool
    always: bool


class Messages:
    """The fields of each message, from recordings: {"name": ..., "fields": {NAME: [NUMBER, TYPE, FLAG]}} each."""

    def __init__(self, recorded: list[dict[str, Any]]) -> None:
        self.by_name: dict[str, list[Field]] = {}
        for message in recorded:
            fields = [self._field(message["name"], name, *facts) for name, facts in message["fields"].items()]
            self.by_name[message["name"]] = sorted(fields, key=lambda field: field.number)

    @staticmethod
    def _field(message: str, name: str, number: int, kind: str | list[str], flag: str) -> Field:
        package = message.rpartition(".")[0]
        keys, value = kind if isinstance(kind, list) else ("", kind)
        if value.startswith("."):
            value = value[1:]
        elif not value[0].islower():
            value = f"{package}.{value}"
        return Field(name, number, value, keys, flag == "repeated", flag == "always")

    def name_of(self, api_version: str, kind: str) -> str:
        """The message of a kind."""
        group, _, version = api_version.rpartition("/")
        package = PACKAGES.get(group, f"k8s.io.api.{group.split('.')[0] or 'core'}")
        for name in (f"{package}.{version}.{kind}", f"{META}{kind}"):
            if name in self.by_name:
                return name
        raise KeyError(f"no protobuf message for {api_version} {kind}")

    # MARK: Reading

    def decoded(self, data: bytes) -> dict[str, Any]:
        """An object in its envelope, as {apiVersion, kind, ...}."""
        if not data.startswith(MAGIC):
            raise ValueError(f"no envelope, but {data[:8]!r}")
        envelope: dict[str, Any] = {}
        raw = b""
        for number, _, value in wire_fields(data[len(MAGIC) :]):
            if number == 1:
                envelope.update(self._message(f"{RUNTIME}TypeMeta", value))
            elif number == 2:
                raw = value
            elif value:
                name = {3: "contentEncoding", 4: "contentType"}.get(number, f"<field {number}>")
                envelope[name] = value.decode()
        if envelope.get("contentType", "").startswith("application/json"):
            return {**envelope, "raw": json.loads(raw)}
        name = self.name_of(envelope.get("apiVersion", ""), envelope.get("kind", ""))
        return {**self._message(name, raw), **envelope}

    def event(self, data: bytes) -> dict[str, Any]:
        """An event of a watch: {type, object}, without an envelope, though the object in it has one."""
        if data.startswith(MAGIC):
            return {**self.decoded(data), "framed": "in an envelope"}
        fields = {number: value for number, _, value in wire_fields(data)}
        return {"type": fields.get(1, b"").decode(), "object": self._message(RAW, fields[2]) if 2 in fields else None}

    def _message(self, name: str, data: bytes) -> Any:
        if name in SPECIAL:
            return self._special(name, {number: value for number, _, value in wire_fields(data)})
        known = {field.number: field for field in self.by_name[name]}
        found: dict[str, Any] = {}
        if name.endswith("List"):
            found = {field.name: [] for field in known.values() if field.name == "items" and field.repeated}
        for number, wire, raw in wire_fields(data):
            field = known.get(number)
            if field is None:
                found[f"<field {number}>"] = base64.b64encode(raw).decode() if isinstance(raw, bytes) else raw
            elif field.keys:
                key, value = self._entry(field, raw)
                found.setdefault(field.name, {})[key] = value
            elif field.repeated:
                found.setdefault(field.name, []).append(self._value(field.type, wire, raw))
            else:
                value = self._value(field.type, wire, raw)
                if not (field.always and value in ("", 0, None, {})):
                    found[field.name] = value
        return found

    def _entry(self, field: Field, data: bytes) -> tuple[Any, Any]:
        """An entry of a map."""
        parts = {number: (wire, value) for number, wire, value in wire_fields(data)}
        key = self._value(field.keys, *parts[1]) if 1 in parts else ""
        value = self._value(field.type, *parts[2]) if 2 in parts else ""
        return key, "" if value is None else value

    def _value(self, kind: str, wire: int, raw: Any) -> Any:
        if kind in ("bool", "int32", "int64"):
            return bool(raw) if kind == "bool" else signed(raw)
        if kind == "double":
            return struct.unpack("<d", raw)[0]
        if wire != BYTES:
            raise ValueError(f"wire type {wire} for {kind}")
        if kind == "string":
            return raw.decode("utf-8")
        return base64.b64encode(raw).decode() if kind == "bytes" else self._message(kind, raw)

    def _special(self, name: str, fields: dict[int, Any]) -> Any:
        """Messages that stand for a single value in JSON."""
        if name == QUANTITY:
            return fields.get(1, b"").decode()
        if name == INT_OR_STRING:
            return fields.get(3, b"").decode() if fields.get(1) else signed(fields.get(2, 0))
        if name == FIELDS:
            return json.loads(fields.get(1, b"null"))
        if name == RAW:
            return self._raw(fields.get(1, b""))
        if not fields:
            return None
        text = (EPOCH + datetime.timedelta(seconds=signed(fields.get(1, 0)))).strftime("%Y-%m-%dT%H:%M:%S")
        return text + (f".{fields.get(2, 0) // 1000:06d}Z" if name == MICRO_TIME else "Z")

    def _raw(self, data: bytes) -> Any:
        if data.startswith(MAGIC):
            return self.decoded(data)
        try:
            return json.loads(data) if data else None
        except ValueError:
            return base64.b64encode(data).decode()

    # MARK: Writing

    def encoded(self, value: dict[str, Any]) -> bytes:
        """{apiVersion, kind, ...} in its envelope.

        `$message` names the message where it is not that of the kind, `$raw` gives its bytes, `$envelope` more fields
        of the envelope, and `$bare` leaves the envelope out.
        """
        extras = ("apiVersion", "kind", "$message", "$raw", "$envelope", "$bare")
        fields = {key: part for key, part in value.items() if key not in extras}
        api_version, kind = value.get("apiVersion", ""), value.get("kind", "")
        if value.get("$raw") is not None:
            data = base64.b64decode(value["$raw"])
        else:
            data = self._encoded(value.get("$message") or self.name_of(api_version, kind), fields)
        if value.get("$bare"):
            return data
        extra = value.get("$envelope", {})
        kind_fields = tagged(1, api_version.encode()) + tagged(2, kind.encode())
        texts = [extra.get(name, "").encode() for name in ("contentEncoding", "contentType")]
        return MAGIC + tagged(1, kind_fields) + tagged(2, data) + tagged(3, texts[0]) + tagged(4, texts[1])

    def _encoded(self, name: str, value: Any) -> bytes:
        if name in SPECIAL:
            return encoded_special(name, value)
        value = value or {}
        unknown = value.keys() - {field.name for field in self.by_name[name]}
        if unknown:
            raise ValueError(f"{name} has no field {sorted(unknown)}")
        data = b""
        for field in self.by_name[name]:
            if field.name not in value and not field.always:
                continue
            part = value.get(field.name)
            if field.keys:
                for key in sorted(part):
                    entry = self._tagged(1, field.keys, key) + self._tagged(2, field.type, part[key])
                    data += tagged(field.number, entry)
            else:
                for element in part if field.repeated else [part]:
                    data += self._tagged(field.number, field.type, element)
        return data

    def _tagged(self, number: int, kind: str, value: Any) -> bytes:
        if kind == "string":
            return tagged(number, (value or "").encode("utf-8", "surrogateescape"))
        if kind == "bytes":
            return tagged(number, base64.b64decode(value or ""))
        if kind in ("bool", "int32", "int64"):
            return tagged_number(number, int(value or 0))
        if kind == "double":
            return varint(number << 3 | FIXED64) + struct.pack("<d", value or 0)
        return tagged(number, self._encoded(kind, value))


SPECIAL = frozenset((TIME, MICRO_TIME, QUANTITY, INT_OR_STRING, RAW, FIELDS))


def encoded_special(name: str, value: Any) -> bytes:
    """A single value of JSON as the message that stands for it."""
    if name == QUANTITY:
        return tagged(1, str(value or "").encode())
    if name == INT_OR_STRING:
        text = isinstance(value, str)
        number = 0 if text else value or 0
        return tagged_number(1, int(text)) + tagged_number(2, number) + tagged(3, value.encode() if text else b"")
    if name in (RAW, FIELDS):
        return tagged(1, json.dumps(value, separators=(",", ":")).encode()) if value is not None else b""
    if not value:
        return b""
    since = datetime.datetime.strptime(value[:19], "%Y-%m-%dT%H:%M:%S") - EPOCH
    nanoseconds = int((value[20:].rstrip("Z") + "0" * 9)[:9]) if "." in value else 0
    return tagged_number(1, since.days * 86400 + since.seconds) + tagged_number(2, nanoseconds)


def wire_fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """The fields of a message as (number, wire type, value): a number or bytes."""
    place = 0
    while place < len(data):
        tag, place = read_varint(data, place)
        wire = tag & 7
        value: int | bytes
        if wire == VARINT:
            value, place = read_varint(data, place)
        elif wire in (FIXED64, FIXED32):
            length = 8 if wire == FIXED64 else 4
            value, place = data[place : place + length], place + length
        elif wire == BYTES:
            length, place = read_varint(data, place)
            value, place = data[place : place + length], place + length
            if len(value) != length:
                raise ValueError("a field runs past the end")
        else:
            raise ValueError(f"wire type {wire}")
        yield tag >> 3, wire, value


def read_varint(data: bytes, place: int) -> tuple[int, int]:
    shift = value = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if not byte & 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("a varint of more than ten bytes")


def signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def tagged(number: int, data: bytes) -> bytes:
    return varint(number << 3 | BYTES) + varint(len(data)) + data


def tagged_number(number: int, value: int) -> bytes:
    return varint(number << 3 | VARINT) + varint(value)

// SPDX-License-Identifier: Apache-2.0
// Bodies in protobuf: the same objects as in JSON, and bytes that are none.

import PodiumCodec
import PodiumMachinery
import PodiumSchema
import Testing

@Suite struct ProtobufDecoderTests {
    private func read(_ body: [UInt8], as kind: GroupVersionKind) throws(StatusError) -> JSONValue {
        try RequestDecoder(registry: sharedRegistry)
            .decode(body: body, format: .protobuf, expected: kind, fieldValidation: .strict).object
    }

    /// A message of fields, each already written.
    private static func envelope(_ apiVersion: String, _ kind: String, _ fields: [[UInt8]]) -> [UInt8] {
        let type = text(1, apiVersion) + text(2, kind)
        return [0x6B, 0x38, 0x73, 0x00] + message(1, [type]) + message(2, fields) + message(3, []) + message(4, [])
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func number(_ field: UInt64, _ value: Int64) -> [UInt8] {
        varint(field << 3) + varint(UInt64(bitPattern: value))
    }

    private static func message(_ field: UInt64, _ fields: [[UInt8]]) -> [UInt8] {
        let bytes = Array(fields.joined())
        return varint(field << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    private static func text(_ field: UInt64, _ text: String) -> [UInt8] { message(field, [Array(text.utf8)]) }

    private static func entry(_ field: UInt64, _ key: String, _ value: [UInt8]) -> [UInt8] {
        message(field, [text(1, key), value])
    }

    private static let metadata = message(
        1,
        [
            text(1, "a"), text(2, ""), number(7, 0), message(8, []), entry(11, "app", text(2, "web")),
            entry(12, "empty", []),
        ]
    )

    /// A pod as Go's client would write it, zero values included.
    private static var pod: [UInt8] {
        let resources = message(8, [entry(1, "cpu", message(2, [text(1, "1500m")]))])
        let handler = message(
            1,
            [message(2, [text(1, "/ready"), message(2, [number(1, 1), number(2, 0), text(3, "http")])])]
        )
        let container = message(
            2,
            [
                text(1, "main"), text(2, "nginx"), text(3, "sh"), text(3, "-c"), text(5, ""), resources,
                message(11, [handler, number(2, -1), number(6, 3)]), number(16, 0),
            ]
        )
        let volume = message(
            1,
            [text(1, "v"), message(2, [message(2, [text(1, "Memory"), message(2, [text(1, "1Gi")])])])]
        )
        return envelope(
            "v1",
            "Pod",
            [metadata, message(2, [volume, container, number(4, 0), entry(7, "disk", text(2, "ssd"))])]
        )
    }

    @Test func objectsAreTheSameAsInJSON() throws {
        let object = try read(Self.pod, as: .pod)
        #expect(
            object == [
                "kind": "Pod", "apiVersion": "v1",
                "metadata": ["name": "a", "labels": ["app": "web"], "annotations": ["empty": ""]],
                "spec": [
                    "volumes": [["name": "v", "emptyDir": ["medium": "Memory", "sizeLimit": "1Gi"]]],
                    "containers": [
                        [
                            "name": "main", "image": "nginx", "command": ["sh", "-c"],
                            "resources": ["limits": ["cpu": "1500m"]],
                            "readinessProbe": [
                                "httpGet": ["path": "/ready", "port": "http"], "initialDelaySeconds": -1,
                                "failureThreshold": 3,
                            ],
                        ]
                    ],
                    "terminationGracePeriodSeconds": 0, "nodeSelector": ["disk": "ssd"],
                ],
                "status": [:],
            ]
        )
    }

    @Test func bytesAndTimesTakeTheirJSONForm() throws {
        let secret = Self.envelope("v1", "Secret", [Self.metadata, Self.entry(2, "key", Self.text(2, "hello"))])
        let data = try read(secret, as: GroupVersionKind(group: "", version: "v1", kind: "Secret"))["data"]
        #expect(data == ["key": "aGVsbG8="])
        let renewal = Self.message(
            2,
            [Self.text(1, "me"), Self.message(4, [Self.number(1, 1_700_000_000), Self.number(2, 5_000)])]
        )
        let lease = Self.envelope("coordination.k8s.io/v1", "Lease", [Self.metadata, renewal])
        let kind = GroupVersionKind(group: "coordination.k8s.io", version: "v1", kind: "Lease")
        #expect(
            try read(lease, as: kind)["spec"] == ["holderIdentity": "me", "renewTime": "2023-11-14T22:13:20.000005Z"]
        )
    }

    @Test(
        "Bytes that are no object are refused",
        arguments: [
            ([], "empty data (<empty>)"),
            (
                Array("{}".utf8),
                "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})"
            ),
            ([0x6B, 0x38, 0x73, 0x00, 0x0A, 0x7F], "unexpected EOF (6b3873000a7f)"),
            ([0x6B, 0x38, 0x73, 0x00, 0x00], "proto: illegal tag 0 (wire type 0) (6b38730000)"),
        ] as [([UInt8], String)]
    )
    func refusals(body: [UInt8], message: String) throws {
        let error = #expect(throws: StatusError.self) { try read(body, as: .pod) }
        #expect(error?.code == 400)
        #expect(error?.message == "the object provided is unrecognized (must be of type Pod): \(message)")
    }

    @Test func otherKindsAreRefused() {
        let body = Self.envelope("v1", "Nothing", [])
        let error = #expect(throws: StatusError.self) { try read(body, as: .pod) }
        #expect(error?.message.contains(#"no kind "Nothing" is registered for version "v1""#) == true)
    }

    @Test func damagedBodiesAreRefusedOrRead() {
        var random = SplitMix64(seed: 7)
        for round in 0..<4_000 {
            var body = Self.pod
            for _ in 0..<(1 + round % 4) {
                let place = Int.random(in: 4..<body.count, using: &random)
                body[place] = UInt8.random(in: 0...255, using: &random)
            }
            if round % 3 == 0 { body.removeLast(Int.random(in: 0...(body.count - 5), using: &random)) }
            do throws(StatusError) {
                _ = try read(body, as: .pod)
            } catch {
                #expect(error.code == 400)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Reads of a PEM certificate request what the API server decides by: that it is one, and which groups it asks for.

import PodiumCodec

/// A certificate request (PKCS #10), as far as it is looked at. Its signature is not.
package struct CertificateRequest {
    /// The organisations of its subject, which stand for groups.
    let organizations: [String]

    /// A request or what is wrong with it.
    package enum Reading {
        case request(CertificateRequest)
        case problem(String)

        var problem: String? {
            if case .problem(let text) = self { text } else { nil }
        }

        package var organizations: [String] {
            if case .request(let request) = self { request.organizations } else { [] }
        }
    }

    private static let begin = "-----BEGIN CERTIFICATE REQUEST-----"
    private static let end = "-----END CERTIFICATE REQUEST-----"
    /// 2.5.4.10
    private static let organization: [UInt8] = [0x55, 0x04, 0x0A]

    package static func parse(_ bytes: [UInt8]) -> Reading {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let start = text.firstRange(of: begin),
            let stop = text[start.upperBound...].firstRange(of: end),
            !text[..<start.lowerBound].contains("-----BEGIN "),
            let der = try? Base64.decode(
                String(text[start.upperBound..<stop.lowerBound].filter { !$0.isWhitespace })
            ).get()
        else { return .problem("PEM block type must be CERTIFICATE REQUEST") }
        var outer = DERReader(der[...])
        guard var request = outer.sequence(), var info = request.sequence(), info.next()?.tag == DERReader.integer,
            var subject = info.sequence()
        else { return .problem("asn1: structure error: the data is no certificate request") }
        var organizations: [String] = []
        while let set = subject.next() {
            var attributes = DERReader(set.content)
            while var attribute = attributes.sequence() {
                guard let type = attribute.next(), let value = attribute.next() else { break }
                if Array(type.content) == organization {
                    organizations.append(String(decoding: value.content, as: UTF8.self))
                }
            }
        }
        return .request(CertificateRequest(organizations: organizations))
    }
}

/// Walks over the values of one level of DER.
// ITU-T X.690, section 8.1
private struct DERReader {
    static let integer: UInt8 = 0x02
    private static let sequenceTag: UInt8 = 0x30
    /// Longer lengths are those of no request that fits into a body.
    private static let maximumLengthBytes = 4

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next value; nil at the end and where the bytes are none.
    mutating func next() -> (tag: UInt8, content: ArraySlice<UInt8>)? {
        guard let tag = rest.popFirst(), let first = rest.popFirst() else { return nil }
        var length = Int(first)
        if first >= 0x80 {
            let count = Int(first & 0x7F)
            guard count > 0, count <= Self.maximumLengthBytes, rest.count >= count else { return nil }
            length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(count)
        }
        guard rest.count >= length else { return nil }
        defer { rest = rest.dropFirst(length) }
        return (tag, rest.prefix(length))
    }

    /// What is in the next value if that is a sequence.
    mutating func sequence() -> DERReader? {
        guard let value = next(), value.tag == Self.sequenceTag else { return nil }
        return DERReader(value.content)
    }
}

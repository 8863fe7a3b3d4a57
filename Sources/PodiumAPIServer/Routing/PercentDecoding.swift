// SPDX-License-Identifier: Apache-2.0
// Percent-decoding, done here and only once: the HTTP layer passes paths and queries on as they were sent.

import PodiumCodec

/// Decodes `%41`; names what it refuses.
package enum PercentDecoding {
    /// Why a text was refused.
    package enum Failure: Error, Equatable {
        /// `%` without two hexadecimal digits; the offending piece, for the message.
        case badEscape(String)
        /// The bytes are not UTF-8.
        case notUTF8
    }

    /// Decodes one segment of a path, or one name or value of a query (`plusIsSpace`).
    package static func decode(_ text: Substring, plusIsSpace: Bool = false) throws(Failure) -> String {
        let units = text.utf8
        if !units.contains(where: { $0 == UInt8(ascii: "%") || (plusIsSpace && $0 == UInt8(ascii: "+")) }) {
            return String(text)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(units.count)
        var index = units.startIndex
        while index < units.endIndex {
            let unit = units[index]
            index = units.index(after: index)
            switch unit {
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let escape = units[index...].prefix(2)
                guard escape.count == 2, let high = digit(escape.first), let low = digit(escape.dropFirst().first)
                else {
                    throw .badEscape("%" + String(decoding: escape, as: UTF8.self))
                }
                bytes.append(high << 4 | low)
                index = units.index(index, offsetBy: 2)
            default: bytes.append(unit)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        return decoded
    }

    private static func digit(_ unit: UInt8?) -> UInt8? {
        switch unit {
        case .some(let unit) where unit.isDigit: unit - 0x30
        case .some(let unit) where (0x41...0x46).contains(unit): unit - 0x41 + 10
        case .some(let unit) where (0x61...0x66).contains(unit): unit - 0x61 + 10
        default: nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Makes compact JSON readable: the form that `?pretty=true` and curl get.

/// Indents compact JSON by two spaces a level, as Go's `json.MarshalIndent` does.
///
/// `{"a":[1,{}],"b":[]}` becomes
/// ```
/// {
///   "a": [
///     1,
///     {}
///   ],
///   "b": []
/// }
/// ```
package enum JSONIndenter {
    /// Indents one JSON text, which must be valid; white space outside of strings is dropped, also at the end.
    package static func indent(_ compact: UnsafeRawBufferPointer) -> [UInt8] {
        var output = Output(capacity: compact.count + compact.count / 2)
        var index = 0
        while index < compact.count {
            let byte = compact[index]
            switch byte {
            case UInt8(ascii: "\""):
                let end = endOfString(compact, from: index)
                output.append(compact[index..<end])
                index = end
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): output.open(byte)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): output.close(byte)
            case UInt8(ascii: ","): output.separate()
            case UInt8(ascii: ":"): output.append(": ")
            case 0x20, 0x0A, 0x0D, 0x09: break
            default: output.append(byte)
            }
            index += 1
        }
        return output.bytes
    }

    /// Indents one JSON text, which must be valid.
    package static func indent(_ compact: [UInt8]) -> [UInt8] { compact.withUnsafeBytes { indent($0) } }

    /// The position behind the string that begins at `start`.
    private static func endOfString(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start + 1
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return text.count
    }

    private struct Output {
        private(set) var bytes: [UInt8] = []
        private var depth = 0
        /// Whether the last bracket was opened and nothing stands in it yet.
        private var isFresh = false

        init(capacity: Int) { bytes.reserveCapacity(capacity) }

        mutating func open(_ bracket: UInt8) {
            begin()
            bytes.append(bracket)
            depth += 1
            isFresh = true
        }

        mutating func close(_ bracket: UInt8) {
            depth -= 1
            if isFresh { isFresh = false } else { newLine() }
            bytes.append(bracket)
        }

        mutating func separate() {
            bytes.append(UInt8(ascii: ","))
            newLine()
        }

        mutating func append(_ byte: UInt8) {
            begin()
            bytes.append(byte)
        }

        mutating func append(_ text: StaticString) {
            bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }

        mutating func append(_ text: Slice<UnsafeRawBufferPointer>) {
            begin()
            bytes.append(contentsOf: text)
        }

        private mutating func begin() {
            if isFresh {
                isFresh = false
                newLine()
            }
        }

        private mutating func newLine() {
            bytes.append(UInt8(ascii: "\n"))
            for _ in 0..<depth { append("  ") }
        }
    }
}

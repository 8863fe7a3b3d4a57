// SPDX-License-Identifier: Apache-2.0
// Writes numbers in the text format of Prometheus.

/// A page of metrics.
///
/// Written here and not by a library: of those for Swift, one has no text format, and the other finds its numbers by
/// the texts of their labels under a lock, which costs more than to answer a GET.
package struct MetricsText {
    /// The kinds of numbers.
    package enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    /// The content type of the page.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var text = ""
    private var name = ""

    package init() {}

    /// Begins the numbers called `name`.
    package mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// Writes one of them; `suffix` is put behind the name.
    package mutating func write(_ value: String, suffix: String = "", _ labels: [(name: String, value: String)] = []) {
        text += name + suffix
        if !labels.isEmpty {
            text += "{"
            for (index, label) in labels.enumerated() {
                text += "\(index == 0 ? "" : ",")\(label.name)=\"\(Self.escape(label.value))\""
            }
            text += "}"
        }
        text += " \(value)\n"
    }

    /// Writes a whole number.
    package mutating func write(_ value: Int, suffix: String = "", _ labels: [(name: String, value: String)] = []) {
        write(String(value), suffix: suffix, labels)
    }

    private static func escape(_ text: String) -> String {
        text.utf8.contains { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\n") }
            ? text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") : text
    }
}

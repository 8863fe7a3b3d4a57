// SPDX-License-Identifier: Apache-2.0
// How much of its warnings a client gets to read: all of them while they are short, the beginning of each when not.

/// The `Warning` header fields of one answer.
// Kubernetes: apiserver/pkg/endpoints/filters/warning.go recorder; apimachinery/pkg/util/net/http.go NewWarningHeader
struct WarningHeaders {
    /// The limits of the warnings of one answer, in Unicode scalars.
    enum Limits {
        /// When all texts together are longer, each is cut.
        static let total = 4096
        /// How much of a text is left when they are.
        static let text = 256
    }

    /// One header field for each text that is left.
    private(set) var fields: [(name: String, value: String)] = []
    private var seen: Set<String> = []
    private var order: [String] = []
    private var written = 0
    private var isCutting = false

    /// The fields for `texts`: the same one once, none with control characters.
    init(_ texts: [String]) {
        for text in texts where !text.isEmpty { add(text) }
    }

    private mutating func add(_ text: String) {
        if isCutting, written >= Limits.total { return }
        guard seen.insert(text).inserted else { return }
        order.append(text)
        let length = text.unicodeScalars.count
        if isCutting || written + length <= Limits.total {
            write(text, length)
        } else {
            isCutting = true
            written = 0
            fields = []
            for text in order { write(text, text.unicodeScalars.count) }
        }
    }

    private mutating func write(_ text: String, _ length: Int) {
        let isCut = isCutting && length > Limits.text
        let text = isCut ? String(text.unicodeScalars.prefix(Limits.text)) : text
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) { return }
        written += isCut ? Limits.text : length
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        fields.append((name: "Warning", value: "299 - \"\(escaped)\""))
    }
}

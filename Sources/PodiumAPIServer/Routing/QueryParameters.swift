// SPDX-License-Identifier: Apache-2.0
// The parameters of a request's query, with the conversions and error texts of Kubernetes.

package import PodiumMachinery

/// The decoded `name=value` pairs of a query, in the order sent.
package struct QueryParameters: Sendable {
    /// The limits of a query.
    package enum Limits {
        /// Pairs behind this many are an error.
        package static let maximumPairs = 1000
    }

    private var pairs: [(name: String, value: String)] = []

    /// No parameters.
    package init() {}

    /// Reads a raw query. As upstream does, a pair that does not decode is left out.
    package init(_ rawQuery: String) throws(StatusError) {
        if rawQuery.isEmpty { return }
        for piece in rawQuery.split(separator: "&") {
            if pairs.count == Limits.maximumPairs { throw .badRequest("too many query parameters") }
            // A semicolon does not separate pairs; Go drops such a piece.
            if piece.utf8.contains(UInt8(ascii: ";")) { continue }
            let parts = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = try? PercentDecoding.decode(parts[0], plusIsSpace: true),
                let value = try? PercentDecoding.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else { continue }
            pairs.append((name, value))
        }
    }

    /// Whether there are none.
    package var isEmpty: Bool { pairs.isEmpty }

    /// The first value of `name`; nil when it is absent.
    package subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// All values of `name`.
    package func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    /// Whether `name` is given.
    package func contains(_ name: String) -> Bool { pairs.contains { $0.name == name } }

    /// A flag: absent, `0` and any spelling of `false` are false, everything else (also an empty value) is true.
    // Kubernetes: apimachinery/pkg/runtime/conversion.go Convert_Slice_string_To_bool
    package func flag(_ name: String) -> Bool {
        guard let value = self[name] else { return false }
        return value != "0" && value.lowercased() != "false"
    }

    /// A whole number; nil when absent.
    /// - Throws: 400 with the text of Go's `strconv`.
    package func integer(_ name: String) throws(StatusError) -> Int64? {
        guard let value = self[name], !value.isEmpty else { return nil }
        guard let number = Int64(value) else { throw .badRequest(GoNumber.problem("ParseInt", value)) }
        return number
    }
}

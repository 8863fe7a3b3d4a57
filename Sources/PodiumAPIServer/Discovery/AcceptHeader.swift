// SPDX-License-Identifier: Apache-2.0
// The Accept header of a request, read as Kubernetes reads it.

package import PodiumMachinery

/// One alternative of an Accept header: `application/json;as=Table;v=v1;g=meta.k8s.io;q=0.9`.
struct AcceptClause: Equatable {
    var type: Substring
    var subtype: Substring
    var quality = 1.0
    /// The parameters but `q`, in the order sent; a later one stands for an earlier of the same name.
    var parameters: [(name: Substring, value: Substring)] = []

    static func == (left: AcceptClause, right: AcceptClause) -> Bool {
        left.type == right.type && left.subtype == right.subtype && left.quality == right.quality
            && left.parameters.elementsEqual(right.parameters, by: ==)
    }

    /// The limit of the reader: alternatives behind this many are not looked at.
    static let maximumCount = 64

    /// Reads the alternatives, the best first. What is not of the form `type/subtype` is left out.
    // munnerz/goautoneg: accept.go
    static func read(_ header: String) -> [AcceptClause] {
        var clauses: [AcceptClause] = []
        for part in header.split(separator: ",").prefix(maximumCount) {
            guard let clause = AcceptClause(part) else { continue }
            // Insertion keeps the order sent among equals.
            var index = clauses.count
            while index > 0, clause.precedes(clauses[index - 1]) { index -= 1 }
            clauses.insert(clause, at: index)
        }
        return clauses
    }

    private init?(_ text: Substring) {
        let pieces = text.split(separator: ";", omittingEmptySubsequences: false)
        guard let range = pieces.first else { return nil }
        let names = range.split(separator: "/", omittingEmptySubsequences: false).map(trim)
        switch names.count {
        case 1 where names[0] == "*": (type, subtype) = ("*", "*")
        case 2 where !names[1].isEmpty: (type, subtype) = (names[0], names[1])
        default: return nil
        }
        for piece in pieces.dropFirst() {
            let pair = piece.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2, !pair[1].isEmpty else { continue }
            let name = trim(pair[0])
            if name == "q" { quality = Double(trim(pair[1])) ?? 0 } else { parameters.append((name, trim(pair[1]))) }
        }
    }

    private func precedes(_ other: AcceptClause) -> Bool {
        if quality > other.quality { return true }
        if type != "*", other.type == "*" { return true }
        return subtype != "*" && other.subtype == "*"
    }

    /// Whether `type/subtype` is covered.
    func covers(_ format: MediaFormat) -> Bool {
        if type == "*", subtype == "*" { return true }
        return type == "application" && (subtype == "*" || subtype == format.subtype)
    }
}

/// Removes spaces and tabs at both ends.
private func trim(_ text: Substring) -> Substring {
    var text = text
    while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
    while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
    return text
}

/// The check that comes before the verb: whether a route can answer with any type the client takes at all.
///
/// It knows no parameters and no wildcards but `*/*`. Custom resources are not behind such routes.
// emicklei/go-restful: route.go matchesAccept
package enum RouteAcceptance {
    /// What routes that answer with an object can answer with.
    package static let object = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]
    /// What routes that answer with a list or a watch can answer with.
    package static let list =
        object + ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"]

    /// Checks the header of a request against what its route produces.
    /// - Throws: 406.
    package static func check(_ accept: String?, produces: [String] = object) throws(StatusError) {
        guard let accept, !accept.isEmpty else { return }
        for part in accept.split(separator: ",", omittingEmptySubsequences: false) {
            let range = trim(part.prefix { $0 != ";" })
            if range == "*/*" || produces.contains(where: { $0 == range }) { return }
        }
        throw StatusError(
            code: 406,
            reason: .notAcceptable,
            message: "406: Not Acceptable\n\nAvailable representations: \(produces.joined(separator: ", "))",
            details: StatusError.Details()
        )
    }
}

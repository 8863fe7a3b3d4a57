// SPDX-License-Identifier: Apache-2.0
// Which part of a collection a list, a watch or a collection deletion is about.

import PodiumCodec
package import PodiumMachinery
package import PodiumStorage

/// The `ListOptions` of a request.
// Kubernetes: apimachinery/pkg/apis/meta/internalversion/validation/validation.go
package struct ListOptions: Sendable {
    /// How `resourceVersion` is meant.
    package enum VersionMatch: String, Sendable {
        case exact = "Exact"
        case notOlderThan = "NotOlderThan"
    }

    package var labels: LabelSelector?
    package var fields: FieldSelector?
    /// As given; empty when absent.
    package var resourceVersion = ""
    package var versionMatch: VersionMatch?
    package var limit: Int64 = 0
    package var continueToken = ""
    package var isWatch = false
    package var allowsBookmarks = false
    package var sendsInitialEvents: Bool?
    package var timeout: Duration?

    package init() {}

    /// Whether everything in scope is meant.
    package var selectsEverything: Bool { labels == nil && fields == nil }

    /// Whether `object` is meant.
    package func matches(_ object: StoredObject) -> Bool { matches(object.key.name, object.facts) }

    /// Whether the object called `name` is meant.
    package func matches(_ name: NamespacedName, _ facts: ObjectFacts) -> Bool {
        if let labels, !labels.matches(facts.labels) { return false }
        if let fields, !fields.matches(name, { facts.fields[$0] }) { return false }
        return true
    }

    /// `resourceVersion` as a number; nil when absent.
    /// - Throws: with upstream's words, when it is none, 400 for a list and 500 for a watch.
    package func revision() throws(StatusError) -> Revision? {
        do throws(StatusError) {
            return try Self.revision(resourceVersion)
        } catch {
            throw isWatch ? error : .badRequest("invalid resource version: \(error.message)")
        }
    }

    /// The revision that a list waits for; nil when it is about what is there, or was there once.
    package var awaitedRevision: Revision? {
        get throws(StatusError) { continueToken.isEmpty && versionMatch != .exact ? try revision() : nil }
    }

    /// A resource version as a number; nil for an empty text.
    /// - Throws: 500 with upstream's words when it is none.
    package static func revision(_ text: String) throws(StatusError) -> Revision? {
        if text.isEmpty { return nil }
        guard let number = UInt64(text) else {
            let error = FieldError.invalid(
                FieldPath("resourceVersion"),
                .string(text),
                GoNumber.problem("ParseUint", text)
            )
            throw StatusError(code: 500, reason: .unknown, message: error.message)
        }
        return Revision(Int64(clamping: number))
    }
}

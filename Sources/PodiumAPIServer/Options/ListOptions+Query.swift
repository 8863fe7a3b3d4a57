// SPDX-License-Identifier: Apache-2.0
// Reads from a query which part of a collection is meant.

import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry
import PodiumStorage

extension ListOptions {
    /// Reads options from a query.
    /// - Throws: 400 and 422 as upstream.
    package init(query: QueryParameters, of definition: ResourceDefinition) throws(StatusError) {
        self.init()
        if query.isEmpty { return }
        if let text = query["labelSelector"], !text.isEmpty { labels = try Self.parseLabels(text) }
        if let text = query["fieldSelector"], !text.isEmpty { fields = try Self.parseFields(text, definition) }
        resourceVersion = query["resourceVersion"] ?? ""
        limit = try query.integer("limit") ?? 0
        continueToken = query["continue"] ?? ""
        isWatch = query.flag("watch")
        allowsBookmarks = query.flag("allowWatchBookmarks")
        if let seconds = try query.integer("timeoutSeconds") { timeout = .seconds(seconds) }
        if query.contains("sendInitialEvents") { sendsInitialEvents = query.flag("sendInitialEvents") }
        try validate(match: query["resourceVersionMatch"] ?? "")
    }

    private static func parseLabels(_ text: String) throws(StatusError) -> LabelSelector {
        do { return try LabelSelector(query: text) } catch { throw .badRequest(error.message) }
    }

    private static func parseFields(
        _ text: String,
        _ definition: ResourceDefinition
    ) throws(StatusError) -> FieldSelector {
        let selector: FieldSelector
        do { selector = try FieldSelector(query: text) } catch { throw .badRequest(error.message) }
        let known = definition.rules.selectableFields.map(\.name) + ["metadata.name", "metadata.namespace"]
        for requirement in selector.requirements where !known.contains(requirement.field) {
            throw .badRequest("field label not supported: \(requirement.field)")
        }
        return selector
    }

    private mutating func validate(match: String) throws(StatusError) {
        var errors: [FieldError] = []
        let path = FieldPath("resourceVersionMatch")
        versionMatch = VersionMatch(rawValue: match)
        if isWatch {
            errors = Self.watchErrors(match, versionMatch, sendsInitialEvents, path)
        } else {
            if sendsInitialEvents != nil {
                errors.append(.forbidden(FieldPath("sendInitialEvents"), "sendInitialEvents is forbidden for list"))
            }
            errors += listErrors(match, path)
        }
        if !errors.isEmpty { throw .invalid(group: "meta.k8s.io", kind: "ListOptions", name: "", errors) }
    }

    private static func watchErrors(
        _ match: String,
        _ versionMatch: VersionMatch?,
        _ sendsInitialEvents: Bool?,
        _ path: FieldPath
    ) -> [FieldError] {
        var errors: [FieldError] = []
        if sendsInitialEvents != nil {
            if versionMatch != .notOlderThan {
                let detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
                errors.append(.forbidden(path, detail))
            }
        } else if !match.isEmpty {
            errors.append(
                .forbidden(path, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
            )
        }
        if !match.isEmpty, versionMatch != .notOlderThan {
            errors.append(.notSupported(path, .string(match), ["NotOlderThan"]))
        }
        return errors
    }

    private func listErrors(_ match: String, _ path: FieldPath) -> [FieldError] {
        if match.isEmpty { return [] }
        if resourceVersion.isEmpty {
            return [.forbidden(path, "resourceVersionMatch is forbidden unless resourceVersion is provided")]
        }
        if !continueToken.isEmpty {
            return [.forbidden(path, "resourceVersionMatch is forbidden when continue is provided")]
        }
        guard let versionMatch else { return [.notSupported(path, .string(match), ["Exact", "NotOlderThan", ""])] }
        if versionMatch == .exact, resourceVersion == "0" {
            return [.forbidden(path, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")]
        }
        return []
    }
}

// SPDX-License-Identifier: Apache-2.0
// Reading a collection, or a part of it, at one revision.

package import PodiumMachinery
package import PodiumStorage

/// A part of a collection.
package struct ListResult: Sendable {
    package let revision: Revision
    package let objects: [StoredObject]
    /// The token for the next part; nil at the end.
    package let next: ContinueToken?
    /// How many more there are; nil when a selector makes that unknown.
    package let remaining: Int?

    package init(revision: Revision, objects: [StoredObject], next: ContinueToken?, remaining: Int?) {
        self.revision = revision
        self.objects = objects
        self.next = next
        self.remaining = remaining
    }
}

extension ResourceStore {
    /// The objects that `options` are about.
    // Kubernetes: apiserver/pkg/storage/etcd3/store.go GetList
    package func list(_ options: ListOptions) throws(StatusError) -> ListResult {
        var start: String?
        var revision: Revision?
        var rest: ContinueToken?
        if !options.continueToken.isEmpty {
            let token = try readToken(options)
            start = namespace.isEmpty ? token.start : "\(namespace)/\(token.start)"
            revision = token.revision
            rest = ContinueToken(revision: nil, after: token.after)
        } else if let requested = try options.revision(), requested.number > 0 {
            if requested > storage.revision {
                throw StatusError(.futureRevision(requested: requested, current: storage.revision), resource: resource)
            }
            if options.versionMatch == .exact { revision = requested }
        }
        do throws(StorageError) {
            return try list(options, from: start, at: revision)
        } catch {
            if case .compacted = error, let rest { throw .listExpired(rest: rest) }
            throw StatusError(error, resource: resource)
        }
    }

    private func readToken(_ options: ListOptions) throws(StatusError) -> ContinueToken {
        if !options.resourceVersion.isEmpty, options.resourceVersion != "0" {
            throw .badRequest("specifying resource version is not allowed when using continue")
        }
        do throws(ContinueToken.Malformed) {
            return try ContinueToken(text: options.continueToken)
        } catch {
            throw .badRequest("invalid continue token: continue key is not valid: \(error.message)")
        }
    }

    private func list(
        _ options: ListOptions,
        from start: String?,
        at revision: Revision?
    ) throws(StorageError) -> ListResult {
        let limit = options.limit > 0 ? Int(clamping: options.limit) : nil
        let scope = scope(of: options)
        if options.selectsEverything {
            let snapshot = try storage.list(definition.storage, scope: scope, from: start, limit: limit, at: revision)
            return result(snapshot.objects, snapshot.revision, remaining: snapshot.remaining, isCounted: true)
        }
        let snapshot = try storage.list(definition.storage, scope: scope, from: start, limit: nil, at: revision)
        let matching = snapshot.objects.filter { options.matches($0) }
        guard let limit, matching.count > limit else {
            return result(matching, snapshot.revision, remaining: 0, isCounted: false)
        }
        let part = Array(matching.prefix(limit))
        return result(part, snapshot.revision, remaining: matching.count - limit, isCounted: false)
    }

    private func result(
        _ objects: [StoredObject],
        _ revision: Revision,
        remaining: Int,
        isCounted: Bool
    ) -> ListResult {
        guard remaining > 0, let last = objects.last else {
            return ListResult(revision: revision, objects: objects, next: nil, remaining: nil)
        }
        let name = last.key.name
        let after = namespace.isEmpty && !name.namespace.isEmpty ? "\(name.namespace)/\(name.name)" : name.name
        return ListResult(
            revision: revision,
            objects: objects,
            next: ContinueToken(revision: revision, after: after),
            remaining: isCounted ? remaining : nil
        )
    }

    /// The narrowest scope that holds all objects that `options` can be about.
    package func scope(of options: ListOptions) -> ListScope {
        if let name = options.fields?.exactValue(of: "metadata.name"), !namespace.isEmpty || !definition.isNamespaced {
            return .object(NamespacedName(namespace: namespace, name: name))
        }
        return namespace.isEmpty ? .all : .namespace(namespace)
    }
}

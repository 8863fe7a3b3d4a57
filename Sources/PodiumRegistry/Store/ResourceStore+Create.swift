// SPDX-License-Identifier: Apache-2.0
// Creating an object: admission, preparation, metadata, validation, commit, in upstream's order.

package import PodiumCodec
import PodiumHost
package import PodiumMachinery
import PodiumSchema
import PodiumStorage

/// By which way a new object comes.
enum NewObjectOrigin {
    /// As itself.
    case create
    /// As an update of one that does not exist.
    case update
    /// Applied, or the like, with an account of who owns its fields.
    case apply(ManagedFields)
}

extension ResourceStore {
    /// Adds `object`, which was decoded.
    // Kubernetes: registry/rest/create.go BeforeCreate; generic/registry/store.go Create
    package func create(_ object: JSONValue, options: WriteOptions) throws(StatusError) -> WriteResult {
        try create(object, options: options, origin: .create)
    }

    /// Adds an object that comes by a certain way.
    func create(
        _ object: JSONValue,
        options: WriteOptions,
        origin: NewObjectOrigin
    ) throws(StatusError) -> WriteResult {
        var object = object
        var warnings: [String] = []
        defer { options.warnings.add(warnings) }
        strategy.applyDefaults(&object)
        try placeInNamespace(&object)
        Self.dropRepeatedOwners(&object, &warnings)
        let account: Account =
            if case .apply(let managed) = origin {
                Account(known: nil, managed: managed)
            } else {
                account(for: &object, replacing: nil, nil, manager: options.fieldManager)
            }
        let name = object[path: "metadata", "name"]?.string ?? ""
        let attributes = attributes(.create, name: name, old: nil, options: options)
        try api.admission.mutate(&object, attributes, context, &warnings)
        for attempt in 1... {
            var candidate = object
            var reserved: Set<String> = []
            defer { api.reservations.release(reserved) }
            warnings += strategy.preparationWarnings(candidate, old: nil)
            try prepareForCreate(&candidate, account, by: options.user, origin)
            guard let exclusives = try reserve(candidate, old: nil) else {
                if attempt >= Limits.maximumReservationAttempts { throw .tooManyWriters(resource) }
                continue
            }
            reserved = exclusives
            try api.admission.validate(candidate, attributes, context, &warnings)
            do throws(StatusError) {
                let result = try commitCreate(candidate, account, options: options, origin)
                warnings += strategy.warnings(candidate, old: nil, context: context)
                return result
            } catch let error where error.reason == .alreadyExists {
                // A generated name that is taken is drawn anew; a given one is the client's problem.
                if !name.isEmpty || attempt >= Limits.maximumNameAttempts { throw error }
            }
        }
        preconditionFailure("the loop above ends by return or throw")
    }

    /// Takes what the object is about to take; nil when another write is about to take it or just took it.
    func reserve(_ object: JSONValue, old: JSONValue?) throws(StatusError) -> Set<String>? {
        let things = strategy.exclusives(object, old: old)
        if things.isEmpty { return [] }
        guard api.reservations.take(things) else { return nil }
        do throws(StatusError) {
            let errors =
                if let old {
                    try strategy.validateUpdate(object, old: old, context: context)
                } else {
                    try strategy.validate(object, context: context)
                }
            if errors.isEmpty { return things }
        } catch {
            api.reservations.release(things)
            throw error
        }
        api.reservations.release(things)
        return nil
    }

    /// The object's namespace is that of the request, and no other.
    package func placeInNamespace(_ object: inout JSONValue) throws(StatusError) {
        let given = object[path: "metadata", "namespace"]?.string ?? ""
        if !definition.isNamespaced {
            if !given.isEmpty { object[path: "metadata", "namespace"] = nil }
            return
        }
        if !given.isEmpty, given != namespace {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        object[path: "metadata", "namespace"] = .string(namespace)
    }

    /// Owners that are named twice are kept once, and warned of.
    static func dropRepeatedOwners(_ object: inout JSONValue, _ warnings: inout [String]) {
        guard let (references, warning) = ObjectMetaValidation.withoutRepeatedOwners(object["metadata"]) else { return }
        object[path: "metadata", "ownerReferences"] = references
        warnings.append(warning)
    }

    private func prepareForCreate(
        _ object: inout JSONValue,
        _ account: Account,
        by user: UserInfo,
        _ origin: NewObjectOrigin
    ) throws(StatusError) {
        let host = api.host
        var metadata = object["metadata"]?.object ?? [:]
        metadata.removeValue(forKey: "selfLink")
        metadata.removeValue(forKey: "generation")
        if case .create = origin {
            // Upstream wipes these in the handler of POST alone.
            // Kubernetes: apiserver/pkg/registry/rest/meta.go WipeObjectMetaSystemFields
            metadata.removeValue(forKey: "deletionTimestamp")
            metadata.removeValue(forKey: "deletionGracePeriodSeconds")
        }
        metadata["uid"] = .string(host.random.uid())
        metadata["creationTimestamp"] = .string(host.clock.now.rfc3339)
        if let prefix = metadata["generateName"]?.string, !prefix.isEmpty, (metadata["name"]?.string ?? "").isEmpty {
            metadata["name"] = .string(GeneratedName.make(prefix: prefix, random: host.random))
        }
        object["metadata"] = .object(metadata)
        try strategy.prepareForCreate(&object, context: context(of: user))
        let errors =
            ObjectMetaValidation.validateCreate(
                account.validated(object["metadata"]),
                namespaced: definition.isNamespaced,
                nameErrors: strategy.nameErrors
            ) + (try strategy.validate(object, context: context))
        if !errors.isEmpty { throw invalid(object[path: "metadata", "name"]?.string ?? "", errors) }
    }

    private func commitCreate(
        _ object: JSONValue,
        _ account: Account,
        options: WriteOptions,
        _ origin: NewObjectOrigin
    ) throws(StatusError) -> WriteResult {
        let name = object[path: "metadata", "name"]?.string ?? ""
        let version = object[path: "metadata", "resourceVersion"]?.string ?? ""
        var object = object
        object[path: "metadata", "resourceVersion"] = nil
        let key = key(name)
        if options.isDryRun {
            if try storage.object(key) != nil { throw .alreadyExists(resource, name) }
            return .transient(object.with(account.text))
        }
        // What is no number counts as no version.
        // Kubernetes: apiserver/pkg/storage/etcd3/store.go Create
        if let number = UInt64(version), !version.hasPrefix("+"), number != 0 { throw .versionOfNewObject }
        do throws(StorageError) {
            do throws(StorageError) {
                return .stored(try add(object, account.text, at: key))
            } catch .tooLarge(let key) {
                // An object that is too large with the account of its fields may go without.
                // Kubernetes: apiserver/pkg/endpoints/handlers/create.go isTooLargeError
                if case .apply = origin { throw .tooLarge(key) }
                return .stored(try add(object, nil, at: key))
            }
        } catch {
            throw StatusError(error, resource: resource)
        }
    }
}

extension StatusError {
    /// 500: other writes took what this one wanted again and again; the client may try once more.
    static func tooManyWriters(_ resource: GroupResource) -> StatusError {
        .internalError("\(resource): other writes took what was to be allocated; please try again")
    }

    /// 500, as upstream's storage says it: the one refusal of a client's mistake that has no reason.
    // Kubernetes: apiserver/pkg/storage/interfaces.go ErrResourceVersionSetOnCreate
    static let versionOfNewObject = StatusError(
        code: 500,
        reason: .unknown,
        message: "resourceVersion should not be set on objects to be created"
    )
}

/// Names made from a prefix.
// Kubernetes: apiserver/pkg/storage/names/generate.go
enum GeneratedName {
    /// Longer prefixes are cut, so that the name still fits a label.
    static let maximumPrefixLength = 58

    static func make(prefix: String, random: RandomSource) -> String {
        String(decoding: prefix.utf8.prefix(maximumPrefixLength), as: UTF8.self) + random.nameSuffix()
    }
}

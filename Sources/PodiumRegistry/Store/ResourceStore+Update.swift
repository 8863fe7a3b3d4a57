// SPDX-License-Identifier: Apache-2.0
// Replacing an object: preconditions, admission, preparation, validation, conditional commit.

package import PodiumCodec
package import PodiumMachinery
package import PodiumSchema
package import PodiumStorage

/// What is to replace an object.
package struct Replacement: Sendable {
    let object: JSONValue
    /// Who owns the fields of `object`; nil when that follows from what changes.
    let account: ManagedFields?

    package init(_ object: JSONValue, account: ManagedFields? = nil) {
        self.object = object
        self.account = account
    }
}

/// What an update left behind.
package struct UpdateOutcome: Sendable {
    package let result: WriteResult
    /// Whether the object did not exist before.
    package let isCreated: Bool
}

extension ResourceStore {
    /// Replaces the object called `name` by what `make` makes of it (nil: there is none yet); nil leaves it as it is.
    ///
    /// `make` is called again when another writer was faster, and the new object either does not say which version it
    /// replaces or is a patch of the old one. A patch has no precondition but the version that it may bring.
    // Kubernetes: generic/registry/store.go Update; registry/rest/update.go BeforeUpdate
    package func update(
        _ name: String,
        options: WriteOptions,
        allowsCreate: Bool? = nil,
        isPatch: Bool = false,
        _ make: (StoredObject?) throws(StatusError) -> Replacement?
    ) throws(StatusError) -> UpdateOutcome {
        for attempt in 1... {
            let current = try storage.object(key(name))
            // Held, so that whoever looks at its tree until the end of this write reads it once.
            let reading = current?.read()
            defer { withExtendedLifetime(reading) {} }
            guard let replacement = try make(current) else {
                guard let current else { throw .notFound(resource, name) }
                return UpdateOutcome(result: .stored(current), isCreated: false)
            }
            var object = replacement.object
            strategy.applyDefaults(&object)
            guard let current else {
                guard allowsCreate ?? strategy.allowsCreateOnUpdate else { throw .notFound(resource, name) }
                try options.authorizeCreate?()
                try checkNewIdentity(object, name)
                object[path: "metadata", "resourceVersion"] = nil
                let origin = replacement.account.map { NewObjectOrigin.apply($0) } ?? .update
                return UpdateOutcome(
                    result: try whole.create(object, options: options, origin: origin),
                    isCreated: true
                )
            }
            if !isPatch { try checkIdentity(object, current, name) }
            let isConditional = try checkVersion(object, current, name) && !isPatch
            var warnings: [String] = []
            defer { options.warnings.add(warnings) }
            let old = definition.valueWithoutAccount(of: current)
            Self.dropRepeatedOwners(&object, &warnings)
            var account =
                replacement.account.map { Account(known: readable(current), managed: $0) }
                ?? account(for: &object, replacing: current, old, manager: options.fieldManager)
            let updated = try prepareForUpdate(object, &account, old: old, name, options, &warnings)
            guard let reserved = try reserve(updated, old: old) else {
                if attempt >= Limits.maximumReservationAttempts { throw .tooManyWriters(resource) }
                continue
            }
            defer { api.reservations.release(reserved) }
            do throws(StorageError) {
                let result = try commitUpdate(
                    updated,
                    account,
                    isUnchanged: updated == old,
                    old: current,
                    options,
                    mayKeepAccount: replacement.account == nil
                )
                return UpdateOutcome(result: result, isCreated: false)
            } catch .conflict where !isConditional && attempt < Limits.maximumConflictRetries {
                continue
            } catch {
                throw StatusError(error, resource: resource)
            }
        }
        preconditionFailure("the loop above ends by return or throw")
    }

    /// The store of the objects themselves: what is made through a subresource is made as by a POST.
    // Kubernetes: generic/registry/store.go Update, which creates by the CreateStrategy that all subresources share
    private var whole: ResourceStore {
        subresource == nil
            ? self
            : ResourceStore(
                definition: definition,
                strategy: definition.rules.strategy,
                api: api,
                surface: surface,
                namespace: namespace
            )
    }

    /// The new object must not name another UID than that of the one it replaces.
    private func checkIdentity(_ object: JSONValue, _ current: StoredObject, _ name: String) throws(StatusError) {
        if let uid = object[path: "metadata", "uid"]?.string, !uid.isEmpty, uid != current.facts.uid {
            throw preconditionFailed(name, "UID in precondition: \(uid), UID in object meta: \(current.facts.uid)")
        }
    }

    /// Who writes an object that does not exist must not mean one that does.
    // Kubernetes: generic/registry/store.go Update
    private func checkNewIdentity(_ object: JSONValue, _ name: String) throws(StatusError) {
        let version = object[path: "metadata", "resourceVersion"]?.string ?? ""
        if !version.isEmpty, UInt64(version) == nil {
            throw StatusError(code: 500, reason: .unknown, message: GoNumber.problem("ParseUint", version))
        }
        if let uid = object[path: "metadata", "uid"]?.string, !uid.isEmpty {
            let problem = "uid mismatch: the provided object specified uid \(uid), and no existing object was found"
            throw .conflict(resource, name, problem)
        }
    }

    /// Whether the new object says which version it replaces.
    private func checkVersion(
        _ object: JSONValue,
        _ current: StoredObject,
        _ name: String
    ) throws(StatusError) -> Bool {
        let version = object[path: "metadata", "resourceVersion"]?.string ?? ""
        if version.isEmpty || version == "0" {
            if strategy.allowsUnconditionalUpdate { return false }
            let error = FieldError.invalid(
                FieldPath("metadata", "resourceVersion"),
                0,
                "must be specified for an update"
            )
            throw .invalid(group: resource.group, kind: resource.resource, name: name, [error])
        }
        guard let number = UInt64(version) else {
            let text = GoNumber.problem("ParseUint", version)
            let error = FieldError.invalid(FieldPath("metadata", "resourceVersion"), .string(version), text)
            throw invalid(name, [error])
        }
        if number != UInt64(current.revision.number) { throw .conflict(resource, name, StatusError.optimisticLock) }
        return true
    }

    /// 409 in the words of upstream's storage.
    package func preconditionFailed(_ name: String, _ problem: String) -> StatusError {
        let collection = definition.rules.registryPrefix ?? definition.groupResource.resource
        let path = namespace.isEmpty ? name : "\(namespace)/\(name)"
        return .conflict(
            resource,
            name,
            "StorageError: invalid object, Code: 4, Key: /registry/\(collection)/\(path), "
                + "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: \(problem)"
        )
    }

    private func prepareForUpdate(
        _ object: JSONValue,
        _ account: inout Account,
        old: JSONValue,
        _ name: String,
        _ options: WriteOptions,
        _ warnings: inout [String]
    ) throws(StatusError) -> JSONValue {
        var object = object
        let attributes = attributes(.update, name: name, old: old, options: options)
        try api.admission.mutate(&object, attributes, context, &warnings)
        account.keepTimes(ifEqual: old, object)
        Self.keepMetadata(&object, of: old)
        warnings += strategy.preparationWarnings(object, old: old)
        try strategy.prepareForUpdate(&object, old: old, context: context)
        let errors =
            metadataErrors(account.validated(object["metadata"]), old: old["metadata"])
            + (try strategy.validateUpdate(object, old: old, context: context))
        if !errors.isEmpty { throw invalid(name, errors) }
        try api.admission.validate(object, attributes, context, &warnings)
        warnings += strategy.warnings(object, old: old, context: context)
        return object
    }

    /// What is wrong with new metadata; what is stored was looked at when it came.
    private func metadataErrors(_ metadata: JSONValue?, old: JSONValue?) -> [FieldError] {
        if metadata == old { return [] }
        return ObjectMetaValidation.validateUpdate(
            metadata,
            old: old,
            namespaced: definition.isNamespaced,
            isRechecked: definition.rules.rechecksMetadata,
            nameErrors: strategy.nameErrors
        )
    }

    /// Carries over what a client may leave out or may not change; what it changes all the same is validated.
    // Kubernetes: apiserver/pkg/registry/rest/update.go BeforeUpdate
    private static func keepMetadata(_ object: inout JSONValue, of old: JSONValue) {
        guard let before = old["metadata"]?.object else { return }
        object["metadata"]?.updateObject { metadata in
            metadata["generation"] = before["generation"]
            metadata["selfLink"] = nil
            metadata["creationTimestamp"] = before["creationTimestamp"]
            if let deletion = before["deletionTimestamp"] { metadata["deletionTimestamp"] = deletion }
            for key in ["uid", "deletionGracePeriodSeconds", "namespace"]
            where metadata[key] == nil || metadata[key] == .string("") || metadata[key] == .null {
                metadata[key] = before[key]
            }
            metadata["resourceVersion"] = before["resourceVersion"]
        }
    }

    private func commitUpdate(
        _ object: JSONValue,
        _ account: Account,
        isUnchanged: Bool,
        old: StoredObject,
        _ options: WriteOptions,
        mayKeepAccount: Bool
    ) throws(StorageError) -> WriteResult {
        let text = account.text
        if options.isDryRun { return .transient(object.with(text)) }
        if endsDeletion(object) {
            // As upstream: watchers see the state before this change deleted, the writer sees its change.
            _ = try remove(old)
            return .transient(object.with(text))
        }
        if isUnchanged, account.isUnchanged { return .stored(old) }
        do throws(StorageError) {
            return .stored(try replace(old, by: object, text))
        } catch .tooLarge where mayKeepAccount {
            // An object that is too large with the new account of its fields may keep the old one.
            return .stored(try replace(old, by: object))
        }
    }

    /// Whether `object` only waited for its last finalizer to go.
    // Kubernetes: generic/registry/store.go deleteWithoutFinalizers, ShouldDeleteDuringUpdate
    private func endsDeletion(_ object: JSONValue) -> Bool {
        guard let metadata = object["metadata"], metadata["deletionTimestamp"] != nil else { return false }
        guard metadata["finalizers"]?.elements.isEmpty ?? true else { return false }
        if definition.rules.isHeld(object) { return false }
        return (metadata["deletionGracePeriodSeconds"]?.integer ?? 0) == 0
    }
}

// SPDX-License-Identifier: Apache-2.0
// One collection with all that its verbs need: where it is stored, what its kind does differently, who admits writes.

package import PodiumCodec
package import PodiumMachinery
package import PodiumStorage

/// The options of a write.
package struct WriteOptions: Sendable {
    /// Whether everything is done but the commit.
    package var isDryRun = false
    /// The name under which fields are owned.
    package var fieldManager = "unknown"
    /// Who asks.
    package var user = UserInfo.anonymous
    /// Throws when the user may not create what an update or a patch does not find; nil when nobody asks.
    package var authorizeCreate: (@Sendable () throws(StatusError) -> Void)?
    /// Where warnings go, also those of a write that fails.
    package var warnings = RequestWarnings()

    package init() {}
}

/// What a write leaves behind.
package enum WriteResult: Sendable {
    /// An object in storage, or the last state of one that was removed.
    case stored(StoredObject)
    /// An object that was not stored, as of a dry run.
    case transient(JSONValue)

    /// The object as a tree.
    package var value: JSONValue {
        switch self {
        case .stored(let object): object.value()
        case .transient(let value): value
        }
    }
}

/// The generic store of one collection, for one namespace of a request.
// Kubernetes: apiserver/pkg/registry/generic/registry/store.go
package struct ResourceStore: Sendable {
    /// The limits of a store.
    package enum Limits {
        /// How often a write without a resourceVersion starts over when another writer was faster.
        package static let maximumConflictRetries = 64
        /// How often a generated name is drawn anew when it is taken.
        package static let maximumNameAttempts = 8
        /// How often a write starts over when another one is about to take what it wants.
        package static let maximumReservationAttempts = 256
    }

    package let definition: ResourceDefinition
    package let strategy: any ResourceStrategy
    package let api: ClusterAPI
    /// The surface that the definition is of.
    package let surface: APISurface
    /// The namespace of the request; empty for cluster-scoped collections and for all namespaces.
    package let namespace: String
    /// The subresource through which is written; nil for the object itself.
    package let subresource: String?

    package init(
        definition: ResourceDefinition,
        strategy: any ResourceStrategy,
        api: ClusterAPI,
        surface: APISurface,
        namespace: String,
        subresource: String? = nil
    ) {
        self.definition = definition
        self.strategy = strategy
        self.api = api
        self.surface = surface
        self.namespace = namespace
        self.subresource = subresource
    }

    package var storage: any Storage { api.storage }
    /// The collection as error texts name it: that of storage, when two show the same objects.
    package var resource: GroupResource { definition.storage }

    /// The storage key of an object of the request's namespace.
    package func key(_ name: String) -> ObjectKey {
        ObjectKey(definition.storage, namespace: namespace, name: name)
    }

    /// The object called `name`.
    /// - Throws: 404; 500 or 503 when storage cannot be read.
    package func get(_ name: String) throws(StatusError) -> StoredObject {
        guard let object = try storage.object(key(name)) else { throw .notFound(resource, name) }
        return object
    }

    var context: StrategyContext { context(of: .system) }

    func context(of user: UserInfo) -> StrategyContext {
        StrategyContext(api: api, namespace: namespace, user: user)
    }

    func invalid(_ name: String, _ errors: [FieldError]) -> StatusError {
        .invalid(group: definition.storage.group, kind: definition.kind, name: name, errors)
    }

    func attributes(
        _ operation: AdmissionOperation,
        name: String,
        old: JSONValue?,
        options: WriteOptions
    ) -> AdmissionAttributes {
        AdmissionAttributes(
            operation: operation,
            resource: definition.gvr,
            kind: definition.gvk,
            subresource: subresource ?? "",
            namespace: namespace,
            name: name,
            oldObject: old,
            user: options.user,
            isDryRun: options.isDryRun
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// What one kind does differently: defaults, preparation, validation, warnings.

package import PodiumCodec
package import PodiumHost
package import PodiumMachinery
package import PodiumStorage

/// What a strategy may look at beside the object.
package struct StrategyContext: Sendable {
    /// The cluster, for reading, and for writing other objects than the one that is being written.
    package let api: ClusterAPI
    /// The namespace of the request; empty for cluster-scoped resources.
    package let namespace: String
    /// Who writes the object.
    package let user: UserInfo

    package init(api: ClusterAPI, namespace: String, user: UserInfo = .system) {
        self.api = api
        self.namespace = namespace
        self.user = user
    }

    package var storage: any Storage { api.storage }
    package var host: Host { api.host }
    /// Where the addresses of Services come from.
    package var serviceNetwork: ServiceNetwork { api.serviceNetwork }
}

/// The knowledge about one kind that the generic verbs call.
///
/// The order on create: `applyDefaults` (at decoding), mutating admission, `prepareForCreate`, the generic metadata
/// (UID, creation time, generated name), `validate`, `warnings`. On update: `applyDefaults`, mutating admission,
/// `prepareForUpdate`, the generic metadata (kept from the old object), `validateUpdate`, `warnings`.
/// Metadata (name, namespace, labels, annotations, finalizers, owner references) is validated by the generic verbs,
/// whose errors come first; a strategy says with `nameErrors` what names it takes. Objects have passed the schema:
/// every field that is there has the JSON type that its schema says, so that a validator may read leniently.
// Kubernetes: apiserver/pkg/registry/rest/create.go, update.go; pkg/registry/*/*/strategy.go
package protocol ResourceStrategy: Sendable {
    /// Fills in what the API documents as defaults, on every decoded object (requests and patches).
    func applyDefaults(_ object: inout JSONValue)

    /// Removes what a client may not set on create (status …) and sets what the server decides.
    /// - Throws: when what it depends on cannot be read; so do the others.
    func prepareForCreate(_ object: inout JSONValue, context: StrategyContext) throws(StatusError)

    /// What is wrong with a new object, metadata apart, in upstream's order.
    func validate(_ object: JSONValue, context: StrategyContext) throws(StatusError) -> [FieldError]

    /// Carries over from `old` what a client may not change by this update (status …), and raises
    /// `metadata.generation` when the kind counts it and its spec changed.
    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) throws(StatusError)

    /// What is wrong with an update, metadata apart, in upstream's order.
    func validateUpdate(
        _ object: JSONValue,
        old: JSONValue,
        context: StrategyContext
    ) throws(StatusError) -> [FieldError]

    /// Texts for `Warning` headers; `old` is nil on create.
    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String]

    /// Texts for `Warning` headers that are due even when the object is then refused; `old` is nil on create.
    func preparationWarnings(_ object: JSONValue, old: JSONValue?) -> [String]

    /// What `object` takes that no other object of its kind may have, beside what it had as `old`; nil on create.
    func exclusives(_ object: JSONValue, old: JSONValue?) -> Set<String>

    /// What is wrong with `name` as a name of this kind (the detail texts); `isPrefix` for a `generateName`.
    func nameErrors(_ name: String, isPrefix: Bool) -> [String]

    /// Whether PUT makes an object that does not exist.
    var allowsCreateOnUpdate: Bool { get }

    /// Whether PUT without a resourceVersion overwrites whatever is there.
    var allowsUnconditionalUpdate: Bool { get }

    /// The strategy of `PUT …/status`; nil when the kind has none.
    var status: (any ResourceStrategy)? { get }
}

extension ResourceStrategy {
    package func applyDefaults(_ object: inout JSONValue) {}
    package func prepareForCreate(_ object: inout JSONValue, context: StrategyContext) {}
    package func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] { [] }
    package func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {}
    package func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] { [] }
    package func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] { [] }
    package func preparationWarnings(_ object: JSONValue, old: JSONValue?) -> [String] { [] }
    package func exclusives(_ object: JSONValue, old: JSONValue?) -> Set<String> { [] }
    package var allowsCreateOnUpdate: Bool { false }
    package var allowsUnconditionalUpdate: Bool { true }
    package var status: (any ResourceStrategy)? { nil }
}

// SPDX-License-Identifier: Apache-2.0
// What the server knows of a kind beside its names, as one value.

package import PodiumCodec
package import PodiumMachinery
package import PodiumSchema
package import PodiumStorage

/// How the objects of a kind are made, checked, shown and deleted.
///
/// A value, so that a kind which comes while the server runs is served like those that are built in.
package struct KindDefinition: Sendable {
    /// What becomes of the dependents of a deleted object when the request does not say.
    // Kubernetes: apiserver/pkg/registry/rest/delete.go GarbageCollectionPolicy
    package enum DependentsPolicy: Sendable {
        /// They go after it.
        case background
        /// They stay.
        case orphan
        /// It has none, whatever the request says.
        case unsupported
    }

    /// The form in which a collection shows objects that are stored as those of another.
    package struct Conversion: Sendable {
        /// The shown form of a stored object.
        package let shown: @Sendable (JSONValue) -> JSONValue
        /// The stored form of an object; one that has it already is left as it is.
        package let stored: @Sendable (JSONValue) -> JSONValue

        package init(
            shown: @escaping @Sendable (JSONValue) -> JSONValue,
            stored: @escaping @Sendable (JSONValue) -> JSONValue
        ) {
            self.shown = shown
            self.stored = stored
        }
    }

    /// Marks an object for deletion, with the grace in seconds that the request gives.
    package typealias DeletionRequest = @Sendable (inout JSONValue, Int64?, Timestamp) -> PodDeletion.Outcome

    package var strategy: any ResourceStrategy
    /// The strategies of writing subresources; what is not here is nothing but the business of the verb.
    package var subresources: [String: any ResourceStrategy] = [:]
    /// nil: objects are shown as they are stored.
    package var conversion: Conversion?
    /// The fields by which its objects can be selected, beside those of their metadata.
    // Kubernetes: the SelectableFields and GetAttrs functions under pkg/registry/*/*/strategy.go
    package var selectableFields: [SelectableField] = []
    /// The columns in which tables show its objects; asked for when somebody wants a table.
    package var columns: @Sendable () -> [TableColumn] = { TableColumn.standard }
    /// The cells of one object, as many as there are columns; nil for those of kinds without columns of their own.
    package var cells: (@Sendable (TableCells) -> [JSONValue])?
    /// What a table says of the state of a row beside its cells.
    package var rowConditions: @Sendable (JSONValue) -> [JSONValue] = { _ in [] }
    /// Where upstream keeps its objects in etcd, as error texts show it; nil for the name of the collection.
    package var registryPrefix: String?
    /// Whether an object that is being deleted is held by something beside its finalizers.
    package var isHeld: @Sendable (JSONValue) -> Bool = { _ in false }
    package var requestDeletion: DeletionRequest = { object, _, now in ObjectDeletion.request(&object, now: now) }
    /// Whether deletion has code of its own upstream, which words failed preconditions in its own way.
    // Kubernetes: pkg/registry/core/namespace/storage/storage.go; apiextensions-apiserver/pkg/registry/
    // customresourcedefinition/etcd.go
    package var hasOwnPreconditionTexts = false
    package var dependents = DependentsPolicy.background
    /// The warning about a deletion that does not say what becomes of dependents; nil when it is not due.
    package var unstatedPropagationWarning: String?
    /// Whether all metadata is checked again on update, so that errors in it are reported twice more.
    // Kubernetes: the ValidateXUpdate functions that call ValidateX
    package var rechecksMetadata = true
    /// What is written with its objects; nil when that is nothing.
    package var companions: (any Companions)?
    /// What writes through subresources can change; where nothing is said, all but the status, and through `status` all
    /// but the specification.
    // Kubernetes: the GetResetFields functions of the strategies
    package var fieldFilters: [String: FieldFilter] = [:]
    /// How other versions show its objects, by `apiVersion`; those that are not here show them as they are.
    package var otherForms: [String: @Sendable (JSONValue) -> JSONValue] = [:]
    /// The warning that goes with every request to a version that is to be given up, by version.
    package var deprecations: [String: String] = [:]
    /// What is not done about its objects because no controller here does it; nil when nothing is lacking.
    package var missingController: String?

    /// A kind that differs from others in nothing but its strategy.
    package init(_ strategy: any ResourceStrategy) { self.strategy = strategy }

    /// The strategy of writing `subresource`, empty for the object itself; nil when that is nothing but the business of
    /// the verb.
    package func strategy(of subresource: String) -> (any ResourceStrategy)? {
        switch subresource {
        case "": strategy
        case "status": strategy.status
        default: subresources[subresource]
        }
    }

    /// What a write through `subresource`, empty for the object itself, can change.
    func fieldFilter(of subresource: String) -> FieldFilter {
        if let filter = fieldFilters[subresource] { return filter }
        if subresource == "status" { return .allBut([["spec"]]) }
        return strategy.status == nil ? .everything : .allBut([["status"]])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Objects go with their owners: after them, before them, or not, as the deletion of the owner asked for.

package import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumRegistry
package import PodiumStorage

/// Deletes objects all of whose owners are gone, and carries out foreground and orphaning deletions.
///
/// The API server marks the latter two with finalizers on the owner; who has neither is deleted in the background, and
/// what it owned is found here to have no owner any more.
// Kubernetes: pkg/controller/garbagecollector/garbagecollector.go
// State | guarded by | why separate
// graph | queue | the queue of the informers
package final class GarbageCollector: InformedReconciler {
    package static let name = "garbage-collector-controller"

    /// Events own nothing, are not owned, and are many.
    private static let ignored: Set<GroupResource> = [
        .events, GroupResource(group: "events.k8s.io", resource: "events"),
    ]

    /// How long an owner waits for its dependents before it looks for them once more. The removal of each brings it
    /// back at once; this is for the case that none is left to be removed, so that any time would do.
    private static let patience: Duration = .seconds(30)

    private let informers: SharedInformers
    private let catalog: ResourceCatalog
    private let graph: Confined<OwnershipGraph>

    package init(informers: SharedInformers, catalog: ResourceCatalog) {
        self.informers = informers
        self.catalog = catalog
        graph = Confined(OwnershipGraph(), on: informers.queue)
    }

    package func watch(_ controller: Controller<ObjectKey>) {
        for entry in catalog.entries where !Self.ignored.contains(entry.resource) {
            informers.handle(entry.resource) { [weak self] event in self?.note(event, controller) }
        }
    }

    private func note(_ event: InformerEvent, _ controller: Controller<ObjectKey>) {
        // All that is looked at here stands in the metadata.
        if case .updated(let old, let new) = event, new.stored.hasSameMetadata(as: old.stored) { return }
        let object = event.object
        let key = object.key
        let known = graph.withState { $0.owners(of: key) }
        if case .deleted = event {
            graph.withState { $0.set([], of: key) }
            for dependent in graph.withState({ $0.dependents(of: object.uid) }) { controller.add(dependent) }
            // Owners that wait for what they own may have waited for this.
            for owner in known { enqueue(owner, of: object, controller) }
            return
        }
        // The tree of an object without owners, as most are, would be read and kept for nothing.
        let owners = object.stored.mayHaveMetadata("ownerReferences") ? OwnerReference.list(of: object.value) : []
        if owners != known {
            graph.withState { $0.set(owners, of: key) }
            controller.add(key)
            for owner in known where !owners.contains(owner) { enqueue(owner, of: object, controller) }
        }
        if object.isTerminating,
            object.isHeld(by: CollectionFinalizer.foreground) || object.isHeld(by: CollectionFinalizer.orphan)
        {
            controller.add(key)
        }
    }

    private func enqueue(_ owner: OwnerReference, of object: APIObject, _ controller: Controller<ObjectKey>) {
        guard let key = key(of: owner, in: object.namespace) else { return }
        controller.add(key)
    }

    private func key(of owner: OwnerReference, in namespace: String) -> ObjectKey? {
        catalog.entry(apiVersion: owner.apiVersion, kind: owner.kind).map {
            ObjectKey($0.resource, namespace: $0.isNamespaced ? namespace : "", name: owner.name)
        }
    }

    package func reconcile(_ key: ObjectKey) throws -> ReconcileResult {
        guard let object = try informers.client.get(key) else { return .done }
        if object.isTerminating {
            if object.isHeld(by: CollectionFinalizer.orphan) { return try orphanDependents(of: object) }
            if object.isHeld(by: CollectionFinalizer.foreground) { return try deleteDependents(of: object) }
            return .done
        }
        return try judge(object)
    }

    private func dependents(of object: APIObject) throws(StatusError) -> [APIObject] {
        var dependents: [APIObject] = []
        for key in graph.withState({ $0.dependents(of: object.uid) }) {
            guard let dependent = try informers.client.get(key) else { continue }
            let owners = OwnerReference.list(of: dependent.value)
            if owners.contains(where: { $0.uid == object.uid }) { dependents.append(dependent) }
        }
        return dependents
    }

    // MARK: Owners

    private func orphanDependents(of owner: APIObject) throws -> ReconcileResult {
        for dependent in try dependents(of: owner) {
            try StatusError.ignoringAbsence { () throws(StatusError) in
                try informers.client.update(dependent.key, uid: dependent.uid) {
                    OwnerReference.remove([owner.uid], from: &$0)
                }
            }
        }
        return try release(owner, CollectionFinalizer.orphan)
    }

    private func deleteDependents(of owner: APIObject) throws -> ReconcileResult {
        let blocking = try dependents(of: owner).filter { dependent in
            OwnerReference.list(of: dependent.value).contains { $0.uid == owner.uid && $0.blocksOwnerDeletion }
        }
        if blocking.isEmpty { return try release(owner, CollectionFinalizer.foreground) }
        for dependent in blocking where !dependent.isTerminating { _ = try judge(dependent) }
        // Its removal brings the owner back here; what is already gone will not.
        return ReconcileResult(requeueAfter: Self.patience)
    }

    private func release(_ owner: APIObject, _ finalizer: String) throws -> ReconcileResult {
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try informers.client.removeFinalizer(finalizer, from: owner.key, uid: owner.uid)
        }
        return .done
    }

    // MARK: Dependents

    /// The owners of an object, parted by what they are.
    private struct Owners {
        var solid: Set<String> = []
        var dangling: Set<String> = []
        /// Owners that go once this object is gone.
        var waiting: Set<String> = []
        var hasUnknownKind = false
    }

    private func classify(_ object: APIObject) throws(StatusError) -> Owners {
        var owners = Owners()
        for reference in OwnerReference.list(of: object.value) {
            guard let key = key(of: reference, in: object.namespace) else {
                owners.hasUnknownKind = true
                continue
            }
            let owner = try informers.client.get(key)
            if owner?.uid != reference.uid {
                owners.dangling.insert(reference.uid)
            } else if owner?.isTerminating == true, owner?.isHeld(by: CollectionFinalizer.foreground) == true {
                owners.waiting.insert(reference.uid)
            } else {
                owners.solid.insert(reference.uid)
            }
        }
        return owners
    }

    /// Deletes an object that no owner keeps; one that an owner keeps loses its references to the others.
    private func judge(_ object: APIObject) throws -> ReconcileResult {
        let owners = try classify(object)
        // A kind that nobody knows may come to be known; until then its object counts as being there.
        if owners.hasUnknownKind || owners.dangling.isEmpty && owners.waiting.isEmpty { return .done }
        let inForeground = try !owners.waiting.isEmpty && !dependents(of: object).isEmpty
        try StatusError.ignoringAbsence { () throws(StatusError) in
            let client = informers.client
            if !owners.solid.isEmpty {
                try client.update(object.key, uid: object.uid) {
                    OwnerReference.remove(owners.dangling.union(owners.waiting), from: &$0)
                }
                return
            }
            let propagation = inForeground ? .foreground : Self.standingPropagation(of: object)
            try client.delete(object.key, uid: object.uid, propagation: propagation)
        }
        return .done
    }

    /// What becomes of an object's dependents by its own finalizers. Without any they go with it, even of kinds whose
    /// dependents stay when a client does not say: who has lost its owner is not to leave orphans.
    // Kubernetes: pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem
    private static func standingPropagation(of object: APIObject) -> DeleteOptions.Propagation {
        if object.isHeld(by: CollectionFinalizer.orphan) { return .orphan }
        return object.isHeld(by: CollectionFinalizer.foreground) ? .foreground : .background
    }
}

// SPDX-License-Identifier: Apache-2.0
// The objects of a collection by who controls them, kept once for all controllers.

import OrderedCollections
import PodiumClient
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// The objects of a collection, by their controllers.
// State | guarded by | why separate
// state | queue | the queue of the informers, whose changes it follows
final class OwnedObjects<Object: Ownable>: Sendable {
    /// An object before and after a change.
    struct Change: Sendable {
        let old: Object?
        let new: Object?

        /// The object, or what it was last.
        var object: Object? { new ?? old }
        /// Whether the same object was and is controlled by the same owner.
        var keepsController: Bool { old?.controller?.uid == new?.controller?.uid }
    }

    fileprivate struct State {
        var objects: [NamespacedName: Object] = [:]
        /// By the UID of the owner, in the order in which they came.
        var owned: [String: OrderedSet<NamespacedName>] = [:]
        /// By namespace.
        var orphans: [String: Set<NamespacedName>] = [:]
        var followers: [@Sendable (Change) -> Void] = []
    }

    fileprivate let state: Confined<State>
    private let read: @Sendable (APIObject) -> Object

    /// Follows `resource`, whose objects `read` reads.
    init(_ resource: GroupResource, informers: SharedInformers, read: @escaping @Sendable (APIObject) -> Object) {
        self.read = read
        state = Confined(State(), on: informers.queue)
        informers.handle(resource) { [weak self] event in self?.take(event) }
    }

    /// Has `follower` called with every change from now on.
    func follow(_ follower: @escaping @Sendable (Change) -> Void) { state.withState { $0.followers.append(follower) } }

    /// What the object of `uid` controls.
    func owned(by uid: String) -> [Object] {
        state.withState { state in state.owned[uid]?.compactMap { state.objects[$0] } ?? [] }
    }

    /// What nobody controls in a namespace and `selector` takes, by name.
    func orphans(in namespace: String, _ selector: LabelSelector) -> [Object] {
        state.withState { state in
            let found = state.orphans[namespace]?.compactMap { state.objects[$0] } ?? []
            return found.filter { selector.matches($0.labels) }.sorted { $0.key.name < $1.key.name }
        }
    }

    /// What may belong to the object of `uid`, which selects by `selector`.
    func candidates(for uid: String, in namespace: String, _ selector: LabelSelector) -> [Object] {
        owned(by: uid) + orphans(in: namespace, selector)
    }

    private func take(_ event: InformerEvent) {
        let object = read(event.object)
        let isGone = if case .deleted = event { true } else { false }
        let name = object.key.name
        let (change, followers) = state.withState { state in
            let old = isGone ? state.objects.removeValue(forKey: name) : state.objects.updateValue(object, forKey: name)
            if let old, isGone || old.controller?.uid != object.controller?.uid { state.unlist(old) }
            if !isGone, old == nil || old?.controller?.uid != object.controller?.uid { state.list(object) }
            return (Change(old: isGone ? object : old, new: isGone ? nil : object), state.followers)
        }
        for follower in followers { follower(change) }
    }
}

extension OwnedObjects.State {
    fileprivate mutating func list(_ object: Object) {
        if let uid = object.controller?.uid {
            owned[uid, default: []].append(object.key.name)
        } else {
            orphans[object.key.name.namespace, default: []].insert(object.key.name)
        }
    }

    fileprivate mutating func unlist(_ object: Object) {
        let name = object.key.name
        if let uid = object.controller?.uid {
            owned[uid]?.remove(name)
            if owned[uid]?.isEmpty == true { owned[uid] = nil }
        } else {
            orphans[name.namespace]?.remove(name)
            if orphans[name.namespace]?.isEmpty == true { orphans[name.namespace] = nil }
        }
    }
}

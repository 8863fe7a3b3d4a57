// SPDX-License-Identifier: Apache-2.0
// Which FlowSchema a request falls under, by the objects as they are at that moment. Nobody is turned away by it.

import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery
import PodiumRegistry
package import PodiumStorage

/// Finds the flow of each request, which its answer names.
///
/// The objects are held read. A write to one of them only counts up a number; the next request reads them anew.
// State | guarded by | why separate
// held | a mutex a thread | replaced as a whole; the lock is held for the pointers only, storage is read outside of it
// Kubernetes: apiserver/pkg/util/flowcontrol/apf_controller.go, apf_filter.go
package final class FlowClassifier: Sendable {
    /// What was read when so many changes had been counted.
    private struct Held: Sendable {
        var changes: UInt64 = 0
        /// Of those who may do everything, for whom nothing else needs to be read.
        var masters: FlowIdentity?
        var schemas: [FlowSchema]?
    }

    private static let exempt = "exempt"

    private let storage: any Storage
    private let held = ThreadShards(Held())
    private let changes: CollectionChanges

    /// Begins to follow the objects in `storage`.
    package init(storage: any Storage) {
        self.storage = storage
        changes = CollectionChanges(of: [.flowSchemas, .priorityLevels], in: storage)
    }

    /// The flow of a request; nil when no schema is about it.
    func flow(of user: UserInfo, _ subject: some AccessDescribing) -> FlowIdentity? {
        let changes = changes.count
        // The schema of precedence 1 is theirs, and no other may have it.
        let isMaster = user.isMaster
        if isMaster, let known = held.withOwn({ $0.changes == changes ? $0.masters : nil }) { return known }
        var current = held.withOwn { $0 }
        do throws(StatusError) {
            if current.changes != changes { current = Held(changes: changes, masters: try exemptFlow()) }
            if !isMaster || current.masters == nil, current.schemas == nil { current.schemas = try schemas() }
        } catch {
            // An answer that does not name its flow is still right; the next request tries again.
            return nil
        }
        keep(current)
        if isMaster, let masters = current.masters { return masters }
        let access = subject.access
        return current.schemas?.first { $0.matches(user, access) }?.identity
    }

    private func keep(_ fresh: Held) {
        held.withOwn { current in
            if fresh.changes > current.changes || fresh.changes == current.changes && current.schemas == nil {
                current = fresh
            }
        }
    }

    private func exemptFlow() throws(StatusError) -> FlowIdentity? {
        guard let schema = try storage.object(ObjectKey(.flowSchemas, name: Self.exempt)),
            let level = try storage.object(ObjectKey(.priorityLevels, name: Self.exempt))
        else { return nil }
        return FlowIdentity(schema: schema.facts.uid, level: level.facts.uid)
    }

    /// All schemas whose level exists, in the order in which they are tried.
    private func schemas() throws(StatusError) -> [FlowSchema] {
        var levels: [String: String] = [:]
        for level in try storage.objects(of: .priorityLevels) { levels[level.key.name.name] = level.facts.uid }
        let schemas = try storage.objects(of: .flowSchemas).compactMap { object -> FlowSchema? in
            let value = object.value()
            let level = value[path: "spec", "priorityLevelConfiguration", "name"]?.string ?? ""
            guard let levelUID = levels[level] else { return nil }
            return FlowSchema(value, FlowIdentity(schema: object.facts.uid, level: levelUID))
        }
        return schemas.sorted { ($0.precedence, $0.name) < ($1.precedence, $1.name) }
    }
}

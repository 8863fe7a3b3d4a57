// SPDX-License-Identifier: Apache-2.0
// A cluster in process in which nothing lives yet, for tests of whatever is to live in it.

import Logging
import PodiumAPIServer
package import PodiumClient
package import PodiumCodec
package import PodiumHost
import PodiumKinds
package import PodiumMachinery
package import PodiumRegistry
import PodiumSchema
package import PodiumStorage

/// Storage in memory, a virtual clock and the door of the API.
///
/// What a test is about writes through the door. A test itself may also put objects there as they are, in a state that
/// no client could bring about at once.
package struct BareCluster: Sendable {
    package let clock: ClusterClock
    /// What is really stored.
    package let memory: WatchCache
    /// What everybody reads and writes: `memory`, with failures where a test wants them.
    package let storage: FaultyStorage
    package let host: Host
    package let api: ClusterAPI
    /// Writes as the API server itself.
    package let client: ResourceClient

    /// The types of the API, which all tests of a process share: to read them takes longer than most tests.
    private static let surface = APISurface(registry: .builtIn(), schemas: SchemaRegistry())

    /// - Parameters:
    ///   - memory: what is stored, and how.
    ///   - seed: of all that is drawn.
    ///   - timeouts: of what runs in real time.
    ///   - scheduling: where queues come from; nil for the clock.
    ///   - disabled: the admission plugins that it does without.
    ///   - serviceNetwork: where the addresses of Services come from.
    package init(
        memory: WatchCache = WatchCache(),
        seed: UInt64 = 1,
        scheduling: (any WorkScheduling)? = nil,
        clock: ClusterClock = ClusterClock(mode: .virtual),
        timeouts: any TimeoutScheduling = DispatchTimeouts(),
        disabling disabled: Set<String> = ["ServiceAccount"],
        serviceNetwork: ServiceNetwork = .standard
    ) {
        self.clock = clock
        self.memory = memory
        storage = FaultyStorage(memory)
        host = Host(
            clock: clock,
            scheduling: scheduling ?? clock,
            timeouts: timeouts,
            random: RandomSource(seed: seed),
            logger: Logger(label: "test")
        )
        api = ClusterAPI(
            surface: Self.surface,
            storage: storage,
            host: host,
            admission: AdmissionChain(disabling: disabled),
            serviceNetwork: serviceNetwork
        )
        client = ResourceClient(api: api, fieldManager: "test")
    }

    // MARK: Time

    /// Lets time pass, and everything happen that is due until then.
    package func advance(_ duration: Duration) throws { _ = try clock.advance(.by(duration)) }

    // MARK: Objects

    /// Puts an object there as it is, but for a UID and a time: nothing is validated, and a status stays.
    @discardableResult
    package func put(_ object: JSONValue) throws -> APIObject {
        let definition = try definition(of: object)
        let store = try api.store(definition.groupResource, namespace: object.namespace)
        var object = try api.canonical(object, in: store)
        store.strategy.applyDefaults(&object)
        if object[path: "metadata", "uid"] == nil { object[path: "metadata", "uid"] = .string(host.random.uid()) }
        if object[path: "metadata", "creationTimestamp"] == nil {
            object[path: "metadata", "creationTimestamp"] = .string(host.clock.now.rfc3339)
        }
        let key = ObjectKey(definition.storage, namespace: object.namespace, name: object.name)
        let draft = ObjectDraft(object, facts: ObjectFacts(of: object, fields: definition.rules.selectableFields))
        return APIObject(try storage.create(key, draft))
    }

    /// Changes an object as it is.
    package func edit(_ key: ObjectKey, _ change: (inout JSONValue) -> Void) throws {
        guard let stored = try storage.get(key) else { throw StorageError.keyNotFound(key) }
        var object = stored.value()
        change(&object)
        let store = try api.store(key.resource, namespace: key.name.namespace)
        let facts = ObjectFacts(of: object, fields: store.definition.rules.selectableFields)
        let draft = ObjectDraft(object, facts: facts)
        _ = try storage.update(key, expecting: stored.revision, draft)
    }

    /// Removes an object at once, whatever its finalizers and grace.
    package func remove(_ key: ObjectKey) throws {
        guard let stored = try storage.get(key) else { throw StorageError.keyNotFound(key) }
        _ = try storage.delete(key, expecting: stored.revision)
    }

    /// The object that is really stored; nil when there is none.
    package func object(_ key: ObjectKey) -> APIObject? { memory.get(key).map(APIObject.init) }

    /// The Events about `name`, in the order of their creation.
    package func events(about name: String) throws -> [APIObject] {
        try client.list(.events).filter { $0.value["involvedObject"]?["name"]?.string == name }
            .sorted { $0.revision < $1.revision }
    }

    private func definition(of object: JSONValue) throws(StatusError) -> ResourceDefinition {
        let version = GroupVersion(object["apiVersion"]?.string ?? "v1")
        let kind = object["kind"]?.string ?? ""
        guard let version,
            let definition = api.surface.registry.resource(
                kind: GroupVersionKind(group: version.group, version: version.version, kind: kind)
            )
        else { throw .internalError("no kind \(kind)") }
        return definition
    }
}

extension JSONValue {
    fileprivate var name: String { self[path: "metadata", "name"]?.string ?? "" }
    fileprivate var namespace: String { self[path: "metadata", "namespace"]?.string ?? "" }
}

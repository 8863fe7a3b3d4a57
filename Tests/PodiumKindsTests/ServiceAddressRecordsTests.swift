// SPDX-License-Identifier: Apache-2.0
// Facts about the IPAddresses of Services.

import PodiumCodec
import PodiumKinds
import PodiumMachinery
import PodiumRegistry
import PodiumStorage
import PodiumTestKit
import Synchronization
import Testing

@Suite struct ServiceAddressRecordsTests {
    /// Writes Services into a storage, with their records.
    private struct Writer: Sendable {
        let storage: any Storage
        private let api: ClusterAPI
        private let records = ServiceAddressRecords()

        init(_ memory: WatchCache) {
            storage = memory
            api = BareCluster(memory: memory).api
        }

        func create(_ key: ObjectKey, _ draft: ObjectDraft) throws(StorageError) -> StoredObject {
            try records.write(key.name, old: nil, new: draft.facts, in: api) { () throws(StorageError) in
                try storage.create(key, draft)
            }
        }

        func update(
            _ key: ObjectKey,
            expecting expected: Revision,
            _ draft: ObjectDraft
        ) throws(StorageError) -> StoredObject {
            try records.write(
                key.name,
                old: try storage.get(key)?.facts,
                new: draft.facts,
                in: api
            ) { () throws(StorageError) in
                try storage.update(key, expecting: expected, draft)
            }
        }

        func delete(_ key: ObjectKey, expecting expected: Revision) throws(StorageError) -> StoredObject {
            try records.write(key.name, old: storage.get(key)?.facts, new: nil, in: api) { () throws(StorageError) in
                try storage.delete(key, expecting: expected)
            }
        }
    }

    private let log = TurnedLog()
    private let memory: WatchCache
    private let storage: Writer

    init() {
        memory = WatchCache(log: log)
        storage = Writer(memory)
    }

    private static func key(_ name: String) -> ObjectKey { ObjectKey(.services, namespace: "ns", name: name) }

    private static func draft(_ name: String, _ address: String) -> ObjectDraft {
        let object: JSONValue = [
            "kind": "Service", "apiVersion": "v1", "metadata": ["name": .string(name), "namespace": "ns"],
            "spec": ["clusterIP": .string(address)],
        ]
        return ObjectDraft(
            object,
            facts: ObjectFacts(of: object, fields: BuiltInKinds.definition(of: .services).selectableFields)
        )
    }

    /// Which addresses are whose.
    private func records() throws -> [String: String] {
        let objects = try memory.list(.ipAddresses, scope: .all, from: nil, limit: nil, at: nil).objects
        return Dictionary(
            uniqueKeysWithValues: objects.map {
                ($0.key.name.name, $0.value()[path: "spec", "parentRef", "name"]?.string ?? "")
            }
        )
    }

    @Test func anAddressIsRecordedBeforeItsServiceAndForgottenBehindIt() throws {
        let service = try storage.create(Self.key("a"), Self.draft("a", "10.96.1.1"))
        let record = try #require(memory.get(ObjectKey(.ipAddresses, name: "10.96.1.1")))
        #expect(record.revision < service.revision)
        let value = record.value()
        #expect(value["spec"] == ["parentRef": ["resource": "services", "namespace": "ns", "name": "a"]])
        #expect(
            value[path: "metadata", "labels"]
                == [
                    "ipaddress.kubernetes.io/ip-family": "IPv4",
                    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
                ]
        )
        #expect(record.facts.uid.count == 36)
        _ = try storage.delete(Self.key("a"), expecting: service.revision)
        #expect(try records().isEmpty)
    }

    @Test(arguments: ["", "None"])
    func servicesWithoutAnAddressHaveNoRecord(address: String) throws {
        _ = try storage.create(Self.key("a"), Self.draft("a", address))
        #expect(try records().isEmpty)
    }

    @Test func aRecordFollowsTheAddress() throws {
        var service = try storage.create(Self.key("a"), Self.draft("a", "10.96.1.1"))
        service = try storage.update(Self.key("a"), expecting: service.revision, Self.draft("a", "10.96.1.2"))
        #expect(try records() == ["10.96.1.2": "a"])
        service = try storage.update(Self.key("a"), expecting: service.revision, Self.draft("a", "10.96.1.2"))
        #expect(try records() == ["10.96.1.2": "a"])
        _ = try storage.update(Self.key("a"), expecting: service.revision, Self.draft("a", ""))
        #expect(try records().isEmpty)
    }

    @Test func aRefusedWriteLeavesNothingBehind() throws {
        let service = try storage.create(Self.key("a"), Self.draft("a", "10.96.1.1"))
        #expect(throws: StorageError.self) { try storage.create(Self.key("a"), Self.draft("a", "10.96.1.2")) }
        #expect(throws: StorageError.self) {
            try storage.update(Self.key("a"), expecting: Revision(1), Self.draft("a", "10.96.1.3"))
        }
        #expect(throws: StorageError.self) { try storage.create(Self.key("a"), Self.draft("a", "10.96.1.1")) }
        #expect(try records() == ["10.96.1.1": "a"])
        // Of two Services with one address, which only a race could make, the first keeps the record.
        let other = try storage.create(Self.key("b"), Self.draft("b", "10.96.1.1"))
        _ = try storage.delete(Self.key("b"), expecting: other.revision)
        #expect(try records() == ["10.96.1.1": "a"])
        _ = try storage.delete(Self.key("a"), expecting: service.revision)
        #expect(try records().isEmpty)
    }

    /// What another thread does right behind the first removal of a Service, before that of its record.
    private func removal(of key: ObjectKey, then meanwhile: @escaping @Sendable (any Storage) throws -> Void) throws {
        let service = try #require(memory.get(key))
        log.turn(meanwhile)
        _ = try storage.delete(key, expecting: service.revision)
    }

    @Test(arguments: ["a", "b"])
    func anAddressIsTakenWhileItsRecordGoes(next: String) throws {
        _ = try storage.create(Self.key("a"), Self.draft("a", "10.96.1.1"))
        let records = storage
        try removal(of: Self.key("a")) { _ in
            _ = try records.create(Self.key(next), Self.draft(next, "10.96.1.1"))
        }
        #expect(try self.records() == ["10.96.1.1": next])
    }

    @Test func aRecordGoesBetweenTheLookAndTheWrite() throws {
        let old = try storage.create(Self.key("a"), Self.draft("a", "10.96.1.1"))
        // The Service is gone, its record goes while the next one is written.
        _ = try memory.delete(Self.key("a"), expecting: old.revision)
        let record = ObjectKey(.ipAddresses, name: "10.96.1.1")
        log.turn { memory in
            let revision = try #require(try memory.get(record)).revision
            _ = try memory.delete(record, expecting: revision)
        }
        _ = try storage.create(Self.key("b"), Self.draft("b", "10.96.1.1"))
        #expect(try records() == ["10.96.1.1": "b"])
    }
}

/// A log in which something happens right behind a write of a Service.
private final class TurnedLog: RevisionLog {
    private let meanwhile = Mutex<(@Sendable (any Storage) throws -> Void)?>(nil)

    /// Has this happen behind the next write of a Service.
    func turn(_ meanwhile: @escaping @Sendable (any Storage) throws -> Void) {
        self.meanwhile.withLock { $0 = meanwhile }
    }

    func append(_ change: Change, to cache: WatchCache) throws(StorageError) -> StoredObject {
        let object = try cache.commit(change)
        guard object.key.resource == .services else { return object }
        let meanwhile = meanwhile.withLock { meanwhile in
            defer { meanwhile = nil }
            return meanwhile
        }
        if let meanwhile { #expect(throws: Never.self) { try meanwhile(cache) } }
        return object
    }
}

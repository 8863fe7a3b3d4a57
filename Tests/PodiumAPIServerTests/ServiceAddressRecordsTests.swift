// SPDX-License-Identifier: Apache-2.0
// Facts about the IPAddresses of Services.

import Logging
import PodiumAPIServer
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Testing

@Suite struct ServiceAddressRecordsTests {
    private let memory = MemoryStorage()
    private let storage: ServiceAddressRecords

    init() {
        let clock = ClusterClock(mode: .virtual)
        let host = Host(
            clock: clock,
            scheduling: clock,
            timeouts: DispatchTimeouts(),
            random: RandomSource(seed: 1),
            logger: Logger(label: "test")
        )
        storage = ServiceAddressRecords(memory, host: host)
    }

    private static func key(_ name: String) -> ObjectKey { ObjectKey(.services, namespace: "ns", name: name) }

    private static func draft(_ name: String, _ address: String) -> ObjectDraft {
        let object: JSONValue = [
            "kind": "Service", "apiVersion": "v1", "metadata": ["name": .string(name), "namespace": "ns"],
            "spec": ["clusterIP": .string(address)],
        ]
        return ObjectDraft(object, facts: ObjectFacts(of: object, in: .services))
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
}

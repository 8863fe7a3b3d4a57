// SPDX-License-Identifier: Apache-2.0
// A cluster without a server for the tests of kinds and admission: objects go through strategies, plugins and storage.

package import PodiumCodec
package import PodiumHost
package import PodiumMachinery
import PodiumRegistry
package import PodiumStorage
import PodiumTestKit

/// A cluster with the namespaces `default` and `ns`.
package struct KindFixture {
    private let cluster: BareCluster

    package var storage: WatchCache { cluster.memory }
    package var host: Host { cluster.host }

    /// A cluster with all plugins but those `disabled`, whose Services have their addresses from `serviceNetwork`.
    package init(
        disabling disabled: Set<String> = ["ServiceAccount"],
        namespaceLabels: JSONValue = [:],
        serviceNetwork: ServiceNetwork = .standard
    ) throws {
        cluster = BareCluster(disabling: disabled, serviceNetwork: serviceNetwork)
        for name in ["default", "ns"] {
            let labels = name == "ns" ? namespaceLabels : [:]
            _ = try create("namespaces", ["metadata": ["name": .string(name), "labels": labels]])
        }
    }

    private func store(_ resource: String, _ group: String, _ subresource: String?) throws -> ResourceStore {
        let resource = GroupResource(group: group, resource: resource)
        return try cluster.api.store(resource, namespace: "ns", subresource: subresource ?? "")
    }

    private func complete(_ object: JSONValue, in store: ResourceStore) -> JSONValue {
        var object = object
        object["apiVersion"] = .string(store.definition.apiVersion)
        object["kind"] = .string(store.definition.kind)
        if object["metadata"]?.object == nil { object["metadata"] = ["name": "x"] }
        return object
    }

    /// Adds an object, named `x` if it has no metadata.
    @discardableResult
    package func create(_ resource: String, in group: String = "", _ object: JSONValue) throws -> JSONValue {
        try createWarning(resource, in: group, object).object
    }

    /// Adds an object; returns also what was warned of.
    package func createWarning(
        _ resource: String,
        in group: String = "",
        _ object: JSONValue
    ) throws -> (object: JSONValue, warnings: [String]) {
        let store = try store(resource, group, nil)
        let options = WriteOptions()
        let result = try store.create(complete(object, in: store), options: options)
        return (result.value, options.warnings.texts)
    }

    /// Replaces an object.
    @discardableResult
    package func update(
        _ resource: String,
        in group: String = "",
        named name: String = "x",
        subresource: String? = nil,
        _ object: JSONValue
    ) throws -> JSONValue {
        let store = try store(resource, group, subresource)
        var object = object
        if object["metadata"] == nil { object["metadata"] = ["name": .string(name)] }
        if !store.strategy.allowsUnconditionalUpdate {
            object[path: "metadata", "resourceVersion"] = .string(try store.get(name).revision.description)
        }
        let complete = complete(object, in: store)
        return try store.update(name, options: WriteOptions()) { _ in Replacement(complete) }.result.value
    }

    /// Deletes an object.
    package func delete(_ resource: String, in group: String = "", _ name: String = "x") throws {
        _ = try store(resource, group, nil).delete(name, options: DeleteOptions())
    }

    /// The causes with which a write is refused, as `field: message`, or its message when it names no fields.
    package static func problems(_ write: () throws -> JSONValue) -> [String] {
        do {
            _ = try write()
            return []
        } catch let error as StatusError {
            let causes = error.details?.causes ?? []
            return causes.isEmpty ? [error.message] : causes.map { "\($0.field ?? ""): \($0.message)" }
        } catch {
            return ["\(error)"]
        }
    }

    /// The causes with which a new object is refused.
    package func problems(_ resource: String, in group: String = "", _ object: JSONValue) -> [String] {
        Self.problems { try create(resource, in: group, object) }
    }
}

/// A row of a table: an object in JSON, and with what it is refused.
package struct KindRule: Sendable, CustomStringConvertible {
    package let object: String
    package let problems: [String]

    package init(_ object: String, _ problems: String...) {
        self.object = object
        self.problems = problems
    }

    package var description: String { object }

    /// The object, named `x`.
    package var value: JSONValue {
        get throws {
            var value = try JSONValue(json: object)
            if value["metadata"] == nil { value["metadata"] = ["name": "x"] }
            return value
        }
    }
}

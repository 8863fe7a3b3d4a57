// SPDX-License-Identifier: Apache-2.0
// Pods for the tests of the pod rules, written as abbreviated JSON.

package import PodiumCodec
import PodiumKinds
package import PodiumMachinery
package import PodiumRegistry
import PodiumTestKit

/// One row of a table of rules: a spec, abbreviated, and what is wrong with it.
package struct PodRule: CustomStringConvertible, Sendable {
    package let spec: String
    package var annotations = "{}"
    package let problems: [String]

    package init(_ spec: String, annotations: String = "{}", _ problems: String...) {
        self.spec = spec
        self.annotations = annotations
        self.problems = problems
    }

    package var description: String { spec }
}

/// Pods for tests.
package enum PodFixture {
    /// The moment at which all tests happen.
    package static let now = Timestamp(rfc3339: "2026-01-01T00:10:00Z") ?? Timestamp(seconds: 0)

    /// A pod with defaults; `spec` without `containers` gets one container.
    package static func pod(_ spec: String, annotations: String = "{}", status: String = "{}") throws -> JSONValue {
        var pod: JSONValue = ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p", "namespace": "ns"]]
        var body = try JSONValue(json: spec)
        if body["containers"] == nil { body["containers"] = [["name": "c", "image": "img:1"]] }
        pod["spec"] = body
        pod[path: "metadata", "annotations"] = try JSONValue(json: annotations)
        pod["status"] = try JSONValue(json: status)
        PodStrategy().applyDefaults(&pod)
        return pod
    }

    /// A spec with one container that has `members` beside its name and its image.
    package static func container(_ members: String) -> String {
        #"{"containers":[{"name":"c","image":"img:1",\#(members)}]}"#
    }

    /// A spec with one volume named `v` of this source.
    package static func volume(_ source: String) -> String {
        #"{"volumes":[{"name":"v",\#(source)}]}"#
    }

    /// What is wrong with a new pod of this spec.
    package static func problems(_ spec: String, annotations: String = "{}") throws -> [String] {
        PodStrategy().validate(try pod(spec, annotations: annotations), context: try context()).map(\.message)
    }

    /// What strategies ask in the namespace `ns` of an empty cluster.
    package static func context() throws -> StrategyContext {
        StrategyContext(api: BareCluster().api, namespace: "ns")
    }

    /// The result of an update by `strategy`, and what is wrong with it.
    package static func update(
        _ old: JSONValue,
        by strategy: any ResourceStrategy = PodStrategy(),
        _ change: (inout JSONValue) throws -> Void
    ) throws -> (pod: JSONValue, problems: [String]) {
        var pod = old
        try change(&pod)
        strategy.applyDefaults(&pod)
        let context = try context()
        do throws(StatusError) {
            try strategy.prepareForUpdate(&pod, old: old, context: context)
            return (pod, try strategy.validateUpdate(pod, old: old, context: context).map(\.message))
        } catch {
            return (pod, [error.message])
        }
    }
}

extension JSONValue {
    /// The member at `names`, numbers of elements among them: `spec/containers/0/name`.
    package subscript(place place: String) -> JSONValue? {
        place.split(separator: "/").reduce(self) { value, name in
            guard let index = Int(name) else { return value?[String(name)] }
            let elements = value?.elements ?? []
            return elements.indices.contains(index) ? elements[index] : nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Binding a pod to a node: what `POST …/binding` does, and what the scheduler in this process does.

package import PodiumCodec
import PodiumHost
package import PodiumMachinery
import PodiumPodModel
package import PodiumRegistry
import PodiumStorage

extension ResourceStore {
    /// Binds the pod called `pod` as `binding` says.
    /// - Throws: 422 for a binding that says it wrongly; 404 when there is no such pod; 409 when it is another one than
    ///   the binding means, or is bound already.
    // Kubernetes: pkg/registry/core/pod/storage/storage.go BindingREST
    package func bind(_ pod: String, _ binding: JSONValue, isDryRun: Bool = false) throws(StatusError) {
        if let refusal = PodBinding.refusal(PodBinding.errors(binding)) { throw refusal }
        let node = try storage.object(ObjectKey(.nodes, name: binding[path: "target", "name"]?.string ?? ""))
        let binding = PodBinding.withTopology(binding, of: node?.facts.labels ?? [:])
        try transform(pod, isDryRun: isDryRun) { object throws(StatusError) in
            try checkPreconditions(of: binding, object)
            try PodBinding.assign(pod: &object, binding: binding, now: api.host.clock.now)
        }
    }

    /// A binding may say which pod it is about, by UID and by version.
    private func checkPreconditions(of binding: JSONValue, _ pod: JSONValue) throws(StatusError) {
        let name = pod[path: "metadata", "name"]?.string ?? ""
        for (member, text) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
            let actual = pod[path: "metadata", member]?.string ?? ""
            guard let wanted = binding[path: "metadata", member]?.string, !wanted.isEmpty, wanted != actual else {
                continue
            }
            throw preconditionFailed(name, "\(text) in precondition: \(wanted), \(text) in object meta: \(actual)")
        }
    }
}

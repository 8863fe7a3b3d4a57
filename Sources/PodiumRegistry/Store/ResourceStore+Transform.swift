// SPDX-License-Identifier: Apache-2.0
// What the server does to an object by itself, on behalf of a request about something else.

package import PodiumCodec
package import PodiumMachinery
import PodiumStorage

extension ResourceStore {
    /// Changes an object as the server itself does: conditionally, and anew when another writer was faster. Nobody
    /// comes to own fields by it, and nothing but `change` decides whether it is right.
    // Kubernetes: the callers of GuaranteedUpdate in pkg/registry, as BindingREST.setPodNodeAndMetadata
    package func transform(
        _ name: String,
        isDryRun: Bool = false,
        _ change: (inout JSONValue) throws(StatusError) -> Void
    ) throws(StatusError) {
        for attempt in 1... {
            let current = try get(name)
            let old = current.read().value
            var object = old
            try change(&object)
            if isDryRun || object == old { return }
            do throws(StorageError) {
                _ = try replace(current, by: object)
                return
            } catch .conflict where attempt < Limits.maximumConflictRetries {
                continue
            } catch {
                throw StatusError(error, resource: resource)
            }
        }
    }
}

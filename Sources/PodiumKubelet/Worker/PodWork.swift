// SPDX-License-Identifier: Apache-2.0
// One look at a pod: what was found, the steps that follow from it, and what came of them.

package import PodiumMachinery

/// Why a container could not be started.
package struct StartFailure: Hashable, Sendable {
    /// The waiting reason: `CrashLoopBackOff`, `ErrImagePull`, …
    package var reason: String
    package var message: String
    /// Until when the container must wait; nil when the next attempt is not bound to a time.
    package var expiry: Timestamp?

    init(_ reason: String, _ message: String, expiry: Timestamp? = nil) {
        self.reason = reason
        self.message = message
        self.expiry = expiry
    }
}

/// A step of a look at a pod.
enum PodOperation: Hashable, Sendable {
    /// Wait until all volumes are mounted; looked at every so often from `since` on.
    case awaitVolumes(since: Timestamp)
    /// Decide what to do.
    case plan
    case kill(KillBatch)
    /// Take the network away, once nothing runs.
    case stopSandbox
    case createSandbox(ready: Timestamp?)
    case start(ContainerStart)
    /// Forget all containers, because all of them start over.
    case forgetContainers
    case resize(apply: Timestamp?)
}

/// A look at a pod that has begun.
struct PodWork: Hashable, Sendable {
    /// The containers as the look found them; all decisions go by this.
    let snapshot: RuntimeView
    /// The steps to come; the first is the present one.
    var operations: [PodOperation]
    /// When the present step goes on by itself; nil when it waits for something to happen, or is done.
    var wake: Timestamp?
    var failures: [String: StartFailure] = [:]
    var successes: [String] = []
    /// Whether containers were changed, so that it pays to look again at once.
    var hasChanged = false

    init(_ snapshot: RuntimeView, _ operations: [PodOperation]) {
        self.snapshot = snapshot
        self.operations = operations
    }
}

/// What a step came to.
enum StepResult {
    case done
    /// It went on but is not done.
    case progressed
    /// Nothing happens before that moment, or before an event.
    case waiting(until: Timestamp?)
}

// SPDX-License-Identifier: Apache-2.0
// What pod workers get from their node: time, chance, addresses, images, objects of the API.

package import PodiumClient
package import PodiumMachinery
package import PodiumPodModel
package import PodiumRuntime

/// The surroundings of the pod workers of one node. Used on the kubelet's queue only.
package protocol WorkerEnvironment: AnyObject {
    /// The present moment.
    var now: Timestamp { get }
    /// A random number from 0 up to, but not including, 1.
    func chance() -> Double
    /// 64 random hexadecimal digits.
    func hexID() -> String
    /// An address for a pod that no other pod of the cluster has; nil when all are taken.
    func allocateAddress() -> String?
    /// Gives an address back.
    func releaseAddress(_ address: String)
    /// The images on the node.
    var images: ImageStore { get }
    /// The images of the cluster's registries.
    var registry: ImageRegistry { get }
    /// Remembers that an image was pulled or is used.
    func noteImage(_ reference: ImageReference, _ profile: ImageProfile)
    /// The token of a service account, made when a container reads it.
    func token(_ request: PodTokenRequest, mountedAt time: Timestamp) -> DeferredContent
    /// Where the addresses of Services come from.
    var serviceNetwork: ServiceNetwork { get }
    /// What containers see of the cluster.
    var world: any PodWorld { get }
    func configMap(_ name: NamespacedName) throws(StatusError) -> APIObject?
    func secret(_ name: NamespacedName) throws(StatusError) -> APIObject?
    /// The volume behind a claim.
    func volume(of claim: NamespacedName) throws(StatusError) -> ClaimedVolume
    /// Lets `body` read and change what the volumes called `names` hold, while nobody else does.
    func useVolumes(_ names: Set<String>, _ body: (inout [String: VolumeContent]) -> Void)
    /// Counts what volumes hold.
    func accountVolumes(_ names: Set<String>)
    /// The Services of a namespace, for environment variables.
    func services(in namespace: String) -> [APIObject]
    /// The node itself, for downward references to its resources.
    var allocatable: ResourceList { get }
    /// Whether little of this machine's memory is left.
    var isMemoryShort: Bool { get }
    /// Why the pod with that UID, which holds so many bytes, must make room in this machine's memory; nil when it need
    /// not.
    func memoryShortage(of uid: String, holding bytes: Int) -> MemoryShortage?
    /// What the node lacks to give the pod with that UID `requests` in place of what it has; nil when it has enough.
    func shortage(for requests: ResourceList, of uid: String) -> ResourceShortage?
}

extension WorkerEnvironment {
    /// `duration` made longer by up to `fraction`.
    // Kubernetes: apimachinery/pkg/util/wait/backoff.go Jitter
    func jittered(_ duration: Duration, by fraction: Double) -> Duration {
        .nanoseconds(duration.nanoseconds + Int64(Double(duration.nanoseconds) * fraction * chance()))
    }
}

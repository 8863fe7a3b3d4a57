// SPDX-License-Identifier: Apache-2.0
// Where the log of a container comes from: the seam to the kubelets.

package import PodiumExchange
package import PodiumMachinery

/// Which part of a container's log is wanted.
package struct ContainerLogOptions: Sendable {
    package var container = ""
    package var follows = false
    /// The run before the present one.
    package var previous = false
    package var showsTimestamps = false
    package var tailLines: Int64?
    package var limitBytes: Int64?
    /// Only lines from this moment on.
    package var since: Timestamp?

    package init() {}
}

/// The logs of a cluster's containers.
package protocol ContainerLogSource: Sendable {
    /// The log of a container of a pod, as it is now or as a stream that follows it.
    /// - Throws: 400 when there is none yet, or no previous one.
    func log(
        of pod: NamespacedName,
        uid: String,
        options: ContainerLogOptions
    ) throws(StatusError) -> HTTPResponse.Body
}

/// No kubelets, no logs.
package struct NoContainerLogs: ContainerLogSource {
    /// Makes the source.
    package init() {}

    package func log(
        of pod: NamespacedName,
        uid: String,
        options: ContainerLogOptions
    ) throws(StatusError) -> HTTPResponse.Body {
        throw .internalError("no kubelet runs in this cluster")
    }
}

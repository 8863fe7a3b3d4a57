// SPDX-License-Identifier: Apache-2.0
// Who connects to ports of pods.

package import PodiumMachinery

/// A connection to a port of a pod.
package protocol PortConnection: AnyObject, Sendable {
    /// Whether more should be sent.
    var hasRoom: Bool { get }
    func receive(_ bytes: [UInt8])
    func endInput()
    /// What came back, at most `limit` bytes, and whether nothing more comes.
    func take(limit: Int) -> (bytes: [UInt8], isOver: Bool)
}

/// Connects to ports of pods.
package protocol PortSource: Sendable {
    /// A connection to a port; nil when it is refused.
    func connect(to port: Int, of pod: NamespacedName, uid: String) -> (any PortConnection)?

    /// The answer to one request; nil when it is refused.
    func answer(_ request: ProxiedRequest, on port: Int, of pod: NamespacedName, uid: String) -> ProxiedAnswer?
}

/// The servers of kubelets, behind `…/nodes/{name}/proxy/`.
package protocol KubeletSource: Sendable {
    /// The answer of a node's kubelet; nil when it does not answer.
    func answer(_ request: ProxiedRequest, of node: String) throws(StatusError) -> ProxiedAnswer?
}

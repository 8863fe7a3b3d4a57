// SPDX-License-Identifier: Apache-2.0
// The kubelets of a cluster: one for each Node, each on a queue of its own.

import OrderedCollections
package import PodiumClient
import PodiumHost
package import PodiumMachinery
package import PodiumRuntime
import PodiumStorage

/// What the simulated machines of a cluster are like.
package struct KubeletConfiguration: Sendable {
    package var latencies: Latencies
    /// Whether Nodes get kubelets at all.
    package var isEnabled: Bool
    /// The images that they can pull.
    package var images: ImageRegistry
    /// Where the addresses of Services come from.
    package var serviceNetwork: ServiceNetwork
    /// Where those of pods and nodes come from.
    package var networks = ClusterNetworks.standard
    /// The bytes of this machine's memory that the files, processes and logs of all pods may take together.
    package var heldBytes = 512 << 20
    /// Who makes the tokens of service accounts.
    package var tokens: any PodTokenSource

    package init(
        latencies: Latencies = Latencies(),
        isEnabled: Bool = true,
        images: ImageRegistry,
        serviceNetwork: ServiceNetwork = .standard,
        tokens: any PodTokenSource = NoPodTokens()
    ) {
        self.latencies = latencies
        self.isEnabled = isEnabled
        self.images = images
        self.serviceNetwork = serviceNetwork
        self.tokens = tokens
    }
}

/// Whether a node's kubelet answers.
package enum NodePower: Hashable, Sendable {
    case on
    /// The kubelet falls silent; containers run on unseen. With a phase, its pods are shown in it.
    case unreachable(podPhase: PodPhase?)
    /// The kubelet starts anew; containers run on.
    case restart
    /// Kubelet and containers are gone.
    case off(podPhase: PodPhase?)
}

/// All kubelets of one cluster.
///
///     let hub = KubeletHub(client: client, configuration: configuration)
///     hub.start()
// State | guarded by | why separate
// cluster | queue | which kubelets and pods there are; informers and requests come in through the queue
// kubelets | a queue each | all that a kubelet knows of its node and its pods; what other nodes see of it is published
// logs | mutex of its own | request threads read logs without waiting for the queue
package final class KubeletHub: Sendable {
    private let cluster: Confined<KubeletCluster>
    private let informers: [Informer]
    private let feeds: [Reflector]
    private let roster = KubeletRoster()
    let network: ClusterNetwork
    let clock: any HostClock
    /// The logs of all containers.
    package let logs: PodLogs
    /// What all containers use.
    package let usages: PodUsages

    /// Makes the kubelets of the cluster that `client` writes to; nothing happens before `start`.
    package init(client: ResourceClient, configuration: KubeletConfiguration) {
        let queue = client.host.scheduling.makeQueue(label: "kubelets")
        let (logs, usages) = (PodLogs(), PodUsages())
        let surroundings = KubeletSurroundings(
            client: client,
            configuration: configuration,
            logs: logs,
            usages: usages
        )
        network = surroundings.network
        clock = client.host.clock
        let cluster = Confined(KubeletCluster(surroundings, queue: queue, roster: roster), on: queue)
        func informer(
            _ resource: GroupResource,
            keeps retention: Informer.Retention = .trees,
            _ handle: @escaping @Sendable (KubeletCluster, InformerEvent) -> Void
        ) -> Informer {
            Informer(client: client, resource: resource, keeps: retention, queue: queue) { [weak cluster] event in
                cluster?.withState { handle($0, event) }
            }
        }
        self.cluster = cluster
        self.logs = logs
        self.usages = usages
        informers = [
            informer(.namespaces) { $0.noteNamespace($1) },
            informer(.services) { $0.noteService($1) },
            informer(.endpointSlices, keeps: .bytes) { $0.noteSlice($1) },
            informer(.nodes) { $0.noteNode($1) },
        ]
        func feed(
            _ resource: GroupResource,
            _ handle: @escaping @Sendable (KubeletCluster, ReflectorEvent) -> Void
        ) -> Reflector {
            Reflector(resource, client: client, queue: queue) { [weak cluster] event in
                cluster?.withState { handle($0, event) }
            }
        }
        feeds = [
            feed(.configMaps) { $0.noteData(.configMap, $1) },
            feed(.secrets) { $0.noteData(.secret, $1) },
            feed(.pods) { $0.notePods($1) },
            feed(.persistentVolumes) { $0.noteVolume($1) },
        ]
    }

    /// Begins to look after Nodes and their Pods.
    package func start() {
        cluster.async { [cluster] in $0.begin(cluster) }
        for informer in informers { informer.start() }
        for feed in feeds { feed.start() }
    }

    /// Stops everything; containers end without a trace.
    package func stop() {
        for informer in informers { informer.stop() }
        for feed in feeds { feed.stop() }
        cluster.async { $0.end() }
    }

    /// Whether there is a kubelet for the node; it stays when only its Node object was deleted.
    package func hasKubelet(of node: String) -> Bool { roster.contains(node) }

    /// Has the kubelet of a node do something, on its queue.
    func whenFound(
        _ node: String,
        _ body: @escaping @Sendable (NodeKubelet) -> Void,
        otherwise: @escaping @Sendable () -> Void
    ) {
        cluster.async { cluster in
            if let kubelet = cluster.kubelets[node] { kubelet.async { body($0) } } else { otherwise() }
        }
    }

    /// Whether the kubelet of a node answers.
    package func answers(_ node: String) -> Bool { roster.answers(node) }

    /// Switches a node. Returns at once; it is done when the queue has come to it.
    package func setPower(_ power: NodePower, of node: String) {
        switch power {
        case .on, .restart: roster.setSilent(false, node)
        case .unreachable, .off: roster.setSilent(true, node)
        }
        cluster.async { $0.setPower(power, of: node) }
    }
}

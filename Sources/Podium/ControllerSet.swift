// SPDX-License-Identifier: Apache-2.0
// Everything of a cluster that acts by itself: controllers, scheduler and kubelets, started and stopped together.

import PodiumAPIServer
import PodiumClient
import PodiumControllers
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumRegistry
import PodiumRuntime
import PodiumScheduler

/// The parts of a cluster that follow its objects and change them.
final class ControllerSet: Sendable {
    private let selection: ControllerSelection
    private let controllers: StandardControllers
    private let scheduler: Scheduler
    private let kubelets: KubeletHub

    /// The logs of the containers that the kubelets run.
    let logs: any ContainerLogSource
    /// The way to run commands in these containers.
    let commands: any ContainerCommandSource
    /// The way to connect to their ports.
    let ports: any PortSource
    /// The servers of the kubelets.
    let servers: any KubeletSource
    /// The collections that say what the kubelets know.
    let computed: [any ComputedObjects]

    /// Makes them for the cluster that `client` writes to; nothing happens before `start`.
    init(
        _ selection: ControllerSelection,
        client: ResourceClient,
        addons: Set<Addon>,
        secretTokens: (any SecretTokenSource)? = nil,
        givesRangesToNodes: Bool,
        kubelets configuration: KubeletConfiguration,
        clock: ClusterClock
    ) {
        self.selection = selection
        var options = StandardControllers.Options(
            catalog: ResourceCatalog(client.api.surface.registry),
            enabled: selection.standard
        )
        options.secretTokens = secretTokens
        let network = configuration.serviceNetwork
        if givesRangesToNodes {
            options.podNetworks = StandardControllers.PodNetworks(configuration.networks.pods, without: network)
        }
        options.additional.append { KubernetesServiceController(informers: $0, network: network) }
        if addons.contains(.storage) { options.additional.append { SimulatedStorage(informers: $0) } }
        if addons.contains(.loadBalancer) {
            options.additional.append { LoadBalancerController(informers: $0, network: network) }
        }
        if addons.contains(.systemPods) { options.additional.append { SystemPods(informers: $0) } }
        kubelets = KubeletHub(client: client, configuration: configuration)
        let usages = kubelets.usages
        if addons.contains(.metrics) {
            options.metrics = KubeletMetrics(usages: usages)
            computed = [
                NodeMetricsCollection(client: client, usages: usages),
                PodMetricsCollection(client: client, usages: usages),
            ]
        } else {
            computed = []
        }
        controllers = StandardControllers(client: client, options: options)
        scheduler = Scheduler(client: client.acting(as: .scheduler, fieldManager: "kube-scheduler"))
        logs = KubeletLogs(kubelets.logs)
        commands = KubeletCommands(kubelets: kubelets, clock: clock)
        ports = KubeletPorts(kubelets: kubelets)
        servers = KubeletServers(kubelets: kubelets, client: client, logs: logs)
    }

    /// Begins to follow the cluster's objects, those parts that are selected.
    func start() {
        controllers.start()
        if selection.contains(ControllerSelection.scheduler) { scheduler.start() }
        if selection.contains(ControllerSelection.kubelets) { kubelets.start() }
    }

    /// Ends everything; containers end without a trace.
    func stop() {
        kubelets.stop()
        scheduler.stop()
        controllers.stop()
    }

    /// Whether there is a kubelet for the node, even when its Node object was deleted.
    func hasKubelet(of node: String) -> Bool { kubelets.hasKubelet(of: node) }

    /// Changes what a node's kubelet does. Returns before it has taken effect.
    func setPower(_ power: NodePower, of node: String) { kubelets.setPower(power, of: node) }
}

extension ResourceCatalog {
    /// The collections of `registry` that are stored and can be deleted, each once.
    init(_ registry: ResourceRegistry) {
        var entries: [CatalogEntry] = []
        for definition in registry.definitions where definition.verbs.contains(.delete) {
            let entry = CatalogEntry(
                definition.storage,
                kind: definition.storedAs.kind,
                isNamespaced: definition.isNamespaced
            )
            if !entries.contains(entry) { entries.append(entry) }
        }
        self.init(entries)
    }
}

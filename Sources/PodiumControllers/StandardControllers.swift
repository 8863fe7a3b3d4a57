// SPDX-License-Identifier: Apache-2.0
// The controllers of a cluster that are not about single nodes' containers: started and stopped together.

package import PodiumClient
import PodiumHost
package import PodiumMachinery
import PodiumRegistry

/// What kube-controller-manager is to Kubernetes: all controllers on one queue, reading every change once.
///
/// They react one after the other to each change, in the order below, which makes their writes repeatable.
// State | guarded by | why separate
// members | queue | the controllers share the queue of their informers
package final class StandardControllers: Sendable {
    /// What the controllers need to know beside the storage.
    package struct Options: Sendable {
        /// The collections of the cluster.
        package var catalog: ResourceCatalog
        /// The certificate of the API server in PEM form; empty when it has none.
        package var rootCertificate: String
        /// Makes tokens for Secrets; nil when nobody can.
        package var secretTokens: (any SecretTokenSource)?
        /// Where autoscalers learn what pods use.
        package var metrics: any PodMetricsSource = NoPodMetrics()
        /// The networks from which Nodes get ranges for their pods; nil when somebody else gives them out.
        package var podNetworks: PodNetworks?
        /// Makes controllers that are not Kubernetes' own; they run whatever is enabled.
        package var additional: [@Sendable (SharedInformers) -> any InformedReconciler] = []
        /// The names of the controllers to run, as in kube-controller-manager's `--controllers`; nil for all.
        package var enabled: Set<String>?

        package init(catalog: ResourceCatalog, rootCertificate: String = "", enabled: Set<String>? = nil) {
            self.catalog = catalog
            self.rootCertificate = rootCertificate
            self.enabled = enabled
        }
    }

    /// Where the addresses of pods come from.
    package struct PodNetworks: Sendable {
        let ranges: [ClosedRange<UInt32>]
        let services: ServiceNetwork

        /// Networks in the order of their use, without the addresses of Services.
        package init(_ ranges: [ClosedRange<UInt32>], without services: ServiceNetwork) {
            self.ranges = ranges
            self.services = services
        }
    }

    /// The names that `enabled` may hold.
    package static let names =
        workloadNames + endpointNames + [
            ServiceAccountDefaults.name, TokenSecretController.name, RootCertificatePublisher.name,
            NamespaceController.name,
            NodeLifecycleController.name, TaintEvictionController.name, PodGarbageCollector.name,
            DisruptionController.name, ClaimProtectionController.name, VolumeProtectionController.name,
            GarbageCollector.name, RoleAggregationController.name, FlowSchemaStatusController.name,
            ResourceQuotaController.name, HorizontalPodAutoscalerController.name, NodeTTLController.name,
            NodeIPAMController.name,
            CertificateCleaner.name,
        ]

    /// Those of the controllers of workloads.
    package static let workloadNames = [
        ReplicationControllerKind.controllerName, ReplicaSetKind.controllerName, DeploymentController.name,
        VolumeBinderController.name, EphemeralVolumeController.name,
        StatefulSetController.name, DaemonSetController.name,
        JobController.name, CronJobController.name, JobExpiryController.name,
    ]

    /// What some of them were called before, which kube-controller-manager still takes.
    // Kubernetes: cmd/kube-controller-manager/names/controller_names.go KCMControllerAliases
    package static let shortNames = [
        "serviceaccount": ServiceAccountDefaults.name, "serviceaccount-token": TokenSecretController.name,
        "root-ca-cert-publisher": RootCertificatePublisher.name,
        "namespace": NamespaceController.name, "nodelifecycle": NodeLifecycleController.name,
        "podgc": PodGarbageCollector.name, "disruption": DisruptionController.name,
        "pvc-protection": ClaimProtectionController.name, "pv-protection": VolumeProtectionController.name,
        "garbagecollector": GarbageCollector.name, "clusterrole-aggregation": RoleAggregationController.name,
        "replicationcontroller": ReplicationControllerKind.controllerName,
        "replicaset": ReplicaSetKind.controllerName, "deployment": DeploymentController.name,
        "persistentvolume-binder": VolumeBinderController.name, "ephemeral-volume": EphemeralVolumeController.name,
        "statefulset": StatefulSetController.name, "daemonset": DaemonSetController.name,
        "endpoint": EndpointsController.name, "endpointslice": EndpointSliceController.name,
        "endpointslicemirroring": EndpointSliceMirroringController.name,
        "resourcequota": ResourceQuotaController.name, "ttl": NodeTTLController.name,
        "horizontalpodautoscaling": HorizontalPodAutoscalerController.name, "csrcleaner": CertificateCleaner.name,
        "nodeipam": NodeIPAMController.name,
        "job": JobController.name, "cronjob": CronJobController.name,
        "ttl-after-finished": JobExpiryController.name,
    ]

    /// Those of the controllers that publish the addresses of pods.
    package static let endpointNames = [
        EndpointsController.name, EndpointSliceController.name, EndpointSliceMirroringController.name,
    ]

    private struct Members {
        /// Called to end each controller.
        var stops: [@Sendable () -> Void] = []
        /// The reconcilers, which their controllers do not keep alive.
        var reconcilers: [any Reconciler] = []
        /// What several of them share.
        var indexes: [any Sendable] = []
        var isStarted = false
    }

    private let informers: SharedInformers
    private let options: Options
    private let members: Confined<Members>

    /// Makes the controllers; nothing happens before `start`.
    package init(client: ResourceClient, options: Options) {
        let queue = client.host.scheduling.makeQueue(label: "controllers")
        informers = SharedInformers(client: client, queue: queue)
        self.options = options
        members = Confined(Members(), on: queue)
    }

    /// Starts all that are enabled.
    package func start() { members.queue.async { self.begin() } }

    /// Stops all; what is under way is finished.
    package func stop() {
        members.queue.async {
            let members = self.members.withState { members in
                defer { members = Members(isStarted: true) }
                return members
            }
            for stop in members.stops { stop() }
            self.informers.stop()
        }
    }

    private func begin() {
        let isFirst = members.withState { members in
            defer { members.isStarted = true }
            return !members.isStarted
        }
        guard isFirst else { return }
        let catalog = options.catalog
        add("service-account-controller") { ServiceAccountDefaults(informers: $0) }
        add("root-ca-cert-publisher") { [options] in
            RootCertificatePublisher(informers: $0, certificate: options.rootCertificate)
        }
        if let tokens = options.secretTokens {
            add("tokens-controller") { [options] in
                TokenSecretController(informers: $0, tokens: tokens, rootCertificate: options.rootCertificate)
            }
        }
        add("namespace-controller") { informers in
            NamespaceController(informers: informers) { catalog.entries.filter(\.isNamespaced).map(\.resource) }
        }
        add("node-controller") { NodeLifecycleController(informers: $0) }
        add("taint-eviction-controller") { TaintEvictionController(informers: $0) }
        add("pod-garbage-collector") { PodGarbageCollector(informers: $0) }
        add("disruption-controller") { DisruptionController(informers: $0) }
        add("pvc-protection-controller") { ClaimProtectionController(informers: $0) }
        add("pv-protection-controller") { VolumeProtectionController(informers: $0) }
        add("generic-garbage-collector") { GarbageCollector(informers: $0, catalog: catalog) }
        add("clusterrole-aggregation-controller") { RoleAggregationController(informers: $0) }
        add(FlowSchemaStatusController(informers: informers))
        add("resourcequota-controller") { ResourceQuotaController(informers: $0, catalog: catalog) }
        add("horizontal-pod-autoscaler") { [options] in
            HorizontalPodAutoscalerController(informers: $0, metrics: options.metrics)
        }
        add("ttl-controller") { NodeTTLController(informers: $0) }
        if let networks = options.podNetworks {
            let ranges = NodeRanges(networks.ranges, without: networks.services)
            add("node-controller") { NodeIPAMController(informers: $0, ranges: ranges) }
        }
        add("certificate-controller") { CertificateCleaner(informers: $0) }
        addWorkloads()
        addEndpoints()
        for make in options.additional { run(make(informers)) }
        informers.start()
    }

    private func addWorkloads() {
        guard Self.workloadNames.contains(where: isEnabled) else { return }
        let pods = WorkloadPods(.pods, informers: informers) { WorkloadPod($0) }
        let sets = OwnedObjects<APIObject>(.replicaSets, informers: informers) { $0 }
        let revisions = OwnedObjects<APIObject>(.controllerRevisions, informers: informers) { $0 }
        members.withState { $0.indexes += [pods, sets, revisions] }
        add("replication-controller") { ReplicaController<ReplicationControllerKind>(informers: $0, pods: pods) }
        add("replicaset-controller") {
            ReplicaController<ReplicaSetKind>(informers: $0, pods: pods, siblings: sets)
        }
        add("deployment-controller") { DeploymentController(informers: $0, sets: sets, pods: pods) }
        add("ephemeral-volume-controller") { EphemeralVolumeController(informers: $0) }
        add("persistent-volume-binder") { VolumeBinderController(informers: $0) }
        add("statefulset-controller") { StatefulSetController(informers: $0, pods: pods, revisions: revisions) }
        add("daemon-set-controller") { DaemonSetController(informers: $0, pods: pods, revisions: revisions) }
        let jobs = OwnedObjects<APIObject>(.jobs, informers: informers) { $0 }
        members.withState { $0.indexes.append(jobs) }
        add("job-controller") { JobController(informers: $0, pods: pods) }
        add("cronjob-controller") { CronJobController(informers: $0, jobs: jobs) }
        add("ttl-after-finished-controller") { JobExpiryController(informers: $0) }
    }

    private func addEndpoints() {
        guard Self.endpointNames.contains(where: isEnabled) else { return }
        let pods = ServicePods(informers: informers)
        members.withState { $0.indexes.append(pods) }
        add("endpoint-controller") { EndpointsController(informers: $0, pods: pods) }
        add("endpointslice-controller") { EndpointSliceController(informers: $0, pods: pods) }
        add("endpointslicemirroring-controller") { EndpointSliceMirroringController(informers: $0) }
    }

    private func isEnabled(_ name: String) -> Bool { options.enabled?.contains(name) ?? true }

    /// Adds a controller that writes as the service account `account`.
    private func add(_ account: String, _ make: (SharedInformers) -> some InformedReconciler) {
        add(make(informers.acting(as: .controller(account), fieldManager: Self.fieldManager)))
    }

    /// The name under which all controllers of the controller manager own fields.
    private static let fieldManager = "kube-controller-manager"

    private func add<Member: InformedReconciler>(_ reconciler: Member) {
        if isEnabled(Member.name) { run(reconciler) }
    }

    private func run<Member: InformedReconciler>(_ reconciler: Member) {
        let controller = Controller(
            name: Member.name,
            host: informers.client.host,
            queue: members.queue,
            backoff: Member.backoff,
            reconciler: reconciler
        )
        reconciler.watch(controller)
        members.withState { members in
            members.reconcilers.append(reconciler)
            members.stops.append { controller.stop() }
        }
    }
}

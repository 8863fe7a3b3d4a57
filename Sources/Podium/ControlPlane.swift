// SPDX-License-Identifier: Apache-2.0
// One cluster: storage, API server, controllers, scheduler and kubelets, put together.
//
// The one order of calls is HTTP → APIServer → Storage. Storage wakes watchers after its lock is left; controllers hold
// nothing while they call storage.

import Logging
import PodiumAPIServer
import PodiumClient
import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumKinds
import PodiumKubelet
import PodiumMachinery
import PodiumRegistry
import PodiumRuntime
import PodiumSchema
import PodiumShell
import PodiumStorage

/// Tables that are the same whatever is chosen about clusters, read when somebody first needs them.
enum StandardDefinitions {
    static let surface = APISurface(registry: .builtIn(), schemas: SchemaRegistry())
    /// The same with the collections of what nodes and pods use.
    static let measuredSurface = APISurface(registry: surface.registry.adding(.metrics), schemas: surface.schemas)
    static let templates = Bootstrap.standardObjects(surface.registry).map { template($0.object, in: $0.resource) }

    /// An object of a built-in kind, for all clusters.
    static func template(_ object: JSONValue, in resource: GroupResource) -> ObjectTemplate {
        let fields = BuiltInKinds.definition(of: resource).selectableFields
        return ObjectTemplate(object, in: resource, selectableFields: fields)
    }

    /// Reads them all.
    static func read() {
        _ = templates
        _ = surface
    }
}

/// What all clusters of a process share: immutable tables that are read once.
struct SharedDefinitions: Sendable {
    /// What the API of a cluster begins with.
    let surface: APISurface
    /// The objects that every cluster begins with.
    let templates: [ObjectTemplate]
    let server: ServerState

    init(_ configuration: ClusterConfiguration, server: ServerState) {
        self.server = server
        surface = configuration.servesMetrics ? StandardDefinitions.measuredSurface : StandardDefinitions.surface
        templates =
            StandardDefinitions.templates
            + Bootstrap.objects(configuration).map { StandardDefinitions.template($0.object, in: $0.resource) }
    }
}

/// A cluster. It begins to live when it is made and ends with `stop`.
final class ControlPlane: Sendable {
    let clock: ClusterClock
    let storage: WatchCache
    let journal = RequestJournal()
    /// The images that its nodes can pull, and how they behave.
    let images: ImageRegistry
    private let server: APIServer
    private let controllers: ControllerSet?
    /// Removes old Events; nil when they stay for ever.
    private let eventExpiry: ObjectExpiry?
    /// Shows that the API server lives; nil where nothing acts by itself.
    private let serverLease: ServerLease?

    /// Makes a cluster whose first change has the revision behind `revision`.
    init(
        _ configuration: ClusterConfiguration,
        startingAfter revision: Revision,
        shared: SharedDefinitions,
        logger: Logger
    ) {
        // Nobody is to meet a cluster whose Nodes have not reported yet.
        clock = ClusterClock(mode: configuration.clock.mode, isHeld: true)
        let random = configuration.randomSource
        images = ImageRegistry(ImageTable(isExhaustive: configuration.images == .known), programs: Applets.library)
        let host = Host(
            clock: clock,
            scheduling: clock,
            timeouts: DispatchTimeouts(),
            random: random,
            logger: logger
        )
        storage = WatchCache(
            startingAfter: revision,
            templates: shared.templates,
            time: clock.now,
            // One draw from the cluster's source, so that its history does not depend on how many objects there are.
            random: RandomSource(seed: random.next())
        )
        let access = Access(configuration, storage: storage, host: host)
        let network = configuration.serviceClusterIPRange.network
        let api = ClusterAPI(
            surface: shared.surface,
            storage: storage,
            host: host,
            admission: access.admissionChain(configuration),
            serviceNetwork: network
        )
        let client = ResourceClient(api: api, fieldManager: "kube-apiserver")
        Bootstrap.installNodes(client, count: configuration.nodes)
        controllers = Self.controllers(configuration, client, images, access.serviceAccountTokens, clock)
        serverLease = controllers == nil ? nil : ServerLease(client: client, clock: clock)
        let checks = Self.checks(storage, shared.server, hasRoles: configuration.authorization.contains(.rbac))
        server = APIServer(
            APIServerComponents(
                api: api,
                authenticator: access.authenticator,
                authorizer: access.authorizer,
                serviceAccountTokens: access.serviceAccountTokens,
                logs: controllers?.logs ?? NoContainerLogs(),
                commands: controllers?.commands,
                ports: controllers?.ports,
                kubelets: controllers?.servers,
                hasControllers: controllers != nil,
                computed: controllers?.computed ?? [],
                server: shared.server,
                checks: checks,
                holdTime: { [clock] in clock.hold() }
            )
        )
        eventExpiry =
            configuration.eventTTL > .zero
            ? ObjectExpiry(storage: storage, host: host, resource: .events, life: configuration.eventTTL) : nil
        eventExpiry?.start()
        controllers?.start()
        serverLease?.start()
        clock.settle()
        setClock(configuration.clock.mode)
        Self.lookOnce(at: checks)
    }

    /// What lives in the cluster; nil when only requests are to change objects.
    private static func controllers(
        _ configuration: ClusterConfiguration,
        _ client: ResourceClient,
        _ images: ImageRegistry,
        _ tokens: ServiceAccountTokens,
        _ clock: ClusterClock
    ) -> ControllerSet? {
        if configuration.controllers.isEmpty { return nil }
        return ControllerSet(
            configuration.controllers,
            client: client,
            addons: configuration.chosenAddons,
            secretTokens: SecretTokens(tokens),
            // As kube-controller-manager, whose `--allocate-node-cidrs` is off unless an installer sets it.
            givesRangesToNodes: configuration.nodes > 0,
            kubelets: KubeletConfiguration(
                images: images,
                serviceNetwork: client.api.serviceNetwork,
                tokens: KubeletTokens(tokens)
            ),
            clock: clock
        )
    }

    /// What is made at the start is there now; whoever deletes it before anybody asks makes nothing unhealthy.
    private static func lookOnce(at checks: [HealthCheck]) {
        for check in checks { _ = check.isHealthy() }
    }

    /// What `/readyz` and its like look at.
    private static func checks(_ storage: WatchCache, _ server: ServerState, hasRoles: Bool) -> [HealthCheck] {
        @Sendable func exists(_ resource: GroupResource, _ name: String, in namespace: String = "") -> Bool {
            storage.get(ObjectKey(resource, namespace: namespace, name: name)) != nil
        }
        let roles = HealthCheck.hook("rbac/bootstrap-roles") { exists(.clusterRoles, "cluster-admin") }
        return HealthCheck.checks(
            isStorageReadable: { !storage.isEnded },
            isEnding: { server.isEnding }
        ) + [
            HealthCheck.hook("start-system-namespaces-controller") { exists(.namespaces, "kube-system") },
            HealthCheck.hook("scheduling/bootstrap-system-priority-classes") {
                exists(.priorityClasses, "system-node-critical")
            },
            HealthCheck.hook("bootstrap-controller") { exists(.services, "kubernetes", in: "default") },
        ] + (hasRoles ? [roles] : [])
    }

    /// Answers a request to this cluster. On a virtual clock, all that follows from it at this instant has been done
    /// when this returns.
    func respond(to request: HTTPRequest) -> HTTPResponse {
        let response = server.respond(to: request)
        guard case .later = response.body else { return finish(response, to: request) }
        return response.observed { [self] response in
            finish(response, to: request)
        } abandoned: { [self] in
            journal.append(request, status: RequestMetrics.abandoned, at: clock.now)
        }
    }

    private func finish(_ response: HTTPResponse, to request: HTTPRequest) -> HTTPResponse {
        journal.append(request, status: response.status, at: clock.now)
        // Nothing follows from a request that only reads, which so is answered whatever else goes on.
        if request.method != "GET", request.method != "HEAD" { clock.settle() }
        return response
    }

    /// The journal of requests: those that were answered, and how many wait for their answers.
    var requests: JSONValue {
        var value = journal.value
        value["pending"] = .integer(Int64(server.pending.count))
        return value
    }

    /// Returns when the sender of a request may do `access` by the rules of this cluster.
    /// - Throws: 400, 401, 403.
    func admit(_ request: HTTPRequest, _ access: AccessRequest) throws(StatusError) {
        _ = try server.admit(request, access)
    }

    /// Changes how time passes.
    func setClock(_ mode: ClockMode) {
        let stood = clock.mode == .virtual
        clock.setMode(mode)
        if stood != (mode == .virtual) { serverLease?.noteClock() }
    }

    /// Changes what a node's kubelet does.
    func setPower(_ power: NodePower, of node: String) throws(StatusError) {
        guard let controllers, controllers.hasKubelet(of: node) else { throw .notFound(.nodes, node) }
        controllers.setPower(power, of: node)
        clock.settle()
    }

    /// Ends everything that goes on: advances of the clock, controllers, watches, logs that are followed and answers
    /// that are yet to come.
    func stop() {
        server.pending.end()
        clock.end {
            serverLease?.stop()
            controllers?.stop()
            eventExpiry?.stop()
        }
        storage.endWatches()
    }
}

extension ClockChoice {
    var mode: ClockMode {
        switch self {
        case .real: .real
        case .scaled(let rate): .scaled(rate: rate)
        case .virtual: .virtual
        }
    }
}

extension ClusterConfiguration {
    var randomSource: RandomSource {
        if let seed { return RandomSource(seed: seed) }
        return clock == .virtual ? RandomSource(seed: 1) : RandomSource()
    }
}

// SPDX-License-Identifier: Apache-2.0
// One cluster: storage, API server, controllers, scheduler and kubelets, put together.
//
// The one order of calls is HTTP → APIServer → Storage. Storage wakes watchers after its lock is left; controllers hold
// nothing while they call storage.

import Logging
import PodiumAPIServer
import PodiumCodec
import PodiumController
import PodiumHost
import PodiumKubelet
import PodiumMachinery
import PodiumRuntime
import PodiumSchema
import PodiumStorage

/// What all clusters of a process share: immutable tables that are read once.
struct SharedDefinitions: Sendable {
    let registry: ResourceRegistry
    let schemas: SchemaRegistry

    init() {
        registry = ResourceRegistry.builtIn()
        schemas = SchemaRegistry()
    }
}

/// A cluster. It begins to live when it is made and ends with `stop`.
final class ControlPlane: Sendable {
    let clock: ClusterClock
    let storage: MemoryStorage
    let journal = RequestJournal()
    /// The images that its nodes can pull, and how they behave.
    let images: ImageRegistry
    private let server: APIServer
    private let controllers: ControllerSet?
    /// Removes old Events; nil when they stay for ever.
    private let eventExpiry: ObjectExpiry?

    /// Makes a cluster whose first change has the revision behind `revision`.
    init(
        _ configuration: ClusterConfiguration,
        startingAfter revision: Revision,
        shared: SharedDefinitions,
        logger: Logger
    ) {
        clock = ClusterClock(mode: configuration.clock.mode)
        storage = MemoryStorage(startingAfter: revision)
        images = ImageRegistry(ImageTable(isExhaustive: configuration.images == .known))
        let host = Host(
            clock: clock,
            scheduling: clock,
            timeouts: DispatchTimeouts(),
            random: configuration.randomSource,
            logger: logger
        )
        let client = ResourceClient(storage: storage, host: host)
        Bootstrap.install(client, nodes: configuration.nodes)
        let controllers =
            configuration.runsControllers
            ? ControllerSet(
                client: client,
                registry: shared.registry,
                addons: configuration.addons,
                images: images
            ) : nil
        self.controllers = controllers
        let access = Access(configuration, client: client)
        server = APIServer(
            APIServerComponents(
                storage: storage,
                host: host,
                registry: shared.registry,
                schemas: shared.schemas,
                admission: AdmissionChain(
                    disabling: configuration.disabledAdmissionPlugins,
                    adding: [ContainerPlanAdmission()] + access.admission
                ),
                authenticator: access.authenticator,
                authorizer: access.authorizer,
                serviceAccountTokens: access.serviceAccountTokens,
                logs: controllers?.logs ?? NoContainerLogs(),
                warnsOfMissingControllers: configuration.runsControllers
            )
        )
        eventExpiry =
            configuration.eventTTL > .zero
            ? ObjectExpiry(storage: storage, host: host, resource: .events, life: configuration.eventTTL) : nil
        eventExpiry?.start()
        controllers?.start()
        clock.settle()
    }

    /// Answers a request to this cluster. On a virtual clock, all that follows from it at this instant has been done
    /// when this returns.
    func respond(to request: HTTPRequest) -> HTTPResponse {
        let response = server.respond(to: request)
        journal.append(request, status: response.status, at: clock.now)
        // Nothing follows from a request that only reads, which so is answered whatever else goes on.
        if request.method != "GET", request.method != "HEAD" { clock.settle() }
        return response
    }

    /// Whether the request may administer the cluster.
    func authenticate(_ request: HTTPRequest) throws(StatusError) { try server.authorizeAdministration(request) }

    /// Changes what a node's kubelet does.
    func setPower(_ power: NodePower, of node: String) throws(StatusError) {
        guard let controllers, controllers.hasKubelet(of: node) else { throw .notFound(.nodes, node) }
        controllers.setPower(power, of: node)
        clock.settle()
    }

    /// Ends everything that goes on: advances of the clock, controllers, watches and logs that are followed.
    func stop() {
        clock.end {
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

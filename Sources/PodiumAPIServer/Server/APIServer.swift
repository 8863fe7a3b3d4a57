// SPDX-License-Identifier: Apache-2.0
// From request to response: the order of the steps that every request goes through.

package import PodiumExchange
package import PodiumHost
package import PodiumMachinery
package import PodiumRegistry
import PodiumSchema
import PodiumStorage
import Synchronization

/// What an API server is made of.
// A class: as a struct, whoever reads one part of it would count references to all.
package final class APIServerComponents: Sendable {
    let api: ClusterAPI
    let authenticator: any Authenticator
    let authorizer: any Authorizer
    let serviceAccountTokens: ServiceAccountTokens
    let logs: any ContainerLogSource
    /// Who runs commands in containers; nil where there are none.
    let commands: (any ContainerCommandSource)?
    /// Who connects to ports of pods; nil where there are none.
    let ports: (any PortSource)?
    /// The servers of kubelets; nil where there are none.
    let kubelets: (any KubeletSource)?
    /// Whether a scheduler and controllers go with it. A client is then told when none of them acts on what it makes;
    /// where they are switched off, it knows.
    let hasControllers: Bool
    /// The collections that are not stored.
    let computed: [any ComputedObjects]
    let server: ServerState
    let checks: [HealthCheck]
    /// Keeps a virtual clock from moving until what it returns is cancelled.
    let holdTime: @Sendable () -> any Cancellable

    package init(
        api: ClusterAPI,
        authenticator: any Authenticator = OpenAuthenticator(),
        authorizer: any Authorizer = AlwaysAllow(),
        serviceAccountTokens: ServiceAccountTokens? = nil,
        logs: any ContainerLogSource = NoContainerLogs(),
        commands: (any ContainerCommandSource)? = nil,
        ports: (any PortSource)? = nil,
        kubelets: (any KubeletSource)? = nil,
        hasControllers: Bool = false,
        computed: [any ComputedObjects] = [],
        server: ServerState = ServerState(),
        checks: [HealthCheck] = HealthCheck.standard,
        holdTime: @escaping @Sendable () -> any Cancellable = { NothingToCancel() }
    ) {
        self.api = api
        self.authenticator = authenticator
        self.authorizer = authorizer
        self.serviceAccountTokens = serviceAccountTokens ?? ServiceAccountTokens(storage: api.storage, host: api.host)
        self.logs = logs
        self.commands = commands
        self.ports = ports
        self.kubelets = kubelets
        self.hasControllers = hasControllers
        self.computed = [ComponentStatuses(hasControllers: hasControllers)] + computed
        self.server = server
        self.checks = checks
        self.holdTime = holdTime
    }
}

/// The Kubernetes API of one cluster, without sockets.
///
/// `respond` runs on the caller's thread and returns at once; it may be called from many threads at a time. The steps
/// are: read the path, find out what is asked for, authenticate, impersonate, authorize, run it, write the answer.
///
/// ```
/// State           | guarded by | why separate
/// latestDocuments | its mutex  | follows the surface of the API, which changes elsewhere
/// proxyTurns      | atomic     | counts requests to Services, whose pods take turns
/// ```
package final class APIServer: RequestResponder {
    let components: APIServerComponents
    let api: ClusterAPI
    private let latestDocuments: Mutex<APIDocuments>
    /// What is counted.
    let metrics = RequestMetrics()
    private let flows: FlowClassifier
    let proxyTurns = Atomic<Int>(0)
    /// The answers that are yet to come.
    package let pending: PendingAnswers
    /// Where watches draw how long they last. Not from the randomness of the cluster: reading must not shift what that
    /// draws, and time-outs run in real time anyway.
    let watchTimeouts = RandomSource()

    /// Puts a server together.
    package init(_ components: APIServerComponents) {
        self.components = components
        api = components.api
        latestDocuments = Mutex(
            APIDocuments(of: components.api.surface, server: components.server, checks: components.checks)
        )
        flows = FlowClassifier(storage: components.api.storage)
        pending = PendingAnswers(timeouts: components.api.host.timeouts, holdTime: components.holdTime)
    }

    /// The documents about the API as it is now.
    var documents: APIDocuments {
        let surface = api.surface
        return latestDocuments.withLock { latest in
            if latest.surface !== surface {
                latest = APIDocuments(of: surface, server: components.server, checks: components.checks)
            }
            return latest
        }
    }

    package func respond(to request: HTTPRequest) -> HTTPResponse {
        let begun = MachineTime.monotonic
        let isReading = request.method == "GET" || request.method == "HEAD"
        metrics.begin(isReading: isReading)
        var routed: ResourceRequest?
        var flow: FlowIdentity?
        var response: HTTPResponse
        do throws(StatusError) {
            response = try answer(request, &routed, &flow)
        } catch {
            response = AnswerWriter.failure(error, to: request)
        }
        response.flow = flow
        guard case .later = response.body else { return end(response, routed, isReading: isReading, begun: begun) }
        return response.observed { [self, routed, flow] response in
            var response = response
            response.flow = flow
            return end(response, routed, isReading: isReading, begun: begun)
        } abandoned: { [metrics, routed] in
            metrics.end(isReading: isReading, routed, code: RequestMetrics.abandoned, begun: begun)
        }
    }

    /// Counts a request whose answer is there, or begins to come.
    private func end(
        _ response: HTTPResponse,
        _ routed: ResourceRequest?,
        isReading: Bool,
        begun: Int64
    ) -> HTTPResponse {
        if let routed, routed.isLongRunning, case .stream = response.body {
            metrics.end(isReading: isReading, nil, code: response.status, begun: begun)
            return metrics.counted(response, to: routed, begun: begun)
        }
        metrics.end(isReading: isReading, routed, code: response.status, begun: begun)
        return response
    }

    /// The answer; `routed` is left behind when the request is about a collection, `flow` once its sender is known.
    private func answer(
        _ request: HTTPRequest,
        _ routed: inout ResourceRequest?,
        _ flow: inout FlowIdentity?
    ) throws(StatusError) -> HTTPResponse {
        let query = try QueryParameters(request.rawQuery)
        switch try RequestPath(request.rawPath) {
        case .other(let parts):
            let access = AccessRequest(request, parts: parts)
            let user = try identify(request, access)
            flow = flows.flow(of: user, access)
            try components.authorizer.authorize(access, user)
            return try answerDocument(request, parts, query)
        case .resource(let path):
            let routing = Router(api.surface).route(request.method, path, query)
            let user = try identify(request, routing)
            if !path.isConnection { flow = flows.flow(of: user, routing) }
            try components.authorizer.authorize(routing, user)
            let resourceRequest = try ResourceRequest(http: request, user: user, route: try routing.route())
            routed = resourceRequest
            do throws(StatusError) {
                return try run(resourceRequest)
            } catch {
                return failure(error, to: resourceRequest)
            }
        }
    }

    /// The answer that a request fails, with what its client is warned about.
    func failure(_ error: StatusError, to request: ResourceRequest) -> HTTPResponse {
        AnswerWriter.failure(error, to: request.http, warnings: AnswerWriter.warningHeaders(of: request))
    }

    /// Who is to be taken for the sender of a request, if that user may do `access`.
    ///
    /// What does not exist is refused like everything else, so that nobody learns what there is.
    /// - Throws: 400, 401, 403.
    package func admit(_ request: HTTPRequest, _ access: AccessRequest) throws(StatusError) -> UserInfo {
        let user = try identify(request, access)
        try components.authorizer.authorize(access, user)
        return user
    }

    /// Who is to be taken for the sender of a request for what `subject` describes.
    /// - Throws: 400, 401, and 403 to those who may not be whom they want to be.
    private func identify(
        _ request: HTTPRequest,
        _ subject: some AccessDescribing
    ) throws(StatusError) -> UserInfo {
        var user: UserInfo
        if let known = try components.authenticator.authenticate(request) {
            user = known
        } else if components.authenticator.allowsAnonymous || subject.access.isAlwaysAllowed {
            user = .anonymous
        } else {
            throw .unauthorized
        }
        if request.headers.hasImpersonation, let impersonation = try Impersonation(request.headers) {
            user = try impersonation.user(for: user, subject.access, components.authorizer)
        }
        return user
    }

    /// Discovery, health, version, OpenAPI.
    private func answerDocument(
        _ request: HTTPRequest,
        _ parts: [String],
        _ query: QueryParameters
    ) throws(StatusError) -> HTTPResponse {
        if let response = try issuerDocument(request, parts) { return response }
        if let page = try metricsDocument(parts) ?? statusDocument(parts) { return page }
        let document = DiscoveryRequest(
            method: request.method,
            parts: parts,
            accept: request.headers.accept,
            userAgent: request.headers.userAgent,
            ifNoneMatch: request.headers["if-none-match"],
            pretty: query["pretty"],
            isVerbose: query.contains("verbose"),
            excluded: query.all("exclude"),
            hash: query["hash"]
        )
        return try documents.answer(document)
    }
}

// SPDX-License-Identifier: Apache-2.0
// What a server that the command line starts is like: the options that `serve` and `run` have in common.

import ArgumentParser
import Logging
import Podium

/// The options of a server.
struct ServerOptions: ParsableArguments {
    @Option(
        help: """
            Where to listen: HOST:PORT (port 0: any free one), [IPv6]:PORT, or unix:PATH. By default \
            \(Self.defaultListen); beside a command of 'podium run' a free port of 127.0.0.1.
            """
    )
    var listen: String?

    @Option(help: "How many nodes the cluster makes itself: node-1, node-2, …")
    var nodes = 3

    @Option(help: "How time passes: real, virtual (only by 'podium clock advance'), or a factor such as 60x.")
    var clock = "real"

    @Option(
        help: """
            Where randomness begins. On a virtual clock the same seed and requests give the same history. The key of \
            service account tokens is made of it too, so it is for this machine only.
            """
    )
    var seed: UInt64?

    @Flag(help: "Serve further, isolated clusters below /clusters/NAME, each made at its first use.")
    var clusters = false

    @Option(
        help: """
            Which controllers run: '*' for all, nothing (--controllers=) for the API alone, or names as \
            kube-controller-manager takes them ('*,-deployment'); besides, 'workloads', 'scheduler' and 'kubelets'.
            """
    )
    var controllers = "*"

    @Option(help: "Admission plugins to leave out, separated by commas.")
    var disableAdmissionPlugins = ""

    @Option(help: "Admission plugins to have, separated by commas. All that Podium has are on already.")
    var enableAdmissionPlugins = ""

    @Option(help: "Where the addresses of Services come from: an IPv4 range. Its tenth address is the cluster's DNS.")
    var serviceClusterIPRange = ServiceClusterIPRange.standard.description

    @Option(
        help: """
            A file of lines token,user,uid,"group1,group2". Who sends none of the tokens may then only ask for health, \
            and what --authorization-mode RBAC gives to anonymous users. Without the file everybody is the \
            administrator, who may act as others (--as). Mind that kubectl sends no tokens over plain HTTP; other \
            clients do.
            """
    )
    var tokenAuthFile: String?

    @Option(help: "Who may do what: one or more of \(Self.authorizationModes), separated by commas; one must allow it.")
    var authorizationMode = "AlwaysAllow"

    @Option(help: "How long Events are kept, such as 1h or 90m; 0s for ever.")
    var eventTtl = "1h"

    @Option(help: "Which images can be pulled: any, or only those that the image table names (known).")
    var images = "any"

    @Option(help: "Threads that answer requests; 0 for one a core.")
    var threads = 0

    @Flag(help: "Allow other machines to reach a server that neither encrypts nor asks who they are.")
    var insecure = false

    @Option(help: "Where to write a kubeconfig once the server is ready; the file goes when the server ends.")
    var kubeconfig: String?

    @Flag(help: "End when the process that started this one ends, however it ends.")
    var exitWithParent = false

    @Option(
        help: """
            What the cluster has beside Kubernetes itself, separated by commas: \(Self.addonNames). Without this \
            option \(Self.standardAddonNames), and nothing with --nodes 0.
            """
    )
    var addons: String?

    @Option(
        help: """
            A further name, without a port, by which this machine's clients may call a server on a loopback address; \
            repeatable. Other names than localhost are refused, since web pages can make any name lead here.
            """
    )
    var allowHost: [String] = []

    @Option(
        help: """
            An origin (https://console.example.com) whose web pages may use the server; repeatable. Pages of other \
            origins are refused on a loopback address.
            """
    )
    var allowOrigin: [String] = []

    @Option(help: "What to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "warning"

    func validate() throws {
        guard (0...5000).contains(nodes) else { throw ValidationError("--nodes must be between 0 and 5000") }
        guard (0...256).contains(threads) else { throw ValidationError("--threads must be between 0 and 256") }
        _ = try controllerSelection()
        _ = try AuthorizationArgument.parse(authorizationMode)
        _ = try allowHost.map(AllowedCallers.host)
        _ = try allowOrigin.map(AllowedCallers.origin)
        guard ImageChoice(rawValue: images) != nil else {
            throw ValidationError("--images is any or known, not '\(images)'")
        }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError(
                "--log-level is one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        if let problem = AdmissionPluginLists.problem(
            enabled: Self.list(enableAdmissionPlugins),
            disabled: Self.list(disableAdmissionPlugins)
        ) {
            throw ValidationError(problem)
        }
        _ = try serviceRange()
        _ = try clockChoice()
        _ = try eventTTL()
        try checkAddons()
        let address = try ListenArgument.parse(listen ?? Self.defaultListen)
        if kubeconfig != nil, address.url == nil {
            throw ValidationError("--kubeconfig: kubectl does not speak over Unix sockets")
        }
        if !address.isLoopback, seed != nil {
            throw ValidationError(
                "\(address) can be reached by other machines, and whoever knows the --seed can make tokens of service "
                    + "accounts. Leave it out."
            )
        }
        if !address.isLoopback, !insecure {
            throw ValidationError(
                "\(address) can be reached by other machines, and nothing asks them who they are. Say --insecure if you "
                    + "mean that."
            )
        }
    }

    private func controllerSelection() throws -> ControllerSelection {
        do throws(ControllerSelectionError) {
            return try ControllerSelection(controllers)
        } catch {
            throw ValidationError("--controllers: \(error)")
        }
    }

    /// What the options say of the server, its address apart.
    func serverConfiguration() throws -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.isOpenToOthers = insecure
        configuration.allowedHosts = Set(try allowHost.map(AllowedCallers.host))
        configuration.allowedOrigins = Set(try allowOrigin.map(AllowedCallers.origin))
        configuration.threads = threads
        configuration.servesManyClusters = clusters
        configuration.flags = flags
        configuration.logger.logLevel = Logger.Level(rawValue: logLevel) ?? .warning
        configuration.cluster.nodes = nodes
        configuration.cluster.clock = try clockChoice()
        configuration.cluster.seed = seed
        configuration.cluster.eventTTL = try eventTTL()
        configuration.cluster.controllers = try controllerSelection()
        configuration.cluster.disabledAdmissionPlugins = Set(Self.list(disableAdmissionPlugins))
        configuration.cluster.serviceClusterIPRange = try serviceRange()
        for name in AdmissionPluginLists.idle(Self.list(enableAdmissionPlugins)) {
            configuration.logger.warning("the admission plugin \(name) does nothing in this version of Podium")
        }
        configuration.cluster.images = ImageChoice(rawValue: images) ?? .any
        configuration.cluster.tokens = try tokenAuthFile.map(readTokens)
        configuration.cluster.authorization = try AuthorizationArgument.parse(authorizationMode)
        configuration.cluster.addons = addons.map { names in
            Set(names.split(separator: ",").compactMap { Addon(rawValue: String($0)) })
        }
        return configuration
    }

    static let defaultListen = "127.0.0.1:8080"

    private static let addonNames = Addon.allCases.map(\.rawValue).joined(separator: ", ")
    private static let standardAddonNames = Addon.standard.map(\.rawValue).sorted().joined(separator: ", ")

    private func checkAddons() throws {
        for name in (addons ?? "").split(separator: ",") where Addon(rawValue: String(name)) == nil {
            throw ValidationError("--addons: there is no '\(name)'; there is \(Self.addonNames)")
        }
    }

    private static let authorizationModes = AuthorizationArgument.modes

    private func readTokens(_ path: String) throws -> TokenFile {
        let content = try InputFile.read(path)
        do {
            return try TokenFile(content)
        } catch {
            throw ValidationError("--token-auth-file \(path): \(error)")
        }
    }

    private static func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }

    private func serviceRange() throws -> ServiceClusterIPRange {
        do {
            return try ServiceClusterIPRange(serviceClusterIPRange)
        } catch {
            throw ValidationError("--service-cluster-ip-range: \(error)")
        }
    }

    // Kubernetes: kube-apiserver --event-ttl
    private func eventTTL() throws -> Duration {
        do throws(ConfigurationError) {
            return try ClusterConfiguration.duration(eventTtl)
        } catch {
            throw ValidationError("--event-ttl: \(error)")
        }
    }

    private func clockChoice() throws -> ClockChoice {
        switch clock {
        case "real": return .real
        case "virtual": return .virtual
        default:
            guard clock.hasSuffix("x"), let rate = Double(clock.dropLast()), rate > 0, rate <= 100_000 else {
                throw ValidationError("--clock is real, virtual, or a factor above 0 such as 60x, not '\(clock)'")
            }
            return .scaled(rate: rate)
        }
    }
}

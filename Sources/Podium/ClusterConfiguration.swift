// SPDX-License-Identifier: Apache-2.0
// What can be chosen about a cluster and about the process that serves it.

import PodiumAPIServer
import PodiumMachinery

/// How a cluster's time passes.
public enum ClockChoice: Hashable, Sendable {
    /// With the machine's clock.
    case real
    /// This many times as fast.
    case scaled(rate: Double)
    /// Only when it is advanced by request.
    case virtual
}

/// Who may do what in a cluster.
public enum AuthorizationMode: String, CaseIterable, Sendable {
    /// Everybody everything.
    case alwaysAllow = "AlwaysAllow"
    /// Only the group `system:masters` anything but asking for health.
    case alwaysDeny = "AlwaysDeny"
    /// What roles and bindings say; the cluster begins with Kubernetes' default roles.
    case rbac = "RBAC"
}

/// What a cluster can have that a distribution of Kubernetes adds and Kubernetes itself has not.
public enum Addon: String, CaseIterable, Sendable {
    /// The static pods of a control plane and a proxy on every node, in `kube-system`.
    case systemPods = "system-pods"
    /// A default storage class, `standard`, whose volumes are made as soon as they are claimed.
    case storage
    /// Addresses for Services of type LoadBalancer, as a cloud gives them.
    case loadBalancer = "load-balancer"
    /// The API that says what nodes and pods use, to autoscalers and to `kubectl top`.
    case metrics

    /// What a cluster has that makes its nodes itself, unless it is told otherwise.
    public static let standard: Set<Addon> = [.storage, .loadBalancer, .metrics]
}

/// Why a value cannot be configured.
public struct ConfigurationError: Error, CustomStringConvertible {
    /// A sentence for the person who gave the value.
    public let description: String
}

/// Which images the registries of a cluster have.
public enum ImageChoice: String, CaseIterable, Sendable {
    /// All, except those whose names say that there is no such image.
    case any
    /// Those that a rule of the image table names.
    case known
}

/// What a cluster is like.
public struct ClusterConfiguration: Sendable {
    /// How many nodes the cluster makes itself: `node-1`, `node-2`, … Default 3.
    public var nodes = 3
    /// How time passes. Default real.
    public var clock = ClockChoice.real
    /// Where randomness begins; the same seed and the same requests give the same history on a virtual clock. nil
    /// draws one, except that a virtual clock begins with 1.
    ///
    /// The key that signs the tokens of service accounts is made of it too, and whoever knows the seed can make that
    /// key. Without a seed the key is drawn from the system, whatever the clock.
    public var seed: UInt64?
    /// Which of the controllers, the scheduler and the kubelets run. Default all.
    public var controllers = ControllerSelection.all
    /// What the cluster has beside Kubernetes itself; needs the controllers. nil stands for `Addon.standard`, or for
    /// nothing in a cluster without nodes of its own.
    public var addons: Set<Addon>?
    /// What the cluster has, whoever chose it.
    public var chosenAddons: Set<Addon> { addons ?? (nodes > 0 ? Addon.standard : []) }
    /// Whether the API says what nodes and pods use.
    var servesMetrics: Bool { chosenAddons.contains(.metrics) && !controllers.isEmpty }
    /// Which roles it begins with where roles decide.
    var policyExtent: BootstrapPolicy.Extent { servesMetrics ? .withMetrics : .kubernetes }
    /// The admission plugins that are left out, by name.
    public var disabledAdmissionPlugins: Set<String> = []
    /// How long an Event stays after it was last written; zero for ever.
    ///
    /// Default an hour, as upstream's.
    public var eventTTL: Duration = .seconds(3600)
    /// Where the addresses of Services come from; the Service `kubernetes` has the first, the cluster's DNS the tenth.
    public var serviceClusterIPRange = ServiceClusterIPRange.standard
    /// Which images can be pulled at the start; `PUT /podium/v1/images` changes it. Default any.
    public var images = ImageChoice.any
    /// Who is who, by bearer tokens; nil takes everybody for the administrator.
    public var tokens: TokenFile?
    /// Who may do what: what any of these allows. Each is named once.
    ///
    /// Default: everybody may do everything, except that with ``tokens`` those who have none may do nothing.
    public var authorization = [AuthorizationMode.alwaysAllow]

    /// What the cluster is called below `/clusters`; empty for the one at the root.
    var name = ""

    /// The defaults.
    public init() {}

    /// Reads a length of time as Kubernetes' options have it, such as `1h30m` or `90s`.
    /// - Throws: when it has no unit or is negative.
    public static func duration(_ text: String) throws(ConfigurationError) -> Duration {
        do throws(GoDurationError) {
            let duration = try GoDuration.parse(text)
            guard duration >= .zero else { throw .invalid(text) }
            return duration
        } catch {
            throw ConfigurationError(description: error.description)
        }
    }
}

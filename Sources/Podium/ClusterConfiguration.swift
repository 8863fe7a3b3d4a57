// SPDX-License-Identifier: Apache-2.0
// What can be chosen about a cluster and about the process that serves it.

/// How a cluster's time passes.
public enum ClockChoice: Hashable, Sendable {
    /// With the machine's clock.
    case real
    /// This many times as fast.
    case scaled(rate: Double)
    /// Only when it is advanced by request.
    case virtual
}

/// What a cluster is like.
public struct ClusterConfiguration: Sendable {
    /// How many nodes the cluster makes itself: `node-1`, `node-2`, … Default 3.
    public var nodes = 3
    /// How time passes. Default real.
    public var clock = ClockChoice.real
    /// Where randomness begins; the same seed and the same requests give the same history on a virtual clock. nil
    /// draws one, except that a virtual clock begins with 1.
    public var seed: UInt64?
    /// Whether the controllers, the scheduler and the kubelets run. Without them only requests change objects.
    public var runsControllers = true
    /// The admission plugins that are left out, by name.
    public var disabledAdmissionPlugins: Set<String> = []
    /// The lines of a token file (`token,user,uid,"group1,group2"`); nil lets everybody do everything.
    public var tokens: String?
    /// Whether RBAC decides who may do what. Needs `tokens` to be of use.
    public var usesRBAC = false

    /// The defaults.
    public init() {}
}

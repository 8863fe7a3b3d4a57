// SPDX-License-Identifier: Apache-2.0
// What all containers of a pod share: names, addresses, name resolution, chance.

/// The surroundings of a pod's containers.
package struct SandboxConfiguration: Sendable {
    /// What `hostname` prints.
    package var hostname: String
    /// The namespace of the pod, first in the DNS search path.
    package var namespace: String
    /// The pod's address.
    package var podIP: String
    /// The address in `/etc/resolv.conf`; queries to any other server are refused.
    package var nameserver: String
    /// The DNS search path. Names with fewer than five dots are tried with each suffix first.
    package var searchDomains: [String]
    /// Further lines of `/etc/hosts`: address and names.
    package var hostAliases: [HostAlias]
    /// Whether the containers see each other's processes. None of them is process 1 then, so TERM ends them all.
    package var sharesProcesses: Bool
    /// Where the numbers of `$RANDOM`, `shuf` and so on begin.
    package var seed: UInt64

    /// How many steps of work of a container are taken for honest before it is slowed down.
    package var honestWork = WorkBudget.burst

    /// The surroundings of a pod in `namespace`, with the cluster's DNS at 10.96.0.10.
    package init(hostname: String, namespace: String, podIP: String, seed: UInt64 = 1) {
        self.hostname = hostname
        self.namespace = namespace
        self.podIP = podIP
        self.seed = seed
        nameserver = "10.96.0.10"
        searchDomains = ["\(namespace).svc.cluster.local", "svc.cluster.local", "cluster.local"]
        hostAliases = []
        sharesProcesses = false
    }
}

/// A line of `/etc/hosts`.
package struct HostAlias: Hashable, Sendable {
    /// The address.
    package var address: String
    /// Its names.
    package var names: [String]

    /// A line.
    package init(address: String, names: [String]) {
        self.address = address
        self.names = names
    }
}

// SPDX-License-Identifier: Apache-2.0
// What all containers of a pod share: names, addresses, name resolution, programs, chance.

import PodiumMachinery

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
    /// The domain of the pod's complete name, `peers.default.svc.cluster.local`; nil without a subdomain.
    package var domain: String?
    /// What `uname`, `nproc` and `free` say of the node.
    package var node = NodeFacts()
    /// The programs that its containers can run.
    let programs: ProgramLibrary
    /// Where the numbers of `$RANDOM`, `shuf` and so on begin.
    package var seed: UInt64

    /// How many steps of work of a container are taken for honest before it is slowed down.
    package var honestWork = WorkBudget.burst

    /// The surroundings of a pod in `namespace`, with the DNS of a cluster whose services have the usual range.
    package init(
        hostname: String,
        namespace: String,
        podIP: String,
        programs: ProgramLibrary,
        seed: UInt64 = 1
    ) {
        self.hostname = hostname
        self.namespace = namespace
        self.podIP = podIP
        self.programs = programs
        self.seed = seed
        nameserver = ServiceNetwork.standard.dnsAddress
        searchDomains = ["\(namespace).svc.cluster.local", "svc.cluster.local", "cluster.local"]
        hostAliases = []
        sharesProcesses = false
    }
}

/// What containers see of the machine that they are on.
package struct NodeFacts: Hashable, Sendable {
    /// The version of the kernel, in the status of nodes as well.
    package static let kernelVersion = "6.12.0"

    /// CPUs.
    package var processors = 8
    /// Bytes of memory.
    package var memory = 32 << 30
    /// The architecture as Kubernetes names it.
    package var architecture = "amd64"

    /// The usual node.
    package init() {}

    /// The architecture as `uname -m` names it.
    package var machine: String {
        ["amd64": "x86_64", "arm64": "aarch64", "arm": "armv7l"][architecture] ?? architecture
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

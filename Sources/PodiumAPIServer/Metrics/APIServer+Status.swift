// SPDX-License-Identifier: Apache-2.0
// Answers `/statusz` and `/flagz`: what the server is and how it was started, for people.

import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery

extension APIServer {
    private static let warning =
        "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is "
        + "for debugging purposes only."

    /// The answer to `/statusz` and `/flagz`; nil for other paths.
    func statusDocument(_ parts: [String]) -> HTTPResponse? {
        switch parts {
        case ["statusz"]: status
        case ["flagz"]: flags
        default: nil
        }
    }

    // Kubernetes: component-base/zpages/flagz/flagz.go
    private var flags: HTTPResponse {
        let lines = components.server.flags.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }
        return .text("\nkube-apiserver flagz\n\(Self.warning)\n\n\(lines.joined())")
    }

    // Kubernetes: component-base/zpages/statusz/statusz.go
    private var status: HTTPResponse {
        let started = components.server.startedAt
        let seconds = max(0, MachineTime.wall.nanoseconds - started.nanoseconds) / 1_000_000_000
        let version = ServerVersion.current
        let number = String(version.gitVersion.dropFirst())
        return .text(
            """

            kube-apiserver statusz
            \(Self.warning)

            Started: \(started)
            Up: \(seconds / 3600) hr \(seconds / 60 % 60) min \(seconds % 60) sec
            Binary version: \(number)
            Emulation version: \(version.major).\(version.minor)
            Paths: /flagz /healthz /livez /metrics /readyz /statusz /version

            """
        )
    }
}

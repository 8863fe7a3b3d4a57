// SPDX-License-Identifier: Apache-2.0
// Answers `/statusz`: what the server is, for people.

import PodiumCodec
import PodiumHost
import PodiumMachinery

extension APIServer {
    /// The answer to `/statusz`; nil for other paths.
    // Kubernetes: component-base/zpages/statusz/statusz.go
    func statusDocument(_ parts: [String]) -> HTTPResponse? {
        guard parts == ["statusz"] else { return nil }
        let started = components.server.startedAt
        let seconds = max(0, MachineTime.wall.nanoseconds - started.nanoseconds) / 1_000_000_000
        let version = ServerVersion.current
        let number = String(version.gitVersion.dropFirst())
        return .text(
            """

            kube-apiserver statusz
            Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees \
            and is for debugging purposes only.

            Started: \(started)
            Up: \(seconds / 3600) hr \(seconds / 60 % 60) min \(seconds % 60) sec
            Binary version: \(number)
            Emulation version: \(version.major).\(version.minor)
            Paths: /healthz /livez /metrics /readyz /statusz /version

            """
        )
    }
}

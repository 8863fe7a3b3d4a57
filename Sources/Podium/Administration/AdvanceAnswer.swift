// SPDX-License-Identifier: Apache-2.0
// The answer to a request that advances the clock: it comes when the clock has got there, or will not get there.

import PodiumAPIServer
import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery
import PodiumStorage
import Synchronization

/// An advance that a client waits for. It ends when the client goes.
// State | guarded by | why separate
// request | mutex | set when the advance begins, taken by who cancels it, on other threads
final class AdvanceAnswer: LaterAnswer {
    private let advance: ClusterClock.Advance
    private let cluster: ControlPlane
    private let request = Mutex<ClusterClock.AdvanceRequest?>(nil)

    init(_ advance: ClusterClock.Advance, of cluster: ControlPlane) {
        self.advance = advance
        self.cluster = cluster
    }

    func start(complete: @escaping @Sendable (HTTPResponse) -> Void) {
        let begun = cluster.clock.beginAdvance(advance) { [cluster] result in
            do throws(ClusterClock.AdvanceError) {
                complete(JSONAnswer.value(Self.report(try result.get(), of: cluster)))
            } catch {
                complete(JSONAnswer.failure(Self.status(of: error)))
            }
        }
        request.withLock { $0 = begun }
    }

    func cancel() { request.withLock { $0 }?.giveUp() }

    private static func report(_ result: ClusterClock.AdvanceResult, of cluster: ControlPlane) -> JSONValue {
        [
            "now": .string(result.now.rfc3339Micro), "fired": .integer(Int64(result.fired)),
            "nextTimer": result.nextTimer.map { .string($0.rfc3339Micro) } ?? .null,
            "resourceVersion": .string(cluster.storage.revision.description),
        ]
    }

    private static func status(of error: ClusterClock.AdvanceError) -> StatusError {
        switch error {
        case .notVirtual: conflict("the clock is not virtual: it cannot be advanced")
        case .backwards(let now): conflict("the clock stands at \(now.rfc3339Micro) and cannot go back")
        case .tooFar(let limit): .badRequest("this advance may go no further than \(limit.rfc3339Micro)")
        case .ended(let now): conflict("the cluster ended while its clock was advanced, at \(now.rfc3339Micro)")
        case .tooMany:
            StatusError(
                code: 429,
                reason: .tooManyRequests,
                message: "\(ClusterClock.Limits.maximumAdvances) advances of this clock are under way already"
            )
        case .givenUp(let now):
            StatusError(
                code: 503,
                reason: .serviceUnavailable,
                message: "the server is shutting down; the clock has come to \(now.rfc3339Micro)"
            )
        }
    }

    private static func conflict(_ message: String) -> StatusError {
        StatusError(code: 409, reason: .conflict, message: message)
    }
}

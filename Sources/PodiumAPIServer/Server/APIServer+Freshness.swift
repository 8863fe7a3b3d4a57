// SPDX-License-Identifier: Apache-2.0
// Requests for a state that is yet to come: they wait for it, but not for long.

import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// How long a request waits for the state that it asks for.
// Kubernetes: apiserver/pkg/storage/cacher/watch_cache.go blockTimeout
private enum Freshness {
    static let deadline = Duration.seconds(3)
}

extension APIServer {
    /// The answer that `make` gives as soon as storage has come to `revision`: at once when it has; 504 when it does
    /// not get there in time.
    // Kubernetes: apiserver/pkg/storage/cacher/watch_cache.go waitUntilFreshAndBlock
    func answer(
        _ request: ResourceRequest,
        reaching revision: Revision?,
        _ make: @escaping @Sendable (APIServer) throws(StatusError) -> HTTPResponse
    ) throws(StatusError) -> HTTPResponse {
        guard let revision, revision > api.storage.revision else { return try make(self) }
        return pending.answer(within: Freshness.deadline, waitingFor: .cluster) { [self] in
            let error = StorageError.futureRevision(requested: revision, current: api.storage.revision)
            return failure(StatusError(error, resource: request.definition.groupResource), to: request)
        } begin: { [self] answer in
            api.storage.notify(reaching: revision) { [self] in
                answer.give { [self] in
                    do throws(StatusError) { return try make(self) } catch { return failure(error, to: request) }
                }
            }
        }
    }
}

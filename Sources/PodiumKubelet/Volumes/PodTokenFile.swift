// SPDX-License-Identifier: Apache-2.0
// The tokens of service accounts in the volumes of pods: made when a container reads them, and renewed as time passes.

import PodiumHost
package import PodiumMachinery
import PodiumRuntime
import Synchronization

/// What a kubelet asks a token for.
package struct PodTokenRequest: Hashable, Sendable {
    package let pod: NamespacedName
    package let uid: String
    package let serviceAccount: String
    package let node: String
    /// For whom the token is; empty for the API server.
    package let audience: String
    /// How long it is to hold.
    package let seconds: Int64
}

/// Who makes the tokens of service accounts.
package protocol PodTokenSource: Sendable {
    /// The token that was asked for at `time`; empty when there is none to be had. Called from any thread.
    func token(_ request: PodTokenRequest, at time: Timestamp) -> String
}

/// Makes none.
package struct NoPodTokens: PodTokenSource {
    package init() {}
    package func token(_ request: PodTokenRequest, at time: Timestamp) -> String { "" }
}

/// The file that a token is in.
///
/// A kubelet asks for a token when it mounts the volume and again after four fifths of its time; what a container reads
/// follows from that and from when it reads, whether it was looked at before or not.
// State | guarded by | why separate
// newest | mutex | read by containers and by requests for files; tokens are made outside of the lock
// Kubernetes: pkg/kubelet/token/token_manager.go requiresRefresh
final class PodTokenFile: Sendable {
    private static let maximumAge: Int64 = 24 * 60 * 60

    private let request: PodTokenRequest
    private let mountedAt: Timestamp
    private let source: any PodTokenSource
    private let clock: any HostClock
    private let newest = Mutex<(issuedAt: Timestamp, bytes: [UInt8])?>(nil)

    init(_ request: PodTokenRequest, mountedAt: Timestamp, source: any PodTokenSource, clock: any HostClock) {
        self.request = request
        self.mountedAt = mountedAt
        self.source = source
        self.clock = clock
    }

    /// The file, for a volume.
    var content: DeferredContent {
        let request = request
        let identity = "\(request.uid) \(request.serviceAccount) \(request.node) \(request.audience) \(request.seconds)"
        return DeferredContent(identity) { self.bytes(at: self.clock.now) }
    }

    private func bytes(at now: Timestamp) -> [UInt8] {
        let period = Duration.seconds(max(1, min(request.seconds / 5 * 4, Self.maximumAge)))
        let age = max(0, now.nanoseconds - mountedAt.nanoseconds)
        let issuedAt = mountedAt + .nanoseconds(age / period.nanoseconds * period.nanoseconds)
        if let newest = newest.withLock({ $0 }), newest.issuedAt == issuedAt, !newest.bytes.isEmpty {
            return newest.bytes
        }
        let bytes = Array(source.token(request, at: issuedAt).utf8)
        newest.withLock { $0 = (issuedAt, bytes) }
        return bytes
    }
}

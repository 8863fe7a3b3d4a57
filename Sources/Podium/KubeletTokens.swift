// SPDX-License-Identifier: Apache-2.0
// Brings together kubelets, which want tokens for pods, and the API server, which makes them.

import PodiumAPIServer
import PodiumKubelet
import PodiumMachinery

/// The tokens of a cluster's pods.
struct KubeletTokens: PodTokenSource {
    private let tokens: ServiceAccountTokens

    init(_ tokens: ServiceAccountTokens) { self.tokens = tokens }

    func token(_ request: PodTokenRequest, at time: Timestamp) -> String {
        let bearer = TokenBearer(
            pod: request.pod,
            uid: request.uid,
            account: request.serviceAccount,
            node: request.node
        )
        do throws(StatusError) {
            return try tokens.token(for: bearer, audience: request.audience, seconds: request.seconds, at: time) ?? ""
        } catch {
            // A kubelet that cannot ask has nothing to put there; whoever reads the file again asks again.
            return ""
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Brings together those who want tokens, kubelets and controllers, and the API server, which makes them.

import PodiumAPIServer
import PodiumControllers
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

/// The tokens that are kept in Secrets.
struct SecretTokens: SecretTokenSource {
    private let tokens: ServiceAccountTokens

    init(_ tokens: ServiceAccountTokens) { self.tokens = tokens }

    func token(for secret: NamespacedName, account: String, accountUID: String) -> String {
        tokens.token(for: TokenSecret(secret, account: account, accountUID: accountUID))
    }
}

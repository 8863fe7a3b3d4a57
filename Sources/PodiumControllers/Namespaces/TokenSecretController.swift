// SPDX-License-Identifier: Apache-2.0
// Fills Secrets with the tokens of service accounts, and removes them with their account.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// Looks after Secrets of type `kubernetes.io/service-account-token`.
// Kubernetes: pkg/controller/serviceaccount/tokens_controller.go
final class TokenSecretController: InformedReconciler {
    static let name = "serviceaccount-token-controller"

    private static let type = "kubernetes.io/service-account-token"
    private static let accountName = "kubernetes.io/service-account.name"
    private static let accountUID = "kubernetes.io/service-account.uid"

    private let informers: SharedInformers
    private let tokens: any SecretTokenSource
    private let rootCertificate: String

    init(informers: SharedInformers, tokens: any SecretTokenSource, rootCertificate: String) {
        self.informers = informers
        self.tokens = tokens
        self.rootCertificate = rootCertificate
    }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.secrets) { event in
            if case .deleted = event { return }
            if Self.isToken(event.object) { controller.add(event.object.key.name) }
        }
        informers.handle(.serviceAccounts) { [weak self] event in
            if case .updated = event { return }
            let namespace = event.object.namespace
            for secret in self?.informers.objects(.secrets) ?? []
            where secret.namespace == namespace && Self.isToken(secret) {
                controller.add(secret.key.name)
            }
        }
    }

    private static func isToken(_ secret: APIObject) -> Bool { secret.stored.facts.fields["type"] == type }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        let client = informers.client
        guard let secret = try client.get(ObjectKey(.secrets, name)), Self.isToken(secret), !secret.isTerminating else {
            return .done
        }
        let accountName = secret.annotations[Self.accountName] ?? ""
        let account = try client.get(ObjectKey(.serviceAccounts, namespace: name.namespace, name: accountName))
        let uid = secret.annotations[Self.accountUID] ?? ""
        try StatusError.ignoringAbsence { () throws(StatusError) in
            guard let account, uid.isEmpty || uid == account.uid else {
                try client.delete(secret.key, uid: secret.uid)
                return
            }
            try fill(secret, for: account)
        }
        return .done
    }

    private func fill(_ secret: APIObject, for account: APIObject) throws(StatusError) {
        try informers.client.update(secret.key, uid: secret.uid) { value in
            let old = value
            value[path: "metadata", "annotations", Self.accountUID] = .string(account.uid)
            value[path: "data", "ca.crt"] = .string(Base64.encode(rootCertificate.utf8))
            value[path: "data", "namespace"] = .string(Base64.encode(secret.namespace.utf8))
            if (value[path: "data", "token"]?.string ?? "").isEmpty {
                let token = tokens.token(for: secret.key.name, account: account.name, accountUID: account.uid)
                value[path: "data", "token"] = .string(Base64.encode(token.utf8))
            }
            return value != old
        }
    }
}

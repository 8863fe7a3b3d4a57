// SPDX-License-Identifier: Apache-2.0
// Gives pods a service account, its pull secrets and the token with which they may speak to the API.

package import PodiumCodec
import PodiumHost
import PodiumKinds
package import PodiumMachinery
package import PodiumRegistry
import PodiumStorage

/// Sets the service account of new pods and mounts its token.
// Kubernetes: plugin/pkg/admission/serviceaccount/admission.go
package struct ServiceAccountAdmission: AdmissionPlugin {
    package let name = "ServiceAccount"

    private static let mountPath = "/var/run/secrets/kubernetes.io/serviceaccount"
    private static let mirrorAnnotation = "kubernetes.io/config.mirror"

    package init() {}

    package func mutate(
        _ object: inout JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.isOn(.pods, .create),
            object[path: "metadata", "annotations", Self.mirrorAnnotation] == nil, object["spec"]?.object != nil
        else { return }
        if !(object["spec"] ?? .null).hasText("serviceAccountName") {
            object[path: "spec", "serviceAccountName"] = "default"
            object[path: "spec", "serviceAccount"] = "default"
        }
        let account = try account(of: object, attributes, context)
        if mountsToken(object, account) {
            mountToken(&object, volume: TokenVolume.name(context.host.random))
        }
        let secrets = account["imagePullSecrets"]?.elements ?? []
        if object[path: "spec", "imagePullSecrets"]?.elements.isEmpty ?? true, !secrets.isEmpty {
            object[path: "spec", "imagePullSecrets"] = .array(secrets)
        }
    }

    /// The account; the default one may be yet to come, because a namespace gets it after it was made.
    private func account(
        of pod: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext
    ) throws(StatusError) -> JSONValue {
        let name = pod[path: "spec", "serviceAccountName"]?.string ?? ""
        let key = ObjectKey(.serviceAccounts, namespace: attributes.namespace, name: name)
        if let account = try context.storage.object(key) { return account.value() }
        if name == "default" { return .emptyObject }
        let problem = "error looking up service account \(attributes.namespace)/\(name): "
        throw attributes.forbidden(pod, problem + "serviceaccount \(FieldError.quoted(name)) not found")
    }

    private func mountsToken(_ pod: JSONValue, _ account: JSONValue) -> Bool {
        pod[path: "spec", "automountServiceAccountToken"]?.bool ?? account["automountServiceAccountToken"]?.bool ?? true
    }

    private func mountToken(_ pod: inout JSONValue, volume: String) {
        var isNeeded = false
        pod.updateMember("spec") { spec in
            for list in ["initContainers", "containers"] {
                spec.updateElements(of: list) { container in
                    let mounts = container["volumeMounts"]?.elements ?? []
                    guard !mounts.contains(where: { $0["mountPath"]?.string == Self.mountPath }) else { return }
                    isNeeded = true
                    let mount: JSONValue = [
                        "name": .string(volume), "readOnly": true, "mountPath": .string(Self.mountPath),
                    ]
                    container["volumeMounts"] = .array(mounts + [mount])
                }
            }
            guard isNeeded else { return }
            spec["volumes"] = .array((spec["volumes"]?.elements ?? []) + [Self.tokenVolume(volume)])
        }
    }

    private static func tokenVolume(_ name: String) -> JSONValue {
        [
            "name": .string(name),
            "projected": [
                "sources": [
                    ["serviceAccountToken": ["expirationSeconds": 3607, "path": "token"]],
                    ["configMap": ["name": "kube-root-ca.crt", "items": [["key": "ca.crt", "path": "ca.crt"]]]],
                    [
                        "downwardAPI": [
                            "items": [
                                [
                                    "path": "namespace",
                                    "fieldRef": ["apiVersion": "v1", "fieldPath": "metadata.namespace"],
                                ]
                            ]
                        ]
                    ],
                ],
                "defaultMode": 420,
            ],
        ]
    }
}

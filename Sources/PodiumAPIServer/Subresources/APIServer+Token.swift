// SPDX-License-Identifier: Apache-2.0
// `POST …/serviceaccounts/{name}/token`: a token for a service account.

import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumKinds
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

extension APIServer {
    /// Issues a token.
    // Kubernetes: pkg/registry/core/serviceaccount/storage/token.go
    func issueToken(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        _ = try writeOptions(request, kind: "CreateOptions")
        let gvk = GroupVersionKind(group: "authentication.k8s.io", version: "v1", kind: "TokenRequest")
        var object = try decodeBody(request, as: gvk)
        let problems = TokenRequest.metadataErrors(object, request)
        if !problems.isEmpty { throw .invalid(group: gvk.group, kind: gvk.kind, name: request.name, problems) }
        let account = try store(request).get(request.name)
        if let uid = object[path: "metadata", "uid"]?.string, !uid.isEmpty, uid != account.facts.uid {
            throw .conflict(
                GroupResource(group: gvk.group, resource: gvk.kind),
                request.name,
                "the UID in the token request (\(uid)) does not match the UID of the service account "
                    + "(\(account.facts.uid))"
            )
        }
        let now = api.host.clock.now
        TokenRequest.applyDefaults(&object, account, now: now)
        let errors = TokenRequest.errors(object)
        if !errors.isEmpty { throw .invalid(group: gvk.group, kind: gvk.kind, name: "", errors) }
        let seconds = object[path: "spec", "expirationSeconds"]?.integer ?? TokenRequest.defaultSeconds
        let (bound, node) = try boundObject(object[path: "spec", "boundObjectRef"], account)
        let claims = ServiceAccountClaims.issued(
            to: ServiceAccountClaims.Reference(name: request.name, uid: account.facts.uid),
            in: account.key.name.namespace,
            ServiceAccountClaims.Terms(
                audiences: object[path: "spec", "audiences"]?.elements.compactMap(\.string) ?? [],
                seconds: seconds,
                bound: bound,
                podNode: node
            ),
            at: now.seconds,
            id: api.host.random.uid()
        )
        object["status"] = [
            "token": .string(components.serviceAccountTokens.issue(claims)),
            "expirationTimestamp": .string(Timestamp(seconds: now.seconds + seconds).rfc3339),
        ]
        return AnswerWriter(request, self).value(object, status: 201)
    }

    /// The object that a token is to be bound to, and the node of it when it is a pod.
    private func boundObject(
        _ reference: JSONValue?,
        _ account: StoredObject
    ) throws(StatusError) -> (ServiceAccountClaims.BoundObject?, node: ServiceAccountClaims.Reference?) {
        guard let reference, !reference.isNull else { return (nil, nil) }
        let version = reference["apiVersion"]?.string ?? ""
        let kindName = reference["kind"]?.string ?? ""
        let name = reference["name"]?.string ?? ""
        let kind = ServiceAccountClaims.BoundKind.allCases.first { $0.kindName == kindName }
        guard version == "v1" || version.isEmpty, let kind else {
            let group = version.isEmpty ? "/" : version
            throw .badRequest("cannot bind token to object of type \(group), Kind=\(kindName)")
        }
        let namespace = kind == .node ? "" : account.key.name.namespace
        guard let object = try api.storage.object(ObjectKey(kind.resource, namespace: namespace, name: name)) else {
            throw .notFound(kind.resource, name)
        }
        var node: ServiceAccountClaims.Reference?
        if kind == .pod {
            let spec = object.value()["spec"]
            guard spec?["serviceAccountName"]?.string == account.key.name.name else {
                throw .badRequest(
                    "cannot bind token for serviceaccount \(FieldError.quoted(account.key.name.name)) to pod running "
                        + "with different serviceaccount name."
                )
            }
            if let name = spec?["nodeName"]?.string { node = try nodeReference(name) }
        }
        if let uid = reference["uid"]?.string, !uid.isEmpty, uid != object.facts.uid {
            throw .conflict(
                GroupResource(group: "", resource: kindName),
                name,
                "the UID in the bound object reference (\(uid)) does not match the UID in record. The object might "
                    + "have been deleted and then recreated"
            )
        }
        let target = ServiceAccountClaims.Reference(name: name, uid: object.facts.uid)
        return (ServiceAccountClaims.BoundObject(kind: kind, object: target), node)
    }

    private func nodeReference(_ name: String) throws(StatusError) -> ServiceAccountClaims.Reference? {
        try api.storage.object(ObjectKey(.nodes, name: name)).map {
            ServiceAccountClaims.Reference(name: name, uid: $0.facts.uid)
        }
    }
}

extension ServiceAccountClaims.BoundKind {
    /// The kind as references name it.
    fileprivate var kindName: String {
        switch self {
        case .pod: "Pod"
        case .secret: "Secret"
        case .node: "Node"
        }
    }
}

/// The rules of a TokenRequest.
// Kubernetes: pkg/apis/authentication/validation/validation.go
private enum TokenRequest {
    static let defaultSeconds: Int64 = 3600
    private static let minimumSeconds: Int64 = 600
    private static let maximumSeconds: Int64 = 1 << 32

    static func metadataErrors(_ object: JSONValue, _ request: ResourceRequest) -> [FieldError] {
        let name = PodField("metadata", of: object)["name"]
        if !name.text.isEmpty, name.text != request.name {
            return [.invalid(name.path, .string(name.text), "must match the service account name if specified")]
        }
        let namespace = PodField("metadata", of: object)["namespace"]
        if !namespace.text.isEmpty, namespace.text != request.path.namespace {
            let detail = "must match the service account namespace if specified"
            return [.invalid(namespace.path, .string(namespace.text), detail)]
        }
        return []
    }

    static func applyDefaults(_ object: inout JSONValue, _ account: StoredObject, now: Timestamp) {
        for part in ["metadata", "spec"] where object[part]?.object == nil { object[part] = [:] }
        object.updateMember("metadata") { metadata in
            metadata["name"] = .string(account.key.name.name)
            metadata["namespace"] = .string(account.key.name.namespace)
            metadata["uid"] = .string(account.facts.uid)
            metadata["creationTimestamp"] = .string(now.rfc3339)
        }
        object.updateMember("spec") { spec in
            if spec["audiences"]?.elements.isEmpty ?? true {
                spec["audiences"] = .array(ServiceAccountTokens.apiAudiences.map(JSONValue.string))
            }
            if spec["expirationSeconds"]?.integer == nil { spec["expirationSeconds"] = .integer(defaultSeconds) }
            // A field without omitempty.
            if spec["boundObjectRef"] == nil { spec["boundObjectRef"] = .null }
        }
    }

    static func errors(_ object: JSONValue) -> [FieldError] {
        let seconds = PodField("spec", of: object)["expirationSeconds"]
        if seconds.integer < minimumSeconds {
            return [
                .invalid(seconds.path, .integer(seconds.integer), "may not specify a duration less than 10 minutes")
            ]
        }
        if seconds.integer > maximumSeconds {
            let detail = "may not specify a duration larger than 2^32 seconds"
            return [.invalid(seconds.path, .integer(seconds.integer), detail)]
        }
        return []
    }
}

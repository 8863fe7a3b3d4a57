// SPDX-License-Identifier: Apache-2.0
// What an access review asks, and whether that makes sense.

import PodiumCodec
import PodiumKinds
import PodiumMachinery
import PodiumRegistry

/// The question of an access review.
// Kubernetes: pkg/apis/authorization/validation/validation.go
struct AccessReview {
    /// The collections that answer questions and store nothing.
    static let kinds: Set<GroupResource> = [
        GroupResource(group: "authorization.k8s.io", resource: "selfsubjectaccessreviews"),
        GroupResource(group: "authorization.k8s.io", resource: "subjectaccessreviews"),
        GroupResource(group: "authorization.k8s.io", resource: "localsubjectaccessreviews"),
        GroupResource(group: "authorization.k8s.io", resource: "selfsubjectrulesreviews"),
        GroupResource(group: "authentication.k8s.io", resource: "selfsubjectreviews"),
        GroupResource(group: "authentication.k8s.io", resource: "tokenreviews"),
    ]

    private let review: JSONValue
    private let isAboutSelf: Bool
    private let isLocal: Bool

    init(_ review: JSONValue, isAboutSelf: Bool, isLocal: Bool = false) {
        self.review = review
        self.isAboutSelf = isAboutSelf
        self.isLocal = isLocal
    }

    private var spec: PodField { PodField("spec", of: review) }

    /// Whom a review about somebody else is about.
    var user: UserInfo {
        var user = UserInfo(name: spec["user"].text, uid: spec["uid"].text)
        user.groups = spec["groups"].elements.map(\.text)
        for (key, values) in spec["extra"].entries { user.extra[key] = values.elements.map(\.text) }
        return user
    }

    /// What is asked for.
    var access: AccessRequest {
        let resource = spec["resourceAttributes"]
        guard resource.isSet else {
            let attributes = spec["nonResourceAttributes"]
            return .path(attributes["path"].text, verb: attributes["verb"].text)
        }
        return .resource(
            ResourceAttributes(
                verb: resource["verb"].text,
                group: resource["group"].text,
                version: resource["version"].text,
                resource: resource["resource"].text,
                subresource: resource["subresource"].text,
                namespace: resource["namespace"].text,
                name: resource["name"].text
            )
        )
    }

    /// - Throws: 422 when the question makes no sense.
    func check() throws(StatusError) {
        let errors = errors
        // Upstream does not know the kind here, and says so by leaving it out.
        if !errors.isEmpty { throw .invalid(group: "authorization.k8s.io", kind: "", name: "", errors) }
    }

    private var errors: [FieldError] {
        let resource = spec["resourceAttributes"]
        let other = spec["nonResourceAttributes"]
        let printed: JSONValue = ["Path": .string(other["path"].text), "Verb": .string(other["verb"].text)]
        var errors: [FieldError] = []
        if resource.isSet, other.isSet {
            errors.append(.invalid(other.path, printed, "cannot be specified in combination with resourceAttributes"))
        }
        if !resource.isSet, !other.isSet {
            let detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            errors.append(.invalid(resource.path, .null, detail))
        }
        if !isAboutSelf, user.name.isEmpty, user.groups.isEmpty {
            errors.append(.invalid(spec["user"].path, "", "at least one of user or group must be specified"))
        }
        var metadata = review["metadata"]?.object ?? [:]
        metadata["managedFields"] = nil
        if isLocal { metadata["namespace"] = nil }
        if !metadata.isEmpty {
            let detail = isLocal ? "must be empty except for namespace" : "must be empty"
            errors.append(.invalid(FieldPath("metadata"), review["metadata"] ?? .null, detail))
        }
        guard isLocal else { return errors }
        let namespace = resource["namespace"].text
        if resource.isSet, namespace != review[path: "metadata", "namespace"]?.string ?? "" {
            errors.append(.invalid(resource["namespace"].path, .string(namespace), "must match metadata.namespace"))
        }
        if other.isSet { errors.append(.invalid(other.path, printed, "disallowed on this kind of request")) }
        return errors
    }
}

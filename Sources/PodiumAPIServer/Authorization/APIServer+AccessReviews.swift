// SPDX-License-Identifier: Apache-2.0
// Questions about access that are asked by POST and stored nowhere: who may do what, who am I, whose token is this.

import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery
import PodiumRegistry

extension APIServer {
    /// The answer to one of ``AccessReview/kinds``.
    func review(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse {
        switch (request.path.groupVersion.group, request.path.plural) {
        case ("authorization.k8s.io", "selfsubjectaccessreviews"):
            return try answer(request) { review throws(StatusError) in
                let question = AccessReview(review, isAboutSelf: true)
                try question.check()
                return status(question, request.user)
            }
        case ("authorization.k8s.io", "subjectaccessreviews"), ("authorization.k8s.io", "localsubjectaccessreviews"):
            let isLocal = request.definition.isNamespaced
            return try answer(request) { review throws(StatusError) in
                let question = AccessReview(review, isAboutSelf: false, isLocal: isLocal)
                try question.check()
                return status(question, question.user)
            }
        case ("authorization.k8s.io", "selfsubjectrulesreviews"):
            return try answer(request) { review throws(StatusError) in try rulesStatus(&review, request.user) }
        case ("authentication.k8s.io", "selfsubjectreviews"):
            return try answer(request) { review throws(StatusError) in
                review["metadata"] = ["creationTimestamp": .string(api.host.clock.now.rfc3339)]
                return ["userInfo": request.user.value]
            }
        case ("authentication.k8s.io", "tokenreviews"):
            return try answer(request) { review throws(StatusError) in try tokenStatus(review) }
        default: throw .pathNotFound
        }
    }

    /// Decodes a review and answers it with the status that `decide` finds; `decide` may change the rest, too.
    private func answer(
        _ request: ResourceRequest,
        _ decide: (inout JSONValue) throws(StatusError) -> JSONValue
    ) throws(StatusError) -> HTTPResponse {
        _ = try writeOptions(request, kind: "CreateOptions")
        var review = try decodeBody(request, as: request.definition.gvk)
        try store(request).placeInNamespace(&review)
        if review["metadata"] == nil { review["metadata"] = [:] }
        if review["spec"] == nil, request.path.plural != "selfsubjectreviews" { review["spec"] = [:] }
        review["status"] = try decide(&review)
        return AnswerWriter(request, self).value(review, status: 201)
    }

    // Kubernetes: pkg/registry/authorization/subjectaccessreview/rest.go
    private func status(_ review: AccessReview, _ user: UserInfo) -> JSONValue {
        let decision = components.authorizer.decide(review.access, user)
        var status: JSONValue = ["allowed": .bool(decision.isAllowed)]
        if !decision.reason.isEmpty { status["reason"] = .string(decision.reason) }
        return status
    }

    // Kubernetes: pkg/registry/authorization/selfsubjectrulesreview/rest.go
    private func rulesStatus(_ review: inout JSONValue, _ user: UserInfo) throws(StatusError) -> JSONValue {
        let namespace = review[path: "spec", "namespace"]?.string ?? ""
        if namespace.isEmpty { throw .badRequest("no namespace on request") }
        // As upstream, the answer does not repeat the question.
        review["metadata"] = [:]
        review["spec"] = [:]
        let found = components.authorizer.rules(of: user, in: namespace)
        var resourceRules: [JSONValue] = []
        var nonResourceRules: [JSONValue] = []
        for rule in found.rules {
            if !rule.resources.isEmpty {
                var part = rule
                part.nonResourceURLs = []
                resourceRules.append(part.value)
            }
            if !rule.nonResourceURLs.isEmpty {
                nonResourceRules.append(PolicyRule(verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs).value)
            }
        }
        var status: JSONValue = [
            "resourceRules": .array(resourceRules), "nonResourceRules": .array(nonResourceRules), "incomplete": false,
        ]
        if !found.problem.isEmpty { status["evaluationError"] = .string(found.problem) }
        return status
    }

    // Kubernetes: pkg/registry/authentication/tokenreview/storage.go
    private func tokenStatus(_ review: JSONValue) throws(StatusError) -> JSONValue {
        let token = review[path: "spec", "token"]?.string ?? ""
        if token.isEmpty { throw .badRequest("token is required for TokenReview in authentication") }
        let audiences = review[path: "spec", "audiences"]?.elements.compactMap(\.string) ?? []
        guard let owner = try components.authenticator.review(token: token, audiences: audiences) else {
            return ["user": [:], "error": "invalid bearer token"]
        }
        return [
            "authenticated": true, "user": owner.user.value,
            "audiences": .array(owner.audiences.map(JSONValue.string)),
        ]
    }
}

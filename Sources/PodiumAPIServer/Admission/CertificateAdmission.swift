// SPDX-License-Identifier: Apache-2.0
// Who may approve and sign certificate signing requests, and for whom none is signed.

package import PodiumCodec
import PodiumKinds
package import PodiumMachinery
package import PodiumRegistry

extension AdmissionAttributes {
    /// Whether the request is about certificate signing requests, at this subresource.
    fileprivate func isOnCertificates(_ subresource: String) -> Bool {
        self.subresource == subresource && resource.group == SignerAccess.group
            && resource.resource == "certificatesigningrequests"
    }
}

/// Asks whether somebody may do something with a signer.
// Kubernetes: pkg/admission/plugin/certificates/util.go IsAuthorizedForSignerName
private enum SignerAccess {
    static let group = "certificates.k8s.io"

    static func allows(_ user: UserInfo, _ verb: String, _ signer: String, _ authorizer: any Authorizer) -> Bool {
        // A whole domain of signers may be allowed at once.
        let domain = String(signer.prefix { $0 != "/" })
        return [signer, "\(domain)/*"].contains { name in
            let access = ResourceAttributes(verb: verb, group: group, version: "*", resource: "signers", name: name)
            return authorizer.decide(.resource(access), user).isAllowed
        }
    }
}

/// Lets those alone decide about a request who may `approve` for its signer.
// Kubernetes: plugin/pkg/admission/certificates/approval/admission.go
package struct CertificateApproval: AdmissionPlugin {
    package let name = "CertificateApproval"
    private let authorizer: any Authorizer

    /// Makes the plugin, which asks `authorizer`.
    package init(_ authorizer: any Authorizer) { self.authorizer = authorizer }

    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.isOnCertificates("approval"), attributes.operation == .update else { return }
        let signer = attributes.oldObject?[path: "spec", "signerName"]?.string ?? ""
        if SignerAccess.allows(attributes.user, "approve", signer, authorizer) { return }
        let problem = "user not permitted to approve requests with signerName \(FieldError.quoted(signer))"
        throw attributes.forbidden(object, problem)
    }
}

/// Lets those alone write certificates who may `sign` for the request's signer.
// Kubernetes: plugin/pkg/admission/certificates/signing/admission.go
package struct CertificateSigning: AdmissionPlugin {
    package let name = "CertificateSigning"
    private let authorizer: any Authorizer

    /// Makes the plugin, which asks `authorizer`.
    package init(_ authorizer: any Authorizer) { self.authorizer = authorizer }

    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        guard attributes.isOnCertificates("status"), attributes.operation == .update else { return }
        let changes = ["certificate", "conditions"].contains { key in
            object[path: "status", key] != attributes.oldObject?[path: "status", key]
        }
        let signer = attributes.oldObject?[path: "spec", "signerName"]?.string ?? ""
        if !changes || SignerAccess.allows(attributes.user, "sign", signer, authorizer) { return }
        let problem = "user not permitted to sign requests with signerName \(FieldError.quoted(signer))"
        throw attributes.forbidden(object, problem)
    }
}

/// Nobody becomes an administrator by a certificate for clients of the API server.
// Kubernetes: plugin/pkg/admission/certificates/subjectrestriction/admission.go
package struct CertificateSubjectRestriction: AdmissionPlugin {
    package let name = "CertificateSubjectRestriction"

    /// Makes the plugin.
    package init() {}

    package func validate(
        _ object: JSONValue,
        _ attributes: AdmissionAttributes,
        _ context: StrategyContext,
        _ warnings: inout [String]
    ) throws(StatusError) {
        let signer = "kubernetes.io/kube-apiserver-client"
        guard attributes.isOnCertificates(""), attributes.operation == .create,
            object[path: "spec", "signerName"]?.string == signer
        else { return }
        let bytes = Base64.bytes(of: object[path: "spec", "request"]?.string ?? "")
        if CertificateRequest.parse(bytes).organizations.contains(WellKnownGroup.masters) {
            let problem = "use of \(signer) signer with system:masters group is not allowed"
            throw attributes.forbidden(object, problem)
        }
    }
}

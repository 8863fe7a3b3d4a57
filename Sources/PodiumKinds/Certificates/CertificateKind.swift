// SPDX-License-Identifier: Apache-2.0
// What is known of CertificateSigningRequests.

import PodiumCodec
import PodiumRegistry
import PodiumStorage

extension BuiltInKind {
    static let certificateSigningRequests = BuiltInKind(
        "certificatesigningrequests",
        in: "certificates.k8s.io",
        CertificateSigningRequestStrategy()
    ) { kind in
        kind.cells = { $0.certificateSigningRequest }
        kind.selectableFields = [
            SelectableField("spec.signerName")
        ]
        kind.subresources = ["approval": CertificateSigningRequestPart(.approval)]
        kind.missingController = "nothing is signed"
    }
}

// SPDX-License-Identifier: Apache-2.0
// What is wrong with a certificate signing request.

import PodiumCodec
import PodiumMachinery

/// The rules of certificate signing requests.
// Kubernetes: pkg/apis/certificates/validation/validation.go
struct CertificateSigningRequestValidation {
    private static let usages = [
        "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
        "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel",
        "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime",
        "server auth", "signing", "timestamping",
    ]
    private static let decisions = ["Approved", "Denied", "Failed"]
    private static let minimumSeconds: Int64 = 600
    private static let conditionsPath = FieldPath("status", "conditions")

    private let object: JSONValue
    private let old: JSONValue?

    /// `old` is nil on create; what it had wrong may stay.
    init(_ object: JSONValue, old: JSONValue?) {
        self.object = object
        self.old = old
    }

    /// What is wrong with it as it is.
    var errors: [FieldError] {
        let spec = PodField("spec", of: object)
        var errors: [FieldError] = []
        if let problem = CertificateRequest.parse(Base64.bytes(of: spec["request"].text)).problem {
            errors.append(.invalid(FieldPath("spec", "request"), spec["request"].value ?? .null, problem))
        }
        errors += usageErrors(spec["usages"])
        if spec["signerName"].text == "kubernetes.io/legacy-unknown" {
            let detail = "the legacy signerName is not allowed via this API version"
            errors.append(.invalid(FieldPath("spec", "signerName"), spec["signerName"].value ?? .null, detail))
        } else {
            errors += SignerName.errors(spec["signerName"].text, at: FieldPath("spec", "signerName"))
        }
        if let seconds = spec["expirationSeconds"].value?.integer, seconds < Self.minimumSeconds {
            let detail = "may not specify a duration less than 600 seconds (10 minutes)"
            errors.append(.invalid(FieldPath("spec", "expirationSeconds"), .integer(seconds), detail))
        }
        return errors + conditionErrors
    }

    private func usageErrors(_ field: PodField) -> [FieldError] {
        let usages = field.texts
        if usages.isEmpty { return [field.required()] }
        let path = FieldPath("spec", "usages")
        let unknown = usages.enumerated().filter { !Self.usages.contains($0.element) }
        var seen: Set<String> = []
        let repeated = usages.enumerated().filter { !seen.insert($0.element).inserted }
        return unknown.map { .notSupported(path.index($0.offset), .string($0.element), Self.usages) }
            + repeated.map { .duplicate(path.index($0.offset), .string($0.element)) }
    }

    private var conditionErrors: [FieldError] {
        let conditions = object[path: "status", "conditions"]?.elements ?? []
        let wereBoth = old.map { !$0.conditions("Approved").isEmpty && !$0.conditions("Denied").isEmpty } ?? false
        var errors: [FieldError] = []
        var seen: Set<String> = []
        for (index, condition) in conditions.enumerated() {
            let path = Self.conditionsPath.index(index)
            let type = condition["type"]?.string ?? ""
            let status = condition["status"]?.string ?? ""
            if type.isEmpty { errors.append(.required(path.child("type"))) }
            let allowed = Self.decisions.contains(type) ? ["True"] : ["False", "True", "Unknown"]
            if status.isEmpty {
                errors.append(.required(path.child("status")))
            } else if !allowed.contains(status) {
                errors.append(.notSupported(path.child("status"), .string(status), allowed))
            }
            let opposite = type == "Approved" ? "Denied" : type == "Denied" ? "Approved" : nil
            if let opposite, !wereBoth, seen.contains(opposite) {
                let detail = "Approved and Denied conditions are mutually exclusive"
                errors.append(.invalid(path.child("type"), .string(type), detail))
            }
            if !seen.insert(type).inserted { errors.append(.duplicate(path.child("type"), .string(type))) }
        }
        return errors
    }

    /// What an update may not do; `part` is nil for the object itself.
    func updateErrors(old: JSONValue, part: CertificateSigningRequestPart.Part?) -> [FieldError] {
        var errors: [FieldError] = []
        for type in Self.decisions where object.conditions(type).count < old.conditions(type).count {
            let detail = "updates may not remove a condition of type \(FieldError.quoted(type))"
            errors.append(.forbidden(Self.conditionsPath, detail))
        }
        if part != .approval {
            for type in ["Approved", "Denied"] where object.conditions(type).count > old.conditions(type).count {
                let detail = "updates may not add a condition of type \(FieldError.quoted(type))"
                errors.append(.forbidden(Self.conditionsPath, detail))
            }
        }
        let path = FieldPath("status", "certificate")
        let certificate = old[path: "status", "certificate"]?.string ?? ""
        if part == .status, !certificate.isEmpty, object[path: "status", "certificate"]?.string ?? "" != certificate {
            errors.append(.forbidden(path, "updates may not modify existing certificate content"))
        }
        return errors
    }
}

/// `example.com/signer`
// Kubernetes: pkg/apis/core/validation/validation.go ValidateSignerName
enum SignerName {
    private static let maximumLength = 571
    private static let maximumDomain = 253

    static func errors(_ name: String, at path: FieldPath) -> [FieldError] {
        if name.isEmpty { return [.required(path)] }
        let segments = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard segments.count == 2 else {
            let detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
            return [.invalid(path, .string(name), detail)]
        }
        var errors: [FieldError] = []
        if segments[0].utf8.count > maximumDomain { errors.append(.tooLong(path, maximum: maximumDomain)) }
        let labels = segments[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        errors += labelErrors(labels, of: segments[0], at: path) { NameValidation.dns1123Label($0) }
        if labels.count < 2 {
            let detail = "should be a domain with at least two segments separated by dots"
            errors.append(.invalid(path, .string(segments[0]), detail))
        }
        let parts = segments[1].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        errors += labelErrors(parts, of: segments[1], at: path) { NameValidation.dns1123Subdomain($0) }
        if name.utf8.count > maximumLength { errors.append(.tooLong(path, maximum: maximumLength)) }
        return errors
    }

    /// The errors of the first label that has any: those of the others are much the same.
    private static func labelErrors(
        _ labels: [String],
        of segment: String,
        at path: FieldPath,
        _ check: (String) -> [String]
    ) -> [FieldError] {
        for label in labels {
            let problems = check(label)
            if problems.isEmpty { continue }
            return problems.map {
                .invalid(path, .string(segment), "validating label \(FieldError.quoted(label)): \($0)")
            }
        }
        return []
    }
}

// SPDX-License-Identifier: Apache-2.0
// Rules of references from a container or volume to fields of its own pod.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    /// Fields of a pod that a variable may show.
    static let environmentFields = [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
    ]

    /// Fields of a pod that a file may show.
    static let volumeFields = [
        "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid",
    ]

    // Kubernetes: pkg/apis/core/pods/helpers.go ConvertDownwardAPIFieldLabel
    func fieldReferenceErrors(_ reference: PodField, supported: [String]) -> [FieldError] {
        let version = reference["apiVersion"]
        if version.text.isEmpty { return [version.required()] }
        let field = reference["fieldPath"]
        if field.text.isEmpty { return [field.required()] }
        func unconvertible(_ problem: String) -> [FieldError] {
            [field.invalid("error converting fieldPath: \(problem)")]
        }
        guard version.text == "v1" else { return unconvertible("unsupported pod version: \(version.text)") }
        if let (base, key) = Self.subscripted(field.text) {
            switch base {
            case "metadata.annotations":
                return PodField(.string(key.lowercased()), at: reference.path).qualifiedNameErrors
            case "metadata.labels":
                return PodField(.string(key), at: reference.path).qualifiedNameErrors
            default: return unconvertible("field label does not support subscript: \(field.text)")
            }
        }
        // `spec.host` is the old name of `spec.nodeName`.
        let name = field.text == "spec.host" ? "spec.nodeName" : field.text
        guard Self.convertibleFields.contains(name) else {
            return unconvertible("field label not supported: \(field.text)")
        }
        return PodField(.string(name), at: field.path).oneOf(supported)
    }

    private static let convertibleFields: Set<String> = [
        "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid",
        "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName", "status.phase",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
    ]

    /// The parts of `base['key']`; nil for any other text.
    // Kubernetes: pkg/fieldpath/fieldpath.go SplitMaybeSubscriptedPath
    static func subscripted(_ text: String) -> (base: String, key: String)? {
        guard text.hasSuffix("']") else { return nil }
        let body = text.dropLast(2)
        var start = body.startIndex
        while let open = body[start...].firstIndex(of: "[") {
            let next = body.index(after: open)
            if next < body.endIndex, body[next] == "'" {
                if open == body.startIndex { return nil }
                return (String(body[..<open]), String(body[body.index(after: next)...]))
            }
            start = next
        }
        return nil
    }

    func resourceReferenceErrors(_ reference: PodField, needsContainer: Bool) -> [FieldError] {
        let resource = reference["resource"]
        var errors: [FieldError] = []
        if needsContainer, reference["containerName"].text.isEmpty {
            errors.append(reference["containerName"].required())
        } else if resource.text.isEmpty {
            errors.append(resource.required())
        } else if !Self.resourceFields.contains(resource.text), !Self.namesHugePages(resource.text) {
            errors.append(resource.notSupported(Self.resourceFields))
        }
        return errors + divisorErrors(reference)
    }

    private static let resourceFields = [
        "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage",
        "requests.memory",
    ]

    private static func namesHugePages(_ resource: String) -> Bool {
        resource.hasPrefix("limits.hugepages-") || resource.hasPrefix("requests.hugepages-")
    }

    private func divisorErrors(_ reference: PodField) -> [FieldError] {
        let resource = reference["resource"].text
        guard let divisor = reference["divisor"].quantity, !divisor.isZero else { return [] }
        let bytes = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"]
        let name: String
        switch resource {
        case "limits.cpu", "requests.cpu":
            if ["1m", "1"].contains(divisor.description) { return [] }
            let text = "only divisor's values 1m and 1 are supported with the cpu resource"
            return [.invalid(reference["divisor"].path, .string(resource), text)]
        case "limits.memory", "requests.memory": name = "memory"
        case "limits.ephemeral-storage", "requests.ephemeral-storage": name = "local ephemeral storage"
        case _ where Self.namesHugePages(resource): name = "hugepages"
        default: return []
        }
        if bytes.contains(divisor.description) { return [] }
        let text = "only divisor's values \(bytes.joined(separator: ", ")) are supported with the \(name) resource"
        return [.invalid(reference["divisor"].path, .string(resource), text)]
    }
}

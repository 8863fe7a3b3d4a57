// SPDX-License-Identifier: Apache-2.0
// Definitions of custom resources: names that are complete, and the versions in which objects were ever stored.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about CustomResourceDefinitions.
// Kubernetes: apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go
// Kubernetes: apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go
struct CustomResourceDefinitionStrategy: KindStrategy {
    var emptyStatus: JSONValue? { ["acceptedNames": ["plural": "", "kind": ""]] }
    var countsGenerations: Bool { true }
    var allowsUnconditionalUpdate: Bool { false }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            if let kind = spec[path: "names", "kind"]?.string, !kind.isEmpty {
                spec.updateMember("names") { names in
                    names.setDefault("singular", .string(kind.lowercased()))
                    names.setDefault("listKind", .string(kind + "List"))
                    names = Self.inOrder(names)
                }
            }
            if !spec.isSet("conversion") { spec["conversion"] = ["strategy": "None"] }
        }
    }

    /// Names in the order in which upstream's type has them, so that a default does not stand last.
    private static func inOrder(_ names: JSONValue) -> JSONValue {
        let order = ["plural", "singular", "shortNames", "kind", "listKind", "categories"]
        return .object(JSONObject(uniqueKeysWithValues: order.compactMap { key in names[key].map { (key, $0) } }))
    }

    func prepareSpec(_ object: inout JSONValue, context: StrategyContext) { Self.noteStorageVersion(&object) }

    func prepareSpec(_ object: inout JSONValue, old: JSONValue, context: StrategyContext) {
        Self.noteStorageVersion(&object)
    }

    /// The version in which objects are stored from now on is one in which objects may be found.
    private static func noteStorageVersion(_ object: inout JSONValue) {
        var stored = object[path: "status", "storedVersions"]?.elements ?? []
        var known = Set(stored)
        for version in object[path: "spec", "versions"]?.elements ?? [] where version["storage"]?.bool == true {
            if let name = version["name"], known.insert(name).inserted { stored.append(name) }
        }
        object[path: "status", "storedVersions"] = stored.isEmpty ? nil : .array(stored)
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors: [FieldError] = []
        let name = object[path: "metadata", "name"]?.string ?? ""
        if !name.isEmpty, name != "\(spec["names"]["plural"].text).\(spec["group"].text)" {
            let detail = "must be spec.names.plural+\".\"+spec.group"
            errors.append(.invalid(FieldPath("metadata", "name"), .string(name), detail))
        }
        errors += CustomResourceDefinitionValidation.errors(spec)
        errors += storedVersionErrors(object, spec)
        errors += approvalErrors(object, spec)
        if spec["preserveUnknownFields"].flag {
            errors.append(
                spec["preserveUnknownFields"].invalid(
                    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema "
                        + "instead"
                )
            )
        }
        return errors
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors = CustomResourceDefinitionValidation.errors(spec)
        let conditions = old[path: "status", "conditions"]?.elements ?? []
        let isEstablished = conditions.contains {
            $0["type"]?.string == "Established" && $0["status"]?.string == "True"
        }
        if isEstablished {
            errors += spec["scope"].immutableErrors(old: old[path: "spec", "scope"])
            errors += spec["names"]["kind"].immutableErrors(old: old[path: "spec", "names", "kind"])
        }
        errors += spec["group"].immutableErrors(old: old[path: "spec", "group"])
        errors += spec["names"]["plural"].immutableErrors(old: old[path: "spec", "names", "plural"])
        return errors + storedVersionErrors(object, spec)
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        storedVersionErrors(object, PodField("spec", of: object))
    }

    private func storedVersionErrors(_ object: JSONValue, _ spec: PodField) -> [FieldError] {
        let stored = PodField("status", of: object)["storedVersions"]
        guard stored.count > 0 else {
            return [.invalid(stored.path, stored.value ?? .null, "must have at least one stored version")]
        }
        let names = Set(spec["versions"].elements.map { $0["name"].text })
        let texts = Set(stored.texts)
        var errors = stored.elements.filter { !names.contains($0.text) }.map {
            $0.invalid("must appear in spec.versions")
        }
        for version in spec["versions"].elements where version["storage"].flag {
            guard !texts.contains(version["name"].text) else { continue }
            errors.append(stored.invalid("must have the storage version \(version["name"].text)"))
        }
        return errors
    }

    /// Kubernetes' own domains need somebody's word.
    private func approvalErrors(_ object: JSONValue, _ spec: PodField) -> [FieldError] {
        let group = spec["group"].text
        let isProtected = ["k8s.io", "kubernetes.io"].contains { group == $0 || group.hasSuffix("." + $0) }
        guard isProtected else { return [] }
        let key = "api-approved.kubernetes.io"
        let path = FieldPath("metadata", "annotations").key(key)
        let page = "https://github.com/kubernetes/enhancements/pull/1111"
        let rule = "protected groups must have approval annotation \"\(key)\""
        guard let value = object[path: "metadata", "annotations", key]?.string, !value.isEmpty else {
            return [.required(path, "\(rule), see \(page)")]
        }
        if value.hasPrefix("unapproved") || value.contains("://") { return [] }
        let detail = "\(rule) with either a URL or a reason starting with \"unapproved\", see \(page)"
        return [.invalid(path, .string(value), detail)]
    }
}

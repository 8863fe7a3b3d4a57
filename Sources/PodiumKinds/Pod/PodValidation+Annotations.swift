// SPDX-License-Identifier: Apache-2.0
// Rules of annotations that mean something to pods, and of their agreement with the fields that replaced them.

import PodiumCodec
import PodiumMachinery

/// Annotations that pods know.
enum PodAnnotations {
    static let mirror = "kubernetes.io/config.mirror"
    static let tolerations = "scheduler.alpha.kubernetes.io/tolerations"
    static let deletionCost = "controller.kubernetes.io/pod-deletion-cost"
    static let seccompPod = "seccomp.security.alpha.kubernetes.io/pod"
    static let seccompContainerPrefix = "container.seccomp.security.alpha.kubernetes.io/"
    static let appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/"
}

extension PodValidation {
    // Kubernetes: pkg/apis/core/validation/validation.go ValidatePodSpecificAnnotations
    func annotationErrors(_ annotations: PodField, _ spec: PodField) -> [FieldError] {
        guard annotations.count > 0 else { return [] }
        var errors: [FieldError] = []
        let entries = annotations.entries
        for (key, field) in entries where key == PodAnnotations.mirror && spec["nodeName"].text.isEmpty {
            errors.append(field.invalid("must set spec.nodeName if mirror pod annotation is set"))
        }
        errors += tolerationAnnotationErrors(annotations)
        for (key, field) in entries where key == PodAnnotations.deletionCost {
            if !Self.isDeletionCost(field.text) { errors.append(field.invalid("must be a 32bit integer")) }
        }
        errors += seccompAnnotationErrors(annotations)
        let names = Set(allContainers(spec).map { $0["name"].text })
        for (key, field) in entries where key.hasPrefix(PodAnnotations.appArmorPrefix) {
            let name = String(key.dropFirst(PodAnnotations.appArmorPrefix.count))
            if !names.contains(name) { errors.append(.invalid(field.path, .string(name), "container not found")) }
            let isKnown = ["", "runtime/default", "unconfined"].contains(field.text)
            if !isKnown, !field.text.hasPrefix("localhost/") {
                errors.append(field.invalid("invalid AppArmor profile name: \(FieldError.quoted(field.text))"))
            }
        }
        return errors
    }

    /// A decimal number of 32 bits without `+` and leading zeros.
    static func isDeletionCost(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return false }
        return (first == 0x2D || text == "0" || (0x31...0x39).contains(first)) && Int32(text) != nil
    }

    private func tolerationAnnotationErrors(_ annotations: PodField) -> [FieldError] {
        let text = annotations.value?[PodAnnotations.tolerations]?.string ?? ""
        guard !text.isEmpty else { return [] }
        guard let value = try? JSONValue(json: text), value.array != nil || value.isNull else {
            let problem = "invalid character in the list of tolerations"
            return [.invalid(annotations.path, .string(PodAnnotations.tolerations), problem)]
        }
        return tolerationErrors(PodField(value, at: annotations.path.child(PodAnnotations.tolerations)))
    }

    private func seccompAnnotationErrors(_ annotations: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let ofContainers = annotations.entries.filter { $0.key.hasPrefix(PodAnnotations.seccompContainerPrefix) }
        let ofPod = annotations.entries.filter { $0.key == PodAnnotations.seccompPod }
        for (key, field) in ofPod + ofContainers {
            let profile = PodField(.string(field.text), at: annotations.path.child(key))
            if ["runtime/default", "docker/default", "unconfined"].contains(profile.text) { continue }
            if profile.text.hasPrefix("localhost/") {
                errors += PodField(.string(String(profile.text.dropFirst(10))), at: profile.path).descendingPathErrors
            } else {
                errors.append(profile.invalid("must be a valid seccomp profile"))
            }
        }
        return errors
    }

    /// Keys that are no qualified names in any case, and annotations too long in sum.
    // Kubernetes: apimachinery/pkg/api/validation/objectmeta.go ValidateAnnotations
    func annotationKeyErrors(_ annotations: PodField) -> [FieldError] {
        var errors = annotations.entries.flatMap { key, _ in
            PodField(.string(key), at: annotations.path).invalid(each: NameValidation.qualifiedName(key.lowercased()))
        }
        let size = annotations.entries.reduce(0) { $0 + $1.key.utf8.count + $1.field.text.utf8.count }
        if size > 256 * 1024 { errors.append(annotations.tooLong(maximum: 256 * 1024)) }
        return errors
    }

    // MARK: Agreement with fields

    func seccompAnnotationMatchErrors(_ annotations: PodField, _ spec: PodField) -> [FieldError] {
        guard annotations.count > 0 else { return [] }
        let owners =
            [(spec, PodAnnotations.seccompPod)]
            + allContainers(spec).map { ($0, PodAnnotations.seccompContainerPrefix + $0["name"].text) }
        return owners.compactMap { owner, key in
            let profile = owner["securityContext"]["seccompProfile"]
            guard profile.isSet, let annotation = annotations.value?[key]?.string else { return nil }
            let words =
                profile["type"].text == "RuntimeDefault" ? ["runtime/default", "docker/default"] : ["unconfined"]
            return disagreement("seccomp", profile, annotation, words)
        }
    }

    func appArmorAnnotationMatchErrors(_ annotations: PodField, _ spec: PodField) -> [FieldError] {
        guard annotations.count > 0, spec["os"]["name"].text != "windows" else { return [] }
        let ofPod = spec["securityContext"]["appArmorProfile"]
        return allContainers(spec).compactMap { container in
            let own = container["securityContext"]["appArmorProfile"]
            let profile = own.isSet ? own : ofPod.placed(at: own.path)
            let key = PodAnnotations.appArmorPrefix + container["name"].text
            guard profile.isSet, let annotation = annotations.value?[key]?.string else { return nil }
            let words = profile["type"].text == "RuntimeDefault" ? ["runtime/default"] : ["unconfined"]
            return disagreement("apparmor", profile, annotation, words)
        }
    }

    private func disagreement(
        _ kind: String,
        _ profile: PodField,
        _ annotation: String,
        _ words: [String]
    ) -> FieldError? {
        let type = profile["type"].forbidden("\(kind) type in annotation and field must match")
        switch profile["type"].text {
        case "Unconfined", "RuntimeDefault": return words.contains(annotation) ? nil : type
        case "Localhost":
            guard annotation.hasPrefix("localhost/") else { return type }
            let name = profile["localhostProfile"]
            if name.isSet, annotation.dropFirst(10) == name.text { return nil }
            return name.forbidden("\(kind) profile in annotation and field must match")
        default: return nil
        }
    }
}

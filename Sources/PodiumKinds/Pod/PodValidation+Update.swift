// SPDX-License-Identifier: Apache-2.0
// Rules of updating a pod: nearly nothing of its spec may change.

package import PodiumCodec
package import PodiumMachinery

extension PodValidation {
    /// What is wrong with an update of `old` to `pod`, metadata apart.
    // Kubernetes: pkg/apis/core/validation/validation.go ValidatePodUpdate
    package func updateErrors(_ pod: JSONValue, old: JSONValue) -> [FieldError] {
        var errors = podErrors(pod)
        errors += annotationUpdateErrors(pod, old: old)
        let spec = PodField(pod["spec"], at: FieldPath("spec"))
        let oldSpec = PodField(old["spec"], at: FieldPath("spec"))
        for list in ["containers", "initContainers"] {
            let new = spec[list]
            if new.count != oldSpec[list].count {
                return errors + [new.forbidden("pod updates may not add or remove containers")]
            }
            for container in new.elements {
                let image = container["image"]
                errors += image.text.isEmpty ? [image.required()] : imageSpaceErrors(image)
            }
        }
        let (deadlineErrors, isFatal) = deadlineErrors(spec["activeDeadlineSeconds"], oldSpec["activeDeadlineSeconds"])
        errors += deadlineErrors
        if isFatal { return errors }
        errors += addedTolerationErrors(spec["tolerations"], oldSpec["tolerations"])
        errors += removedGateErrors(spec["schedulingGates"], oldSpec["schedulingGates"])
        guard let new = pod["spec"], let before = old["spec"], new != before else { return errors }
        return errors + immutableFieldErrors(new, before)
    }

    /// Annotations that may not change, and those of the new pod once more.
    func annotationUpdateErrors(_ pod: JSONValue, old: JSONValue) -> [FieldError] {
        let annotations = PodField(pod[path: "metadata", "annotations"], at: FieldPath("metadata", "annotations"))
        let before = old[path: "metadata", "annotations"]?.object ?? [:]
        let after = annotations.value?.object ?? [:]
        var errors: [FieldError] = []
        func check(_ keys: [String], _ appArmor: String, _ mirror: String) {
            for key in keys.sorted() {
                let path = annotations.path.key(key)
                if key.hasPrefix(PodAnnotations.appArmorPrefix) { errors.append(.forbidden(path, appArmor)) }
                if key == PodAnnotations.mirror { errors.append(.forbidden(path, mirror)) }
            }
        }
        check(
            before.keys.filter { after[$0] != before[$0] },
            "may not remove or update AppArmor annotations",
            "may not remove or update mirror pod annotation"
        )
        check(
            after.keys.filter { before[$0] == nil },
            "may not add AppArmor annotations",
            "may not add mirror pod annotation"
        )
        return errors + annotationErrors(annotations, PodField(pod["spec"], at: FieldPath("spec")))
    }

    /// A deadline may be set, and then only come nearer.
    private func deadlineErrors(_ new: PodField, _ old: PodField) -> ([FieldError], isFatal: Bool) {
        guard new.isSet else {
            guard old.isSet else { return ([], false) }
            let text = "must not update from a positive integer to nil value"
            return ([.invalid(new.path, .null, text)], false)
        }
        let errors = new.rangeErrors(0, Int64(Int32.max))
        if !errors.isEmpty { return (errors, true) }
        guard old.isSet, old.integer < new.integer else { return ([], false) }
        return ([new.invalidNumber("must be less than or equal to previous value")], true)
    }

    private func addedTolerationErrors(_ new: PodField, _ old: PodField) -> [FieldError] {
        func withoutSeconds(_ toleration: PodField) -> JSONValue {
            var value = toleration.value ?? .emptyObject
            value["tolerationSeconds"] = nil
            return value
        }
        let kept = Set(new.elements.map(withoutSeconds))
        guard old.elements.allSatisfy({ kept.contains(withoutSeconds($0)) }) else {
            return [new.forbidden("existing toleration can not be modified except its tolerationSeconds")]
        }
        return tolerationErrors(new)
    }

    private func removedGateErrors(_ new: PodField, _ old: PodField) -> [FieldError] {
        let known = Set(old.elements.map { $0["name"].text })
        return new.elements.map { $0["name"] }.filter { !known.contains($0.text) }.map {
            $0.forbidden("only deletion is allowed, but found new scheduling gate '\($0.text)'")
        }
    }

    // MARK: Everything else

    private static let updatableFields = [
        "`spec.containers[*].image`", "`spec.initContainers[*].image`", "`spec.activeDeadlineSeconds`",
        "`spec.tolerations` (only additions to existing tolerations)",
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    ]

    private func immutableFieldErrors(_ new: JSONValue, _ old: JSONValue) -> [FieldError] {
        var masked = new
        var errors: [FieldError] = []
        for list in ["containers", "initContainers"] {
            let images = old[list]?.elements.map { $0["image"] } ?? []
            masked.updateElements(of: list, indexed: { index, container in container["image"] = images[index] })
        }
        for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] { masked[field] = old[field] }
        if (old["terminationGracePeriodSeconds"]?.integer ?? 0) < 0,
            new["terminationGracePeriodSeconds"]?.integer == 1
        {
            masked["terminationGracePeriodSeconds"] = old["terminationGracePeriodSeconds"]
        }
        if !(old["schedulingGates"]?.elements ?? []).isEmpty { errors += gatedErrors(&masked, old) }
        if masked != old {
            let fields = Self.updatableFields.joined(separator: ",")
            let text = "pod updates may not change fields other than \(fields)\(PodDifference.text(old, masked))"
            errors.append(.forbidden(FieldPath("spec"), text))
        }
        return errors
    }

    /// Before its scheduling a pod's wishes for nodes may still become stricter.
    private func gatedErrors(_ masked: inout JSONValue, _ old: JSONValue) -> [FieldError] {
        var errors: [FieldError] = []
        let path = FieldPath("spec", "nodeSelector")
        if masked["nodeSelector"] != old["nodeSelector"] {
            let new = masked["nodeSelector"]?.object ?? [:]
            if (old["nodeSelector"]?.object ?? [:]).contains(where: { new[$0.key] != $0.value }) {
                let text = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
                errors.append(.invalid(path, Self.sorted(new), text))
            }
            masked["nodeSelector"] = old["nodeSelector"]
        }
        let affinity = masked[path: "affinity", "nodeAffinity"]
        let oldAffinity = old[path: "affinity", "nodeAffinity"]
        guard affinity != oldAffinity else { return errors }
        errors += affinityChangeErrors(affinity, oldAffinity)
        if masked["affinity"] == nil {
            if let oldAffinity { masked["affinity"] = ["nodeAffinity": oldAffinity] }
        } else {
            masked[path: "affinity", "nodeAffinity"] = oldAffinity
            if old["affinity"] == nil, masked["affinity"]?.object?.isEmpty == true { masked["affinity"] = nil }
        }
        return errors
    }

    private func affinityChangeErrors(_ new: JSONValue?, _ old: JSONValue?) -> [FieldError] {
        func terms(_ affinity: JSONValue?) -> [JSONValue] {
            affinity?[path: "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"]?.elements ?? []
        }
        let path = FieldPath("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
            .child("nodeSelectorTerms")
        let before = terms(old)
        let after = terms(new)
        if before.isEmpty { return [] }
        if before.count != after.count {
            let text = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
            return [.invalid(path, after.isEmpty ? .null : .array(after.map(Self.printed)), text)]
        }
        return before.indices.filter { !Self.onlyAdds(after[$0], to: before[$0]) }.map { index in
            let text = "only additions are allowed (no mutations or deletions)"
            return .invalid(path.index(index), Self.printed(after[index]), text)
        }
    }

    private static func onlyAdds(_ new: JSONValue, to old: JSONValue) -> Bool {
        let lists = ["matchExpressions", "matchFields"].map { (new[$0]?.elements ?? [], old[$0]?.elements ?? []) }
        // A term without requirements matches nothing; any requirement would loosen it.
        if lists.allSatisfy({ $1.isEmpty }) { return lists.allSatisfy { new, _ in new.isEmpty } }
        return lists.allSatisfy { new, old in new.starts(with: old) }
    }

    /// A term as upstream's internal type prints it.
    private static func printed(_ term: JSONValue) -> JSONValue {
        func requirements(_ name: String) -> JSONValue {
            guard let list = term[name]?.array else { return .null }
            return .array(
                list.map {
                    [
                        "Key": .string($0["key"]?.string ?? ""), "Operator": .string($0["operator"]?.string ?? ""),
                        "Values": $0["values"] ?? .null,
                    ]
                }
            )
        }
        return ["MatchExpressions": requirements("matchExpressions"), "MatchFields": requirements("matchFields")]
    }

    private static func sorted(_ map: JSONObject) -> JSONValue {
        .object(JSONObject(uniqueKeysWithValues: map.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    }
}

/// What changed between two specs, for people to read.
enum PodDifference {
    /// A block of old and new lines for each field that differs; nothing when none does.
    static func text(_ old: JSONValue, _ new: JSONValue) -> String {
        let before = old.object ?? [:]
        let after = new.object ?? [:]
        let names = Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }
        let blocks = names.map { name in
            let removed = before[name].map { "-\($0.jsonText)\n" } ?? ""
            let added = after[name].map { "+\($0.jsonText)\n" } ?? ""
            return "@@ \(name) @@\n\(removed)\(added)"
        }
        return blocks.isEmpty ? "" : "\n\(blocks.joined())"
    }
}

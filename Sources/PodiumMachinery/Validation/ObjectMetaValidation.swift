// SPDX-License-Identifier: Apache-2.0
// What is wrong with the metadata of an object, on create and on update.

package import PodiumCodec

/// Checks of `metadata`.
///
/// On update Kubernetes checks the metadata up to four times (twice in the generic part, twice in the part of the
/// kind) and reports every finding each time; the causes of a `Status` show all of them, its message each text once.
// Kubernetes: apimachinery/pkg/api/validation/objectmeta.go, apiserver/pkg/registry/rest/{create,update}.go
package enum ObjectMetaValidation {
    /// The place of the metadata in an object.
    package static let path = FieldPath("metadata")

    /// How many bytes all annotations of an object may have together.
    package static let maximumAnnotationBytes = 256 * 1024
    /// How long the name of a field manager may be.
    package static let maximumFieldManagerBytes = 128

    /// What is wrong with the metadata of a new object, its name already generated.
    ///
    /// `nameErrors` are the name rules of the kind (name, is a prefix). `finalizersAreStandard` adds the rule of
    /// built-in kinds that a finalizer without a domain must be one of Kubernetes' own.
    package static func validateCreate(
        _ metadata: JSONValue?,
        namespaced: Bool,
        at path: FieldPath = path,
        finalizersAreStandard: Bool = true,
        nameErrors: (String, Bool) -> [String]
    ) -> [FieldError] {
        var errors: [FieldError] = []
        if let prefix = metadata?["generateName"]?.string, !prefix.isEmpty {
            for detail in nameErrors(prefix, true) {
                errors.append(.invalid(path.child("generateName"), .string(prefix), detail))
            }
        }
        let name = metadata?["name"]?.string ?? ""
        if name.isEmpty {
            errors.append(.required(path.child("name"), "name or generateName is required"))
        } else {
            for detail in nameErrors(name, false) {
                errors.append(.invalid(path.child("name"), .string(name), detail))
            }
        }
        errors += namespace(metadata, namespaced: namespaced, at: path)
        if let generation = metadata?["generation"]?.integer, generation < 0 {
            errors.append(
                .invalid(path.child("generation"), .integer(generation), "must be greater than or equal to 0")
            )
        }
        errors += common(metadata, at: path)
        errors += finalizers(metadata?["finalizers"], at: path.child("finalizers"))
        errors += managedFields(metadata?["managedFields"], at: path.child("managedFields"))
        if finalizersAreStandard { errors += standardFinalizers(metadata, at: path) }
        return errors
    }

    /// What is wrong with an update, as the generic part and the part of a kind report it together.
    ///
    /// `isRechecked` says that the kind checks all its metadata again on update, as most kinds do.
    package static func validateUpdate(
        _ metadata: JSONValue?,
        old: JSONValue?,
        namespaced: Bool,
        isRechecked: Bool = true,
        finalizersAreStandard: Bool = true,
        nameErrors: (String, Bool) -> [String]
    ) -> [FieldError] {
        var errors = validateCreate(
            metadata,
            namespaced: namespaced,
            finalizersAreStandard: false,
            nameErrors: { NameValidation.pathSegmentName($0, isPrefix: $1) }
        )
        let changes = validateChanges(metadata, old: old)
        errors += changes
        errors += changes
        if finalizersAreStandard { errors += standardFinalizers(metadata, at: path) }
        guard isRechecked else { return errors }
        return errors
            + validateCreate(
                metadata,
                namespaced: namespaced,
                finalizersAreStandard: finalizersAreStandard,
                nameErrors: nameErrors
            )
    }

    /// What of `metadata` may not become of `old`.
    package static func validateChanges(
        _ metadata: JSONValue?,
        old: JSONValue?,
        at path: FieldPath = path
    ) -> [FieldError] {
        var errors: [FieldError] = []
        if old?["deletionTimestamp"] != nil { errors += newFinalizers(metadata, old: old, at: path) }
        if (metadata?["resourceVersion"]?.string ?? "").isEmpty {
            errors.append(.invalid(path.child("resourceVersion"), "", "must be specified for an update"))
        }
        let generation = metadata?["generation"]?.integer ?? 0
        if generation < old?["generation"]?.integer ?? 0 {
            errors.append(.invalid(path.child("generation"), .integer(generation), "must not be decremented"))
        }
        for field in ["name", "namespace", "uid"] {
            let value = metadata?[field]?.string ?? ""
            guard value != old?[field]?.string ?? "" else { continue }
            errors.append(.invalid(path.child(field), .string(value), "field is immutable"))
        }
        for field in ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
            let value = metadata?[field] ?? .null
            guard value != old?[field] ?? .null else { continue }
            errors.append(.invalid(path.child(field), value, "field is immutable"))
        }
        errors += common(metadata, at: path)
        errors += managedFields(metadata?["managedFields"], at: path.child("managedFields"))
        return errors
    }

    private static func newFinalizers(_ metadata: JSONValue?, old: JSONValue?, at path: FieldPath) -> [FieldError] {
        let known = Set(old?["finalizers"]?.elements ?? [])
        let added = Set(metadata?["finalizers"]?.elements ?? []).subtracting(known).compactMap(\.string).sorted()
        guard !added.isEmpty else { return [] }
        let list = added.map(FieldError.quoted).joined(separator: ", ")
        return [
            .forbidden(
                path.child("finalizers"),
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{\(list)}"
            )
        ]
    }

    private static func namespace(_ metadata: JSONValue?, namespaced: Bool, at path: FieldPath) -> [FieldError] {
        let namespace = metadata?["namespace"]?.string ?? ""
        let place = path.child("namespace")
        guard namespaced else {
            return namespace.isEmpty ? [] : [.forbidden(place, "not allowed on this type")]
        }
        if namespace.isEmpty { return [.required(place)] }
        return NameValidation.dns1123Label(namespace).map { .invalid(place, .string(namespace), $0) }
    }

    /// What create and update both check.
    private static func common(_ metadata: JSONValue?, at path: FieldPath) -> [FieldError] {
        labels(metadata?["labels"], at: path.child("labels"))
            + annotations(metadata?["annotations"], at: path.child("annotations"))
            + ownerReferences(metadata?["ownerReferences"], at: path.child("ownerReferences"))
    }
}

// MARK: Parts

extension ObjectMetaValidation {
    /// What is wrong with the key of a label.
    package static func labelKey(_ key: String, at path: FieldPath) -> [FieldError] {
        NameValidation.qualifiedName(key).map { .invalid(path, .string(key), $0) }
    }

    /// What is wrong with a map of labels.
    package static func labels(_ labels: JSONValue?, at path: FieldPath) -> [FieldError] {
        guard case .object(let members)? = labels else { return [] }
        var errors: [FieldError] = []
        for (key, value) in members {
            errors += labelKey(key, at: path)
            let text = value.string ?? ""
            for detail in NameValidation.labelValue(text) { errors.append(.invalid(path, .string(text), detail)) }
        }
        return errors
    }

    /// What is wrong with a map of annotations.
    package static func annotations(_ annotations: JSONValue?, at path: FieldPath) -> [FieldError] {
        guard case .object(let members)? = annotations else { return [] }
        var errors: [FieldError] = []
        var size = 0
        for (key, value) in members {
            // The prefix of an annotation may be written in upper case.
            for detail in NameValidation.qualifiedName(key.lowercased()) {
                errors.append(.invalid(path, .string(key), detail))
            }
            size += key.utf8.count + (value.string?.utf8.count ?? 0)
        }
        if size > maximumAnnotationBytes { errors.append(.tooLong(path, maximum: maximumAnnotationBytes)) }
        return errors
    }

    /// What is wrong with owner references.
    package static func ownerReferences(_ references: JSONValue?, at path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        var controller: String?
        // All of them stand in every error about controllers.
        lazy var all = JSONValue.array(references?.elements.map(printed) ?? [])
        for reference in references?.elements ?? [] {
            errors += ownerReference(reference, at: path)
            guard reference["controller"]?.bool == true else { continue }
            let owner = "\(reference["kind"]?.string ?? "")/\(reference["name"]?.string ?? "")"
            guard let first = controller else {
                controller = owner
                continue
            }
            errors.append(
                .invalid(
                    path,
                    all,
                    "Only one reference can have Controller set to true. "
                        + "Found \"true\" in references for \(first) and \(owner)"
                )
            )
        }
        return errors
    }

    /// A reference with its members in the order of Go's struct.
    private static func printed(_ reference: JSONValue) -> JSONValue {
        var result: JSONObject = [:]
        for name in ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"] {
            result[name] = reference[name]
        }
        return .object(result)
    }

    /// The references of `metadata` without repetitions, and the warning about them; nil when there are none.
    // Kubernetes: apiserver/pkg/endpoints/handlers/rest.go dedupOwnerReferencesAndAddWarning
    package static func withoutRepeatedOwners(_ metadata: JSONValue?) -> (references: JSONValue, warning: String)? {
        let references = metadata?["ownerReferences"]?.elements ?? []
        var seen: Set<JSONValue> = []
        var repeated: [String] = []
        let unique = references.filter { reference in
            if seen.insert(reference).inserted { return true }
            repeated.append(reference["uid"]?.string ?? "")
            return false
        }
        guard !repeated.isEmpty else { return nil }
        var named: Set<String> = []
        let uids = repeated.filter { named.insert($0).inserted }.joined(separator: ", ")
        return (
            .array(unique),
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may "
                + "reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: \(uids)"
        )
    }

    private static func ownerReference(_ reference: JSONValue, at path: FieldPath) -> [FieldError] {
        func text(_ field: String) -> String { reference[field]?.string ?? "" }
        var errors: [FieldError] = []
        let groupVersion = GroupVersion(text("apiVersion"))
        if groupVersion?.version.isEmpty ?? true {
            errors.append(.invalid(path.child("apiVersion"), .string(text("apiVersion")), "version must not be empty"))
        }
        for field in ["kind", "name", "uid"] where text(field).isEmpty {
            errors.append(.invalid(path.child(field), "", "must not be empty"))
        }
        if text("apiVersion") == "v1", text("kind") == "Event" {
            errors.append(.invalid(path, printed(reference), "/v1, Kind=Event is disallowed from being an owner"))
        }
        return errors
    }

    /// What is wrong with finalizers, as far as any kind is concerned.
    package static func finalizers(_ finalizers: JSONValue?, at path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        let names = finalizers?.elements.map { $0.string ?? "" } ?? []
        for name in names {
            for detail in NameValidation.qualifiedName(name) { errors.append(.invalid(path, .string(name), detail)) }
        }
        if names.contains("orphan"), names.contains("foregroundDeletion") {
            errors.append(
                .invalid(path, finalizers ?? .null, "finalizer orphan and foregroundDeletion cannot be both set")
            )
        }
        return errors
    }

    // Kubernetes: pkg/apis/core/validation/validation.go validateKubeFinalizerName
    private static func standardFinalizers(_ metadata: JSONValue?, at path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, finalizer) in (metadata?["finalizers"]?.elements ?? []).enumerated() {
            errors += standardFinalizer(finalizer.string ?? "", at: path.child("finalizers").index(index))
        }
        return errors
    }

    /// What is wrong with one finalizer of a built-in kind.
    package static func standardFinalizer(_ name: String, at path: FieldPath) -> [FieldError] {
        guard !name.utf8.contains(UInt8(ascii: "/")), !["kubernetes", "orphan", "foregroundDeletion"].contains(name)
        else { return [] }
        let detail = "name is neither a standard finalizer name nor is it fully qualified"
        return [.invalid(path, .string(name), detail)]
    }

    /// What is wrong with managed fields.
    package static func managedFields(_ entries: JSONValue?, at path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, entry) in (entries?.elements ?? []).enumerated() {
            let place = path.index(index)
            let operation = entry["operation"]?.string ?? ""
            if operation != "Apply", operation != "Update" {
                errors.append(
                    .invalid(place.child("operation"), .string(operation), "must be `Apply` or `Update`")
                )
            }
            let type = entry["fieldsType"]?.string ?? ""
            if !type.isEmpty, type != "FieldsV1" {
                errors.append(.invalid(place.child("fieldsType"), .string(type), "must be `FieldsV1`"))
            }
            errors += fieldManager(entry["manager"]?.string ?? "", at: place.child("manager"))
            if (entry["subresource"]?.string ?? "").utf8.count > 256 {
                errors.append(.tooLong(place.child("subresource"), maximum: 256))
            }
        }
        return errors
    }

    /// What is wrong with the name of a field manager.
    package static func fieldManager(_ name: String, at path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        if name.utf8.count > maximumFieldManagerBytes {
            errors.append(.tooLong(path, maximum: maximumFieldManagerBytes))
        }
        var position = 0
        for scalar in name.unicodeScalars {
            if !isPrintable(scalar) {
                let code = goCode(scalar)
                errors.append(.invalid(path, .string(name), "invalid character \(code) (at position \(position))"))
            }
            position += UTF8.width(scalar)
        }
        return errors
    }

    /// Letters, marks, numbers, punctuation, symbols and the ASCII space, as in Go's `unicode.IsPrint`.
    package static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    /// `U+000A`.
    private static func goCode(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}

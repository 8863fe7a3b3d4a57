// SPDX-License-Identifier: Apache-2.0
// Rules of volumes that are made of files: secrets, config maps, downward API, projections, claim templates.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    func filesErrors(naming name: String) -> (PodField) -> [FieldError] {
        { source in
            (source[name].text.isEmpty ? [source[name].required()] : [])
                + source["defaultMode"].fileModeErrors
                + source["items"].elements.flatMap { keyErrors($0) }
        }
    }

    private func keyErrors(_ item: PodField) -> [FieldError] {
        ["key", "path"].filter { item[$0].text.isEmpty }.map { item[$0].required() }
            + item["path"].nonReservedPathErrors
            + item["mode"].fileModeErrors
    }

    func downwardAPIErrors(_ source: PodField) -> [FieldError] {
        source["defaultMode"].fileModeErrors
            + source["items"].elements.flatMap { downwardFileErrors($0.placed(at: source.path)) }
    }

    /// Upstream blames the volume instead of the item.
    private func downwardFileErrors(_ file: PodField) -> [FieldError] {
        let path = file["path"]
        var errors = path.text.isEmpty ? [path.required()] : []
        errors += path.nonReservedPathErrors
        if file["fieldRef"].isSet {
            errors += fieldReferenceErrors(file["fieldRef"], supported: Self.volumeFields)
            if file["resourceFieldRef"].isSet {
                let text = "fieldRef and resourceFieldRef can not be specified simultaneously"
                errors.append(.invalid(file.path, "resource", text))
            }
        } else if file["resourceFieldRef"].isSet {
            errors += resourceReferenceErrors(file["resourceFieldRef"], needsContainer: true)
        } else {
            errors.append(file.required("one of fieldRef and resourceFieldRef is required"))
        }
        return errors + file["mode"].fileModeErrors
    }

    func projectedErrors(_ volume: PodField) -> [FieldError] {
        var paths: Set<String> = []
        var errors = volume["defaultMode"].fileModeErrors
        func claim(_ path: String, _ blamed: String) {
            guard !path.isEmpty, !paths.insert(path).inserted else { return }
            errors.append(.invalid(volume.path, .string(blamed), "conflicting duplicate paths"))
        }
        for source in volume["sources"].elements {
            for kind in ["secret", "configMap"] where source[kind].isSet {
                let name = source[kind]["name"]
                if name.text.isEmpty { errors.append(name.required()) }
                for item in source[kind]["items"].elements {
                    errors += keyErrors(item)
                    claim(item["path"].text, name.text)
                }
            }
            for file in source["downwardAPI"]["items"].elements {
                errors += downwardFileErrors(file.placed(at: source["downwardAPI"].path))
                claim(file["path"].text, file["path"].text)
            }
            if source["serviceAccountToken"].isSet {
                errors += tokenErrors(source["serviceAccountToken"], volume)
            }
            let kinds = ["secret", "configMap", "downwardAPI", "serviceAccountToken"]
            if kinds.count(where: { source[$0].isSet }) > 1 {
                errors.append(source.forbidden("may not specify more than 1 volume type per source"))
            }
        }
        return errors
    }

    /// Upstream blames the volume for the token's path.
    private func tokenErrors(_ token: PodField, _ volume: PodField) -> [FieldError] {
        let seconds = token["expirationSeconds"]
        var errors: [FieldError] = []
        if seconds.integer < 600 {
            errors.append(seconds.invalidNumber("may not specify a duration less than 10 minutes"))
        }
        if seconds.integer > 1 << 32 {
            errors.append(seconds.invalidNumber("may not specify a duration larger than 2^32 seconds"))
        }
        let path = token["path"].placed(at: volume.path.child("path"))
        if path.text.isEmpty { return errors + [path.required()] }
        return errors + path.nonReservedPathErrors
    }

    func ephemeralErrors(_ source: PodField) -> [FieldError] {
        let template = source["volumeClaimTemplate"]
        guard template.isSet else { return [template.required()] }
        let metadata = template["metadata"]
        var errors = annotationKeyErrors(metadata["annotations"])
        errors += metadata["labels"].labelsErrors
        for (name, printed) in Self.notForClaimTemplates where metadata[name].isSet && !isZero(metadata[name]) {
            errors.append(.forbidden(metadata.path.child(printed), "cannot be set"))
        }
        return errors + claimErrors(template["spec"])
    }

    /// Fields of metadata in the order of upstream's type, and how upstream prints them.
    private static let notForClaimTemplates = [
        ("name", "name"), ("generateName", "generateName"), ("namespace", "namespace"), ("selfLink", "selfLink"),
        ("uid", "uID"), ("resourceVersion", "resourceVersion"), ("generation", "generation"),
        ("creationTimestamp", "creationTimestamp"), ("deletionTimestamp", "deletionTimestamp"),
        ("deletionGracePeriodSeconds", "deletionGracePeriodSeconds"), ("ownerReferences", "ownerReferences"),
        ("finalizers", "finalizers"), ("managedFields", "managedFields"),
    ]

    private func isZero(_ field: PodField) -> Bool {
        switch field.value {
        case .string(let text)?: text.isEmpty
        case .array(let values)?: values.isEmpty
        default: false
        }
    }

    // Kubernetes: pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimSpec
    private func claimErrors(_ claim: PodField) -> [FieldError] {
        let modes = claim["accessModes"]
        var errors = modes.count == 0 ? [modes.required("at least 1 access mode is required")] : []
        errors += claim["selector"].labelSelectorErrors
        let supported = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
        for mode in modes.texts { errors += PodField(.string(mode), at: modes.path).oneOf(supported) }
        if modes.texts.contains("ReadWriteOncePod"),
            modes.texts.contains(where: { $0 != "ReadWriteOncePod" && supported.contains($0) })
        {
            errors.append(modes.forbidden("may not use ReadWriteOncePod with other access modes"))
        }
        let storage = claim["resources"]["requests"]["storage"].placed(at: claim["resources"].path.key("storage"))
        if let amount = storage.quantity {
            if amount.sign <= 0 {
                errors.append(.invalid(storage.path, amount.jsonValue, "must be greater than zero"))
            }
        } else {
            errors.append(storage.required())
        }
        for name in ["storageClassName", "volumeAttributesClassName"] where !claim[name].text.isEmpty {
            errors += claim[name].dnsSubdomainErrors
        }
        if claim["volumeMode"].isSet { errors += claim["volumeMode"].oneOf(["Block", "Filesystem"]) }
        for name in ["dataSource", "dataSourceRef"] where claim[name].isSet { errors += dataSourceErrors(claim[name]) }
        return errors
    }

    private func dataSourceErrors(_ source: PodField) -> [FieldError] {
        let group = source["apiGroup"]
        var errors = ["name", "kind"].filter { source[$0].text.isEmpty }.map { source[$0].required() }
        if group.text.isEmpty, source["kind"].text != "PersistentVolumeClaim" {
            let text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
            errors.append(.invalid(source.path, .string(source["kind"].text), text))
        }
        if !group.text.isEmpty { errors += group.dnsSubdomainErrors }
        return errors
    }
}

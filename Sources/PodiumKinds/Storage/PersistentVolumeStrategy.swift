// SPDX-License-Identifier: Apache-2.0
// Volumes, claims and storage classes.

import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// Rules that volumes and claims share.
enum VolumeRules {
    private static let accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]

    static func accessModeErrors(_ modes: PodField) -> [FieldError] {
        var errors = modes.texts.filter { !accessModes.contains($0) }.map {
            FieldError.notSupported(modes.path, .string($0), accessModes)
        }
        if modes.count > 1, modes.texts.contains("ReadWriteOncePod") {
            errors.append(modes.forbidden("may not use ReadWriteOncePod with other access modes"))
        }
        return errors
    }

    static func volumeModeErrors(_ mode: PodField) -> [FieldError] {
        mode.isSet ? mode.oneOf(["Block", "Filesystem"]) : []
    }

    /// An amount that must be more than nothing.
    static func positiveErrors(_ amount: PodField) -> [FieldError] {
        guard let quantity = amount.quantity, quantity.sign <= 0 else { return [] }
        return [.invalid(amount.path, quantity.jsonValue, "must be greater than zero")]
    }
}

/// What is special about PersistentVolumeClaims.
// Kubernetes: pkg/registry/core/persistentvolumeclaim/strategy.go, pkg/apis/core/validation/validation.go
struct PersistentVolumeClaimStrategy: KindStrategy {
    var emptyStatus: JSONValue? { ["phase": "Pending"] }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            if !spec.isSet("volumeMode") { spec["volumeMode"] = "Filesystem" }
            spec.updateMember("resources") { PodSpecDefaults.apply(toResources: &$0) }
            // The older of two names for the same thing fills in the newer one, and the other way round.
            if spec.isSet("dataSource"), !spec.isSet("dataSourceRef") {
                spec["dataSourceRef"] = spec["dataSource"]
            } else if spec.isSet("dataSourceRef"), !spec.isSet("dataSource"),
                !(spec["dataSourceRef"] ?? .null).hasText("namespace")
            {
                spec["dataSource"] = spec["dataSourceRef"]
            }
        }
        var status = object["status"] ?? .emptyObject
        status.setDefault("phase", "Pending")
        object["status"] = status
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors: [FieldError] = []
        if spec["accessModes"].count == 0 {
            errors.append(spec["accessModes"].required("at least 1 access mode is required"))
        }
        errors += LabelSelector.validate(spec["selector"].value, at: spec["selector"].path)
        errors += VolumeRules.accessModeErrors(spec["accessModes"])
        let storage = PodField(
            spec["resources"]["requests"]["storage"].value,
            at: spec["resources"].path.key("storage")
        )
        errors += storage.isSet ? VolumeRules.positiveErrors(storage) : [storage.required()]
        if !spec["storageClassName"].text.isEmpty { errors += spec["storageClassName"].dnsSubdomainErrors }
        return errors + VolumeRules.volumeModeErrors(spec["volumeMode"])
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        let errors = validate(object, context: context)
        guard fixedPart(object, old) != fixedPart(old, old) else { return errors }
        let detail =
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"
        return errors + [.forbidden(FieldPath("spec"), detail)]
    }

    /// The specification without what may change: the size and class of a bound claim, and a first volume name.
    private func fixedPart(_ object: JSONValue, _ old: JSONValue) -> JSONValue {
        var spec = object["spec"] ?? .emptyObject
        if old[path: "status", "phase"]?.string == "Bound" {
            if spec["resources"] != nil { spec[path: "resources", "requests"] = nil }
            spec["volumeAttributesClassName"] = nil
        }
        if !(old["spec"] ?? .null).hasText("volumeName") { spec["volumeName"] = nil }
        if !(old["spec"] ?? .null).isSet("storageClassName") { spec["storageClassName"] = nil }
        return spec
    }

    func validateStatus(_ object: JSONValue, old: JSONValue) -> [FieldError] {
        PodField("status", of: object)["capacity"].entries.flatMap {
            $1.quantity.map { $0.sign < 0 } == true
                ? [$1.invalid("must be greater than or equal to 0")] : []
        }
    }
}

/// What is special about PersistentVolumes.
// Kubernetes: pkg/registry/core/persistentvolume/strategy.go, pkg/apis/core/validation/validation.go
struct PersistentVolumeStrategy: KindStrategy {
    /// Fields of the specification that are not the source of the volume.
    private static let ownFields: Set<String> = [
        "capacity", "accessModes", "claimRef", "persistentVolumeReclaimPolicy", "storageClassName", "mountOptions",
        "volumeMode", "nodeAffinity", "volumeAttributesClassName",
    ]

    var emptyStatus: JSONValue? { ["phase": "Pending"] }

    func applyDefaults(_ object: inout JSONValue) {
        object.updateMember("spec") { spec in
            spec.setDefault("persistentVolumeReclaimPolicy", "Retain")
            if !spec.isSet("volumeMode") { spec["volumeMode"] = "Filesystem" }
            PodSpecDefaults.roundToMilli(&spec, "capacity")
            spec.updateMember("hostPath") { if !$0.isSet("type") { $0["type"] = "" } }
        }
        var status = object["status"] ?? .emptyObject
        status.setDefault("phase", "Pending")
        object["status"] = status
    }

    // Kubernetes: pkg/api/persistentvolume/util.go GetWarningsForPersistentVolume
    func warnings(_ object: JSONValue, old: JSONValue?, context: StrategyContext) -> [String] {
        let annotations = PodField("metadata", of: object)["annotations"]
        let spec = PodField("spec", of: object)
        var texts = Self.deprecatedAnnotations.compactMap { name, text in
            annotations[name].isSet ? "\(annotations.path.key(name)): deprecated since \(text)" : nil
        }
        let policy = spec["persistentVolumeReclaimPolicy"]
        if policy.text == "Recycle" {
            texts.append(
                "\(policy.path): The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use "
                    + "dynamic provisioning."
            )
        }
        if let (name, shown, text) = Self.deprecatedSources.first(where: { spec[$0.name].isSet }) {
            texts.append("\(spec[name].path.description.replacing(name, with: shown)): deprecated in \(text)")
        }
        return texts
    }

    private static let deprecatedAnnotations = [
        ("volume.beta.kubernetes.io/storage-class", #"v1.8; use "storageClassName" attribute instead"#),
        ("volume.beta.kubernetes.io/mount-options", #"v1.31; use "mountOptions" attribute instead"#),
    ]

    private static let deprecatedSources = [
        (name: "photonPersistentDisk", shown: "photonPersistentDisk", text: "v1.11, non-functional in v1.16+"),
        (name: "scaleIO", shown: "scaleIO", text: "v1.16, non-functional in v1.22+"),
        (name: "storageos", shown: "storageOS", text: "v1.22, non-functional in v1.25+"),
        (name: "glusterfs", shown: "glusterfs", text: "v1.25, non-functional in v1.26+"),
        (name: "cephfs", shown: "cephfs", text: "v1.28, non-functional in v1.31+"),
        (name: "rbd", shown: "rbd", text: "v1.28, non-functional in v1.31+"),
    ]

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let spec = PodField("spec", of: object)
        var errors: [FieldError] = []
        if spec["accessModes"].count == 0 { errors.append(spec["accessModes"].required()) }
        errors += VolumeRules.accessModeErrors(spec["accessModes"])
        let capacity = spec["capacity"]
        if capacity.count == 0 { errors.append(capacity.required()) }
        if capacity.count > 1 || capacity.count == 1 && !capacity["storage"].isSet {
            errors.append(.notSupported(capacity.path, capacity.value ?? .null, ["storage"]))
        }
        errors += capacity.entries.flatMap { VolumeRules.positiveErrors($1) }
        let policy = spec["persistentVolumeReclaimPolicy"]
        if !policy.text.isEmpty { errors += policy.oneOf(["Delete", "Recycle", "Retain"]) }
        let sources = spec.value?.object?.filter { !Self.ownFields.contains($0.key) && $0.value.object != nil } ?? [:]
        if sources.isEmpty { errors.append(spec.required("must specify a volume type")) }
        for name in sources.keys.dropFirst() {
            errors.append(spec[name].forbidden("may not specify more than 1 volume type"))
        }
        if !spec["storageClassName"].text.isEmpty { errors += spec["storageClassName"].dnsSubdomainErrors }
        return errors + VolumeRules.volumeModeErrors(spec["volumeMode"])
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        var errors = validate(object, context: context)
        func source(_ object: JSONValue) -> JSONObject {
            (object["spec"]?.object ?? [:]).filter { !Self.ownFields.contains($0.key) }
        }
        if JSONValue.object(source(object)) != .object(source(old)) {
            errors.append(
                .forbidden(
                    FieldPath("spec", "persistentvolumesource"),
                    "spec.persistentvolumesource is immutable after creation\n"
                )
            )
        }
        errors += PodField("spec", of: object)["volumeMode"].immutableErrors(old: old[path: "spec", "volumeMode"])
        return errors
    }
}

/// What is special about StorageClasses.
// Kubernetes: pkg/registry/storage/storageclass/strategy.go, pkg/apis/storage/validation/validation.go
struct StorageClassStrategy: KindStrategy {
    func applyDefaults(_ object: inout JSONValue) {
        if !object.isSet("reclaimPolicy") { object["reclaimPolicy"] = "Delete" }
        if !object.isSet("volumeBindingMode") { object["volumeBindingMode"] = "Immediate" }
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        let provisioner = PodField("provisioner", of: object)
        var errors =
            provisioner.text.isEmpty
            ? [provisioner.required()]
            : provisioner.invalid(each: NameValidation.qualifiedName(provisioner.text.lowercased()))
        for (name, _) in PodField("parameters", of: object).entries where name.isEmpty {
            errors.append(.invalid(FieldPath("parameters"), .string(name), "field can not be empty."))
        }
        let policy = PodField("reclaimPolicy", of: object)
        if !policy.text.isEmpty { errors += policy.oneOf(["Delete", "Retain"]) }
        let mode = PodField("volumeBindingMode", of: object)
        errors += mode.isSet ? mode.oneOf(["Immediate", "WaitForFirstConsumer"]) : [mode.required()]
        return errors
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        var errors: [FieldError] = []
        for field in ["parameters", "provisioner", "reclaimPolicy"] where object[field] != old[field] {
            errors.append(.forbidden(FieldPath(field), "updates to \(field) are forbidden."))
        }
        return errors + PodField("volumeBindingMode", of: object).immutableErrors(old: old["volumeBindingMode"])
    }
}

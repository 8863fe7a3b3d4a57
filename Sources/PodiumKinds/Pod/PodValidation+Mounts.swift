// SPDX-License-Identifier: Apache-2.0
// Rules of where volumes are mounted and block devices attached.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    func mountErrors(_ container: PodField, _ volumes: [String: PodField]) -> [FieldError] {
        let mounts = container["volumeMounts"]
        let devices = container["volumeDevices"].elements
        let deviceNames = Set(devices.map { $0["name"].text })
        let devicePaths = Set(devices.map { $0["devicePath"].text })
        var paths: Set<String> = []
        var errors: [FieldError] = []
        for mount in mounts.elements {
            let name = mount["name"]
            let path = mount["mountPath"]
            if name.text.isEmpty { errors.append(name.required()) }
            if volumes[name.text] == nil { errors.append(name.notFound()) }
            if path.text.isEmpty { errors.append(path.required()) }
            if !paths.insert(path.text).inserted { errors.append(path.invalid("must be unique")) }
            if deviceNames.contains(name.text) {
                errors.append(name.invalid("must not already exist in volumeDevices"))
            }
            if devicePaths.contains(path.text) {
                errors.append(path.invalid("must not already exist as a path in volumeDevices"))
            }
            errors += subPathErrors(mount, mounts)
            errors += propagationErrors(mount, mounts, container)
            errors += recursiveReadOnlyErrors(mount, mounts)
        }
        return errors
    }

    /// Upstream blames the list instead of the mount.
    private func subPathErrors(_ mount: PodField, _ mounts: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let path = mount["subPath"]
        let expression = mount["subPathExpr"]
        if !path.text.isEmpty { errors += path.placed(at: mounts.path.child("subPath")).descendingPathErrors }
        guard !expression.text.isEmpty else { return errors }
        if !path.text.isEmpty {
            errors.append(expression.invalid("subPathExpr and subPath are mutually exclusive"))
        }
        return errors + expression.placed(at: mounts.path.child("subPathExpr")).descendingPathErrors
    }

    private func propagationErrors(_ mount: PodField, _ mounts: PodField, _ container: PodField) -> [FieldError] {
        let mode = mount["mountPropagation"].placed(at: mounts.path.child("mountPropagation"))
        guard mode.isSet else { return [] }
        var errors = mode.oneOf(["Bidirectional", "HostToContainer", "None"])
        if mode.text == "Bidirectional", !container["securityContext"]["privileged"].flag {
            let text = "Bidirectional mount propagation is available only to privileged containers"
            errors.append(mode.forbidden(text))
        }
        return errors
    }

    private func recursiveReadOnlyErrors(_ mount: PodField, _ mounts: PodField) -> [FieldError] {
        let mode = mount["recursiveReadOnly"].placed(at: mounts.path.child("recursiveReadOnly"))
        guard mode.isSet, mode.text != "Disabled" else { return [] }
        guard ["Enabled", "IfPossible"].contains(mode.text) else {
            return [mode.notSupported(["Disabled", "Enabled", "IfPossible"])]
        }
        var errors: [FieldError] = []
        if !mount["readOnly"].flag { errors.append(mode.forbidden("may only be specified when readOnly is true")) }
        if mount["mountPropagation"].isSet, mount["mountPropagation"].text != "None" {
            errors.append(mode.forbidden("may only be specified when mountPropagation is None or not specified"))
        }
        return errors
    }

    func deviceErrors(_ container: PodField, _ volumes: [String: PodField]) -> [FieldError] {
        let mounts = container["volumeMounts"].elements
        let mountNames = Set(mounts.map { $0["name"].text })
        let mountPaths = Set(mounts.map { $0["mountPath"].text })
        var names: Set<String> = []
        var paths: Set<String> = []
        var errors: [FieldError] = []
        for device in container["volumeDevices"].elements {
            let name = device["name"]
            let path = device["devicePath"]
            if name.text.isEmpty { errors.append(name.required()) }
            if names.contains(name.text) { errors.append(name.invalid("must be unique")) }
            if let volume = volumes[name.text] {
                if !volume["persistentVolumeClaim"].isSet, !volume["ephemeral"].isSet {
                    let text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
                    errors.append(name.invalid(text))
                }
            } else {
                errors.append(name.notFound())
            }
            if path.text.isEmpty { errors.append(path.required()) }
            if paths.contains(path.text) { errors.append(path.invalid("must be unique")) }
            if !path.noBackstepsErrors.isEmpty {
                errors.append(path.invalid("can not contain backsteps ('..')"))
            } else {
                paths.insert(path.text)
            }
            if mountNames.contains(name.text) {
                errors.append(name.invalid("must not already exist in volumeMounts"))
            }
            if mountPaths.contains(path.text) {
                errors.append(path.invalid("must not already exist as a path in volumeMounts"))
            }
            if !name.text.isEmpty { names.insert(name.text) }
        }
        return errors
    }
}

// SPDX-License-Identifier: Apache-2.0
// Rules of environment variables and where they come from.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    func environmentErrors(_ variables: PodField) -> [FieldError] {
        variables.elements.flatMap { variable in
            let name = variable["name"]
            let problems = NameValidation.relaxedEnvVarName(name.text)
            return (name.text.isEmpty ? [name.required()] : name.invalid(each: problems))
                + valueFromErrors(variable)
        }
    }

    private func valueFromErrors(_ variable: PodField) -> [FieldError] {
        let source = variable["valueFrom"]
        guard source.isSet else { return [] }
        var errors: [FieldError] = []
        var count = 0
        func check(_ name: String, _ rule: (PodField) -> [FieldError]) {
            guard source[name].isSet else { return }
            count += 1
            errors += rule(source[name])
        }
        check("fieldRef") { fieldReferenceErrors($0, supported: Self.environmentFields) }
        check("resourceFieldRef") { resourceReferenceErrors($0, needsContainer: false) }
        check("configMapKeyRef", keyReferenceErrors)
        check("secretKeyRef", keyReferenceErrors)
        check("fileKeyRef", fileKeyErrors)
        let problem: String? =
            if count == 0 {
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
            } else if !variable["value"].text.isEmpty {
                "may not be specified when `value` is not empty"
            } else {
                count > 1 ? "may not have more than one field specified at a time" : nil
            }
        if let problem { errors.append(.invalid(source.path, "", problem)) }
        return errors
    }

    private func keyReferenceErrors(_ reference: PodField) -> [FieldError] {
        let key = reference["key"]
        return reference["name"].dnsSubdomainErrors
            + (key.text.isEmpty ? [key.required()] : key.invalid(each: NameValidation.configMapKey(key.text)))
    }

    private func fileKeyErrors(_ reference: PodField) -> [FieldError] {
        let key = reference["key"]
        let volume = reference["volumeName"]
        let path = reference["path"]
        return (key.text.isEmpty ? [key.required()] : key.invalid(each: NameValidation.relaxedEnvVarName(key.text)))
            + (volume.text.isEmpty ? [volume.required()] : volume.dnsLabelErrors)
            + (path.text.isEmpty ? [path.required()] : path.noBackstepsErrors)
    }

    func environmentFromErrors(_ sources: PodField) -> [FieldError] {
        sources.elements.flatMap { source in
            var errors: [FieldError] = []
            let prefix = source["prefix"]
            if !prefix.text.isEmpty { errors += prefix.invalid(each: NameValidation.relaxedEnvVarName(prefix.text)) }
            var count = 0
            for reference in ["configMapRef", "secretRef"] where source[reference].isSet {
                count += 1
                let name = source[reference]["name"]
                let details = NameValidation.dns1123Subdomain(name.text, isPrefix: true)
                errors += name.text.isEmpty ? [name.required()] : name.invalid(each: details)
            }
            if count == 0 {
                errors.append(.invalid(sources.path, "", "must specify one of: `configMapRef` or `secretRef`"))
            } else if count > 1 {
                errors.append(.invalid(sources.path, "", "may not have more than one field specified at a time"))
            }
            return errors
        }
    }

    /// Files with variables are read from empty directories only.
    func fileKeyVolumeErrors(_ spec: PodField) -> [FieldError] {
        let volumes = spec["volumes"].elements
        return allContainers(spec).flatMap { $0["env"].elements }.compactMap { variable in
            let reference = variable["valueFrom"]["fileKeyRef"]
            guard reference.isSet else { return nil }
            let name = reference["volumeName"]
            guard let volume = volumes.last(where: { $0["name"].text == name.text }) else {
                return .notFound(name.path, .string(name.text))
            }
            return volume["emptyDir"].isSet ? nil : name.invalid("referenced volume must be of type emptyDir")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Rules of whom containers run as and what they may do.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    func securityContextErrors(_ context: PodField, usesHostUsers: Bool) -> [FieldError] {
        guard context.isSet else { return [] }
        var errors = context["runAsUser"].userOrGroupErrors + context["runAsGroup"].userOrGroupErrors
        let procMount = context["procMount"]
        if procMount.isSet {
            errors += procMount.oneOf(["Default", "Unmasked"])
            if usesHostUsers, procMount.text == "Unmasked" {
                errors.append(procMount.invalid("`hostUsers` must be false to use `Unmasked`"))
            }
        }
        errors += seccompErrors(context["seccompProfile"])
        errors += escalationErrors(context)
        errors += windowsOptionsErrors(context["windowsOptions"])
        return errors + appArmorErrors(context["appArmorProfile"])
    }

    private func escalationErrors(_ context: PodField) -> [FieldError] {
        guard context["allowPrivilegeEscalation"].value?.bool == false else { return [] }
        let printed = Self.printed(context)
        var errors: [FieldError] = []
        if context["privileged"].flag {
            let text = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            errors.append(.invalid(context.path, printed, text))
        }
        for capability in context["capabilities"]["add"].texts where capability == "CAP_SYS_ADMIN" {
            let text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            errors.append(.invalid(context.path, printed, text))
        }
        return errors
    }

    /// A whole context as upstream's internal type prints it: all fields, in its order, under their Go names.
    private static func printed(_ context: PodField) -> JSONValue {
        func structure(_ name: String, _ fields: [(String, String, JSONValue)]) -> JSONValue {
            guard context[name].isSet else { return .null }
            return .object(.init(uniqueKeysWithValues: fields.map { ($1, context[name][$0].value ?? $2) }))
        }
        func value(_ name: String) -> JSONValue { context[name].value ?? .null }
        let profile: [(String, String, JSONValue)] = [
            ("type", "Type", ""), ("localhostProfile", "LocalhostProfile", .null),
        ]
        return [
            "Capabilities": structure("capabilities", [("add", "Add", .null), ("drop", "Drop", .null)]),
            "Privileged": value("privileged"),
            "SELinuxOptions": structure(
                "seLinuxOptions",
                [("user", "User", ""), ("role", "Role", ""), ("type", "Type", ""), ("level", "Level", "")]
            ),
            "WindowsOptions": structure(
                "windowsOptions",
                [
                    ("gmsaCredentialSpecName", "GMSACredentialSpecName", .null),
                    ("gmsaCredentialSpec", "GMSACredentialSpec", .null),
                    ("runAsUserName", "RunAsUserName", .null), ("hostProcess", "HostProcess", .null),
                ]
            ),
            "RunAsUser": value("runAsUser"),
            "RunAsGroup": value("runAsGroup"),
            "RunAsNonRoot": value("runAsNonRoot"),
            "ReadOnlyRootFilesystem": value("readOnlyRootFilesystem"),
            "AllowPrivilegeEscalation": value("allowPrivilegeEscalation"),
            "ProcMount": value("procMount"),
            "SeccompProfile": structure("seccompProfile", profile),
            "AppArmorProfile": structure("appArmorProfile", profile),
        ]
    }

    func podSecurityContextErrors(_ spec: PodField) -> [FieldError] {
        let context = spec["securityContext"]
        guard context.isSet else { return [] }
        var errors = ["fsGroup", "runAsUser", "runAsGroup"].flatMap { context[$0].userOrGroupErrors }
        errors += context["supplementalGroups"].elements.flatMap(\.userOrGroupErrors)
        if spec["shareProcessNamespace"].flag, spec["hostPID"].flag {
            let path = context.path.child("shareProcessNamespace")
            errors.append(.invalid(path, true, "ShareProcessNamespace and HostPID cannot both be enabled"))
        }
        errors += sysctlErrors(context["sysctls"], spec)
        let choices = [("fsGroupChangePolicy", ["Always", "OnRootMismatch"])]
        for (name, supported) in choices where context[name].isSet { errors += context[name].oneOf(supported) }
        errors += seccompErrors(context["seccompProfile"])
        errors += windowsOptionsErrors(context["windowsOptions"])
        errors += appArmorErrors(context["appArmorProfile"])
        if context["supplementalGroupsPolicy"].isSet {
            errors += context["supplementalGroupsPolicy"].oneOf(["Merge", "Strict"])
        }
        if context["seLinuxChangePolicy"].isSet { errors += context["seLinuxChangePolicy"].oneOf(["Recursive"]) }
        return errors
    }

    // MARK: Sysctls

    private static let maximumSysctlLength = 253

    private func sysctlErrors(_ sysctls: PodField, _ spec: PodField) -> [FieldError] {
        var names: Set<String> = []
        return sysctls.elements.flatMap { sysctl -> [FieldError] in
            let name = sysctl["name"]
            var errors: [FieldError] = []
            if name.text.isEmpty {
                errors.append(name.required())
            } else if !isSysctlName(name.text) {
                let segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
                let text =
                    "must have at most \(Self.maximumSysctlLength) characters and match regex "
                    + "^(\(segment)[\\./])*\(segment)$"
                errors.append(name.invalid(text))
            } else if names.contains(name.text) {
                errors.append(name.duplicate())
            }
            names.insert(name.text)
            return errors + hostSysctlErrors(name, spec)
        }
    }

    private func isSysctlName(_ name: String) -> Bool {
        guard name.utf8.count <= Self.maximumSysctlLength else { return false }
        let segments = name.utf8.split(omittingEmptySubsequences: false) { $0 == 0x2E || $0 == 0x2F }
        return segments.allSatisfy { segment in
            guard let first = segment.first, let last = segment.last, first.isLowerOrDigit, last.isLowerOrDigit
            else { return false }
            return segment.allSatisfy { $0.isLowerOrDigit || $0 == 0x2D || $0 == 0x5F }
        }
    }

    /// Settings of namespaces that the pod shares with its host are not its own.
    // Kubernetes: component-helpers/node/util/sysctl/namespace.go
    private func hostSysctlErrors(_ name: PodField, _ spec: PodField) -> [FieldError] {
        // `net/ipv4/a.b` means `net.ipv4.a/b`: the first separator says which one separates.
        let usesSlashes = name.text.first { $0 == "." || $0 == "/" } == "/"
        let key = usesSlashes ? String(name.text.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 }) : name.text
        if key.hasPrefix("net"), spec["hostNetwork"].flag {
            return [name.invalid("may not be specified when 'hostNetwork' is true")]
        }
        let isIPC = key == "kernel.sem" || ["kernel.shm", "kernel.msg", "fs.mqueue."].contains { key.hasPrefix($0) }
        if isIPC, spec["hostIPC"].flag { return [name.invalid("may not be specified when 'hostIPC' is true")] }
        return []
    }

    // MARK: Profiles

    private func seccompErrors(_ profile: PodField) -> [FieldError] {
        guard profile.isSet else { return [] }
        let type = profile["type"]
        let file = profile["localhostProfile"]
        var errors: [FieldError] = []
        if type.text.isEmpty {
            errors.append(type.required("type is required when seccompProfile is set"))
        } else {
            errors += type.oneOf(["Localhost", "RuntimeDefault", "Unconfined"])
        }
        if type.text == "Localhost" {
            if !file.isSet { return errors + [file.required("must be set when seccomp type is Localhost")] }
            return errors + file.descendingPathErrors
        }
        guard file.isSet else { return errors }
        let printed: JSONValue = ["Type": .string(type.text), "LocalhostProfile": .string(file.text)]
        return errors + [.invalid(file.path, printed, "can only be set when seccomp type is Localhost")]
    }

    private static let maximumProfileLength = 4095

    func appArmorErrors(_ profile: PodField) -> [FieldError] {
        guard profile.isSet else { return [] }
        let type = profile["type"]
        let name = profile["localhostProfile"]
        switch type.text {
        case "": return [type.required("type is required when appArmorProfile is set")]
        case "Localhost":
            var errors: [FieldError] = []
            if name.text.first?.isWhitespace == true || name.text.last?.isWhitespace == true {
                errors.append(name.invalid("must not be padded with whitespace"))
            } else if name.text.isEmpty {
                errors.append(name.required("must be set when AppArmor type is Localhost"))
            }
            if name.text.utf8.count > Self.maximumProfileLength {
                errors.append(name.tooLong(maximum: Self.maximumProfileLength))
            }
            return errors
        case "RuntimeDefault", "Unconfined":
            return name.isSet ? [name.invalid("can only be set when AppArmor type is Localhost")] : []
        default: return type.oneOf(["Localhost", "RuntimeDefault", "Unconfined"])
        }
    }
}

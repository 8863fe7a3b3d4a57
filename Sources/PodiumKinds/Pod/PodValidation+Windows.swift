// SPDX-License-Identifier: Apache-2.0
// Rules of what pods of one operating system may not say, and of users on Windows.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    func osErrors(_ spec: PodField) -> [FieldError] {
        let os = spec["os"]
        guard os.isSet else { return [] }
        switch os["name"].text {
        case "": return [os["name"].required("cannot be empty")]
        case "linux": return linuxErrors(spec)
        case "windows": return windowsErrors(spec)
        default: return [PodField(.string(os["name"].text), at: os.path).notSupported(["linux", "windows"])]
        }
    }

    private func linuxErrors(_ spec: PodField) -> [FieldError] {
        let contexts = [spec["securityContext"]] + allContainers(spec).map { $0["securityContext"] }
        return contexts.map { $0["windowsOptions"] }.filter(\.isSet).map {
            $0.forbidden("windows options cannot be set for a linux pod")
        }
    }

    /// In upstream's order; some of these stand in the spec, which upstream's internal type keeps in the context.
    private func windowsErrors(_ spec: PodField) -> [FieldError] {
        let context = spec["securityContext"]
        var fields = [context["appArmorProfile"], context["seLinuxOptions"], spec["hostUsers"]]
        fields += [spec["hostPID"], spec["hostIPC"]].filter(\.flag)
        fields += ["seccompProfile", "fsGroup", "fsGroupChangePolicy"].map { context[$0] }
        fields += [context["sysctls"]].filter { $0.count > 0 }
        fields += [spec["shareProcessNamespace"]]
        fields += [
            "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
        ].map { context[$0] }
        for container in allContainers(spec) {
            fields += [
                "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem",
                "privileged", "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
            ].map { container["securityContext"][$0] }
        }
        return fields.filter(\.isSet).map { $0.forbidden("cannot be set for a windows pod") }
    }

    /// All containers of a pod are processes of their host, or none is.
    func hostProcessErrors(_ spec: PodField) -> [FieldError] {
        let ofPod = spec["securityContext"]["windowsOptions"]["hostProcess"].value?.bool
        let containers = allContainers(spec)
        var count = 0
        var errors: [FieldError] = []
        for container in containers {
            let field = container["securityContext"]["windowsOptions"]["hostProcess"]
            let own = field.value?.bool
            if let own, let ofPod, own != ofPod {
                let text = "pod hostProcess value must be identical if both are specified, was \(ofPod)"
                errors.append(field.invalid(text))
            }
            if own ?? ofPod ?? false { count += 1 }
        }
        guard count > 0 else { return errors }
        if count != containers.count {
            let text = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
            errors.append(.invalid(spec.path, "", text))
        }
        if !spec["hostNetwork"].flag {
            let text = "hostNetwork must be true if pod contains any hostProcess containers"
            errors.append(.invalid(spec["hostNetwork"].path, false, text))
        }
        return errors
    }

    /// Pods with users of their own share nothing else with their host.
    func hostUsersErrors(_ spec: PodField) -> [FieldError] {
        guard spec["hostUsers"].value?.bool == false else { return [] }
        let text = "when `hostUsers` is false"
        // The names are upstream's.
        let shared = [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")]
        var errors = shared.filter { spec[$0.0].flag }.map { FieldError.forbidden(spec.path.child($0.1), text) }
        errors += allContainers(spec).map { $0["volumeDevices"] }.filter { $0.count > 0 }.map { $0.forbidden(text) }
        return errors
    }

    // MARK: Options

    private static let maximumCredentialSpecKiB = 64
    private static let maximumDomainLength = 256
    private static let maximumUserLength = 104

    func windowsOptionsErrors(_ options: PodField) -> [FieldError] {
        guard options.isSet else { return [] }
        let spec = options["gmsaCredentialSpec"]
        var errors: [FieldError] = []
        if options["gmsaCredentialSpecName"].isSet { errors += options["gmsaCredentialSpecName"].dnsSubdomainErrors }
        if spec.isSet {
            if spec.text.isEmpty {
                errors.append(spec.invalid("gmsaCredentialSpec cannot be an empty string"))
            } else if spec.text.utf8.count > Self.maximumCredentialSpecKiB * 1024 {
                let text = "gmsaCredentialSpec size must be under \(Self.maximumCredentialSpecKiB) KiB"
                errors.append(spec.invalid(text))
            }
        }
        let user = options["runAsUserName"]
        return user.isSet ? errors + user.invalid(each: userNameProblems(user.text)) : errors
    }

    /// A name has the form `[domain\]user`.
    private func userNameProblems(_ name: String) -> [String] {
        if name.isEmpty { return ["runAsUserName cannot be an empty string"] }
        if name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            return ["runAsUserName cannot contain control characters"]
        }
        let parts = name.split(separator: "\\", omittingEmptySubsequences: false)
        guard parts.count <= 2, let user = parts.last else {
            return ["runAsUserName cannot contain more than one backslash"]
        }
        var problems: [String] = []
        if parts.count == 2 {
            if parts[0].utf8.count >= Self.maximumDomainLength {
                problems.append("runAsUserName's Domain length must be under \(Self.maximumDomainLength) characters")
            }
            if !isNetBIOSName(parts[0]), !isDNSName(parts[0]) {
                problems.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
            }
        }
        if user.isEmpty {
            problems.append("runAsUserName's User cannot be empty")
        } else if user.utf8.count > Self.maximumUserLength {
            let text = "runAsUserName's User length must not be longer than \(Self.maximumUserLength) characters"
            problems.append(text)
        }
        if !user.isEmpty, user.allSatisfy({ $0 == "." || $0 == " " }) {
            problems.append("runAsUserName's User cannot contain only periods or spaces")
        }
        if user.contains(where: { "\"/\\:;|=,+*?<>@[]".contains($0) }) {
            problems.append(#"runAsUserName's User cannot contain the following characters: "/\:;|=,+*?<>@[]"#)
        }
        return problems
    }

    private func isNetBIOSName(_ name: Substring) -> Bool {
        (1...15).contains(name.unicodeScalars.count) && name.first != "."
            && !name.contains { "\\/:*?\"<>|".contains($0) }
    }

    /// Labels of letters, digits and inner hyphens, joined by dots.
    private func isDNSName(_ name: Substring) -> Bool {
        name.wholeMatch(
            of: #/[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*/#
        ) != nil
    }
}

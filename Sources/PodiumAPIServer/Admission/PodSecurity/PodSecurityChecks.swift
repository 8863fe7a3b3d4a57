// SPDX-License-Identifier: Apache-2.0
// The checks of the pod security standards, in the order in which findings are told.

import PodiumCodec
import PodiumKinds
import PodiumMachinery

/// A pod under examination.
// Kubernetes: pod-security-admission/policy/check_*.go
struct PodSecurityChecks {
    let spec: JSONValue
    let annotations: JSONObject
    /// All containers with their names, init containers first.
    let containers: [(name: String, value: JSONValue)]
    private let policy: PodSecurityPolicy

    init(metadata: JSONValue?, spec: JSONValue, policy: PodSecurityPolicy) {
        self.spec = spec
        annotations = metadata?["annotations"]?.object ?? [:]
        containers = ["initContainers", "containers", "ephemeralContainers"].flatMap { spec[$0]?.elements ?? [] }.map {
            ($0["name"]?.string ?? "", $0)
        }
        self.policy = policy
    }

    /// What the pod does against the policy.
    var findings: [PodSecurityFinding] {
        switch policy.level {
        case .privileged: []
        case .baseline:
            [
                appArmor, baselineCapabilities, hostNamespaces, hostPathVolumes, hostPorts, hostProbes, privileged,
                procMount, seLinux, baselineSeccomp, sysctls, windowsHostProcess,
            ].compactMap { $0 }
        case .restricted:
            [
                appArmor, hostNamespaces, hostPorts, hostProbes, privileged, procMount, seLinux,
                isSince(19) ? nil : baselineSeccomp, sysctls, windowsHostProcess, privilegeEscalation,
                isSince(22) ? restrictedCapabilities : baselineCapabilities, restrictedVolumes, runAsNonRoot, runAsUser,
                isSince(19) ? restrictedSeccomp : nil,
            ].compactMap { $0 }
        }
    }

    func isSince(_ minor: Int) -> Bool { (policy.minor ?? .max) >= minor }

    /// Rules about users do not bind pods that have users of their own.
    var isRelaxed: Bool { spec["hostUsers"]?.bool == false }

    var isWindows: Bool { spec[path: "os", "name"]?.string == "windows" && isSince(25) }

    /// The names of containers whose security context is `bad`.
    func names(where bad: (JSONValue) -> Bool) -> [String] {
        containers.filter { bad($0.value["securityContext"] ?? .emptyObject) }.map(\.name)
    }

    /// `container "a"`, or `containers "a", "b"`.
    static func list(_ names: [String], _ noun: String = "container") -> String {
        "\(noun)\(names.count == 1 ? "" : "s") \(quote(names))"
    }

    static func quote(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }

    /// Who set something, pod and containers; nil when nobody did.
    static func setters(pod: Bool, _ names: [String]) -> String? {
        let setters = (pod ? ["pod"] : []) + (names.isEmpty ? [] : [list(names)])
        return setters.isEmpty ? nil : setters.joined(separator: " and ")
    }
}

// MARK: Baseline

extension PodSecurityChecks {
    private var appArmor: PodSecurityFinding? {
        var values: Set<String> = []
        func isBad(_ context: JSONValue) -> Bool {
            guard let type = context[path: "appArmorProfile", "type"]?.string, type == "Unconfined" else {
                return false
            }
            values.insert(type)
            return true
        }
        let isPodBad = isBad(spec["securityContext"] ?? .emptyObject)
        let names = names(where: isBad)
        let prefix = "container.apparmor.security.beta.kubernetes.io/"
        let bad = annotations.filter { key, value in
            let profile = value.string ?? ""
            return key.hasPrefix(prefix) && !profile.isEmpty && profile != "runtime/default"
                && !profile.hasPrefix("localhost/")
        }
        var setters = Self.setters(pod: isPodBad, names).map { [$0] } ?? []
        if !bad.isEmpty {
            let texts = bad.map { "\($0.key)=\(FieldError.quoted($0.value.string ?? ""))" }.sorted()
            if setters.isEmpty {
                let noun = texts.count == 1 ? "profile" : "profiles"
                return PodSecurityFinding(
                    reason: "forbidden AppArmor \(noun)",
                    detail: texts.joined(separator: ", ")
                )
            }
            setters.append(Self.list(Array(bad.keys).sorted(), "annotation"))
        }
        guard !setters.isEmpty else { return nil }
        let detail =
            "\(setters.joined(separator: " and ")) must not set AppArmor profile type to \(Self.quote(values.sorted()))"
        return PodSecurityFinding(reason: "forbidden AppArmor profile", detail: detail)
    }

    private static let defaultCapabilities: Set<String> = [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
        "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    ]

    private var baselineCapabilities: PodSecurityFinding? {
        guard let detail = addedCapabilities(besides: Self.defaultCapabilities) else { return nil }
        return PodSecurityFinding(reason: "non-default capabilities", detail: detail)
    }

    private func addedCapabilities(besides allowed: Set<String>) -> String? {
        var added: Set<String> = []
        let names = names { context in
            let bad = (context[path: "capabilities", "add"]?.elements ?? []).compactMap(\.string).filter {
                !allowed.contains($0)
            }
            added.formUnion(bad)
            return !bad.isEmpty
        }
        guard !names.isEmpty else { return nil }
        return "\(Self.list(names)) must not include \(Self.quote(added.sorted())) in securityContext.capabilities.add"
    }

    private var hostNamespaces: PodSecurityFinding? {
        let fields = ["hostIPC", "hostNetwork", "hostPID"].filter { spec[$0]?.bool == true }
        guard !fields.isEmpty else { return nil }
        let detail = fields.map { "\($0)=true" }.joined(separator: ", ")
        return PodSecurityFinding(reason: "host namespaces", detail: detail)
    }

    private var hostPathVolumes: PodSecurityFinding? {
        let names = (spec["volumes"]?.elements ?? []).filter { $0.isSet("hostPath") }.map { $0["name"]?.string ?? "" }
        guard !names.isEmpty else { return nil }
        return PodSecurityFinding(reason: "hostPath volumes", detail: Self.list(names, "volume"))
    }

    private var hostPorts: PodSecurityFinding? {
        var ports: Set<String> = []
        let names = containers.filter { _, container in
            let bad = (container["ports"]?.elements ?? []).compactMap { $0["hostPort"]?.integer }.filter { $0 != 0 }
            ports.formUnion(bad.map(String.init))
            return !bad.isEmpty
        }.map(\.name)
        guard !names.isEmpty else { return nil }
        let verb = names.count == 1 ? "uses" : "use"
        let noun = ports.count == 1 ? "hostPort" : "hostPorts"
        let list = ports.sorted().joined(separator: ", ")
        return PodSecurityFinding(reason: "hostPort", detail: "\(Self.list(names)) \(verb) \(noun) \(list)")
    }

    private var hostProbes: PodSecurityFinding? {
        guard isSince(34) else { return nil }
        var hosts: Set<String> = []
        let names = Set(
            containers.filter { _, container in
                let handlers =
                    ["livenessProbe", "readinessProbe", "startupProbe"].map { container[$0] }
                    + ["postStart", "preStop"].map { container[path: "lifecycle", $0] }
                let bad = handlers.flatMap { handler in
                    ["httpGet", "tcpSocket"].compactMap { handler?[$0]?["host"]?.string }.filter { !$0.isEmpty }
                }
                hosts.formUnion(bad)
                return !bad.isEmpty
            }.map(\.name)
        ).sorted()
        guard !names.isEmpty else { return nil }
        let verb = names.count == 1 ? "uses" : "use"
        let detail = "\(Self.list(names)) \(verb) \(Self.list(hosts.sorted(), "probe or lifecycle host"))"
        return PodSecurityFinding(reason: "probe or lifecycle host", detail: detail)
    }

    private var privileged: PodSecurityFinding? {
        let names = names { $0["privileged"]?.bool == true }
        guard !names.isEmpty else { return nil }
        let detail = "\(Self.list(names)) must not set securityContext.privileged=true"
        return PodSecurityFinding(reason: "privileged", detail: detail)
    }

    private var procMount: PodSecurityFinding? {
        if isRelaxed { return nil }
        var values: Set<String> = []
        let names = names { context in
            guard let value = context["procMount"]?.string, value != "Default" else { return false }
            values.insert(value)
            return true
        }
        guard !names.isEmpty else { return nil }
        let detail = "\(Self.list(names)) must not set securityContext.procMount to \(Self.quote(values.sorted()))"
        return PodSecurityFinding(reason: "procMount", detail: detail)
    }

    private var seLinux: PodSecurityFinding? {
        var types: Set<String> = []
        var fields: Set<String> = []
        var allowed: Set<String> = ["", "container_t", "container_init_t", "container_kvm_t"]
        if isSince(31) { allowed.insert("container_engine_t") }
        func isBad(_ context: JSONValue) -> Bool {
            guard let options = context["seLinuxOptions"], options.object != nil else { return false }
            let type = options["type"]?.string ?? ""
            if !allowed.contains(type) { types.insert(type) }
            let set = ["user", "role"].filter { options.hasText($0) }
            fields.formUnion(set)
            return !allowed.contains(type) || !set.isEmpty
        }
        let isPodBad = isBad(spec["securityContext"] ?? .emptyObject)
        guard let setters = Self.setters(pod: isPodBad, names(where: isBad)) else { return nil }
        var problems = types.isEmpty ? [] : [Self.list(types.sorted(), "type")]
        problems += ["user", "role"].filter(fields.contains).map { "\($0) may not be set" }
        let detail = "\(setters) set forbidden securityContext.seLinuxOptions: \(problems.joined(separator: "; "))"
        return PodSecurityFinding(reason: "seLinuxOptions", detail: detail)
    }

    private var baselineSeccomp: PodSecurityFinding? {
        guard isSince(19), let detail = badSeccomp else { return nil }
        return PodSecurityFinding(reason: "seccompProfile", detail: detail)
    }

    private static func seccompType(_ context: JSONValue) -> String? {
        guard let profile = context["seccompProfile"], profile.object != nil else { return nil }
        return profile["type"]?.string ?? ""
    }

    private static func isGoodSeccomp(_ type: String) -> Bool { type == "RuntimeDefault" || type == "Localhost" }

    /// Who sets a profile that is not allowed.
    private var badSeccomp: String? {
        var values: Set<String> = []
        func isBad(_ context: JSONValue) -> Bool {
            guard let type = Self.seccompType(context), !Self.isGoodSeccomp(type) else { return false }
            values.insert(type)
            return true
        }
        let isPodBad = isBad(spec["securityContext"] ?? .emptyObject)
        guard let setters = Self.setters(pod: isPodBad, names(where: isBad)) else { return nil }
        return "\(setters) must not set securityContext.seccompProfile.type to \(Self.quote(values.sorted()))"
    }

    private var sysctls: PodSecurityFinding? {
        var allowed: Set<String> = [
            "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
            "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start",
        ]
        if isSince(27) { allowed.insert("net.ipv4.ip_local_reserved_ports") }
        if isSince(29) {
            allowed.formUnion(["time", "intvl", "probes"].map { "net.ipv4.tcp_keepalive_\($0)" })
            allowed.insert("net.ipv4.tcp_fin_timeout")
        }
        if isSince(32) { allowed.formUnion(["net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"]) }
        let bad = (spec[path: "securityContext", "sysctls"]?.elements ?? []).compactMap { $0["name"]?.string }.filter {
            !allowed.contains($0)
        }
        guard !bad.isEmpty else { return nil }
        return PodSecurityFinding(reason: "forbidden sysctls", detail: bad.joined(separator: ", "))
    }

    private var windowsHostProcess: PodSecurityFinding? {
        func isBad(_ context: JSONValue) -> Bool { context[path: "windowsOptions", "hostProcess"]?.bool == true }
        let isPodBad = isBad(spec["securityContext"] ?? .emptyObject)
        guard let setters = Self.setters(pod: isPodBad, names(where: isBad)) else { return nil }
        let detail = "\(setters) must not set securityContext.windowsOptions.hostProcess=true"
        return PodSecurityFinding(reason: "hostProcess", detail: detail)
    }
}

// MARK: Restricted

extension PodSecurityChecks {
    private var privilegeEscalation: PodSecurityFinding? {
        guard isSince(8), !isWindows else { return nil }
        let names = names { $0["allowPrivilegeEscalation"]?.bool != false }
        guard !names.isEmpty else { return nil }
        let detail = "\(Self.list(names)) must set securityContext.allowPrivilegeEscalation=false"
        return PodSecurityFinding(reason: "allowPrivilegeEscalation != false", detail: detail)
    }

    private var restrictedCapabilities: PodSecurityFinding? {
        guard !isWindows else { return nil }
        let names = names { !($0[path: "capabilities", "drop"]?.elements ?? []).contains("ALL") }
        var details: [String] = []
        if !names.isEmpty { details.append("\(Self.list(names)) must set securityContext.capabilities.drop=[\"ALL\"]") }
        if let added = addedCapabilities(besides: ["NET_BIND_SERVICE"]) { details.append(added) }
        guard !details.isEmpty else { return nil }
        return PodSecurityFinding(reason: "unrestricted capabilities", detail: details.joined(separator: "; "))
    }

    private static let plainVolumes = [
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
        "secret",
    ]

    private var restrictedVolumes: PodSecurityFinding? {
        var types: Set<String> = []
        var names: [String] = []
        for volume in spec["volumes"]?.elements ?? [] where !Self.plainVolumes.contains(where: { volume.isSet($0) }) {
            names.append(volume["name"]?.string ?? "")
            types.insert(volume.object?.keys.first { $0 != "name" } ?? "unknown")
        }
        guard !names.isEmpty else { return nil }
        let verb = names.count == 1 ? "uses" : "use"
        let detail = "\(Self.list(names, "volume")) \(verb) \(Self.list(types.sorted(), "restricted volume type"))"
        return PodSecurityFinding(reason: "restricted volume types", detail: detail)
    }

    private var runAsNonRoot: PodSecurityFinding? {
        if isRelaxed { return nil }
        let ofPod = spec[path: "securityContext", "runAsNonRoot"]?.bool
        let explicit = names { $0["runAsNonRoot"]?.bool == false }
        let reason = "runAsNonRoot != true"
        if let setters = Self.setters(pod: ofPod == false, explicit) {
            return PodSecurityFinding(
                reason: reason,
                detail: "\(setters) must not set securityContext.runAsNonRoot=false"
            )
        }
        let implicit = ofPod == true ? [] : names { $0["runAsNonRoot"]?.bool == nil }
        guard !implicit.isEmpty else { return nil }
        let detail = "pod or \(Self.list(implicit)) must set securityContext.runAsNonRoot=true"
        return PodSecurityFinding(reason: reason, detail: detail)
    }

    private var runAsUser: PodSecurityFinding? {
        guard isSince(23), !isRelaxed else { return nil }
        func isRoot(_ context: JSONValue) -> Bool { context["runAsUser"]?.integer == 0 }
        let isPodRoot = isRoot(spec["securityContext"] ?? .emptyObject)
        guard let setters = Self.setters(pod: isPodRoot, names(where: isRoot)) else { return nil }
        return PodSecurityFinding(reason: "runAsUser=0", detail: "\(setters) must not set runAsUser=0")
    }

    private var restrictedSeccomp: PodSecurityFinding? {
        guard !isWindows else { return nil }
        if let detail = badSeccomp { return PodSecurityFinding(reason: "seccompProfile", detail: detail) }
        let ofPod = Self.seccompType(spec["securityContext"] ?? .emptyObject)
        let implicit = ofPod == nil ? names { Self.seccompType($0) == nil } : []
        guard !implicit.isEmpty else { return nil }
        let detail =
            "pod or \(Self.list(implicit)) must set securityContext.seccompProfile.type to "
            + "\"RuntimeDefault\" or \"Localhost\""
        return PodSecurityFinding(reason: "seccompProfile", detail: detail)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Fills volumes: from ConfigMaps and Secrets, from the pod itself, or with nothing.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumRuntime

// Kubernetes: pkg/volume/configmap, secret, projected, downwardapi, hostpath
extension PodWorker {
    /// Tries to mount what is not mounted yet.
    mutating func mountVolumes(in environment: any WorkerEnvironment) {
        var failed: [VolumeSpec] = []
        for volume in volumes.missing {
            do throws(ConfigProblem) {
                if let claim = pod.claim(of: volume) {
                    volumes.claimed[volume.name] = try boundVolume(of: claim, in: environment)
                } else {
                    volumes.trees[volume.name] = try content(of: volume, in: environment)
                }
            } catch {
                failed.append(volume)
                let text = "MountVolume.SetUp failed for volume \"\(volume.name)\" : \(error.message)"
                emit("", warning: true, "FailedMount", text)
            }
        }
        volumes.finishAttempt(failed: failed, now: environment.now)
    }

    /// The name of the volume behind a claim.
    // Kubernetes: pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go getPVCExtractPV
    private func boundVolume(
        of claim: NamespacedName,
        in environment: any WorkerEnvironment
    ) throws(ConfigProblem) -> String {
        let found: ClaimedVolume
        do throws(StatusError) {
            found = try environment.volume(of: claim)
        } catch {
            throw ConfigProblem("error processing PVC \(claim): failed to fetch PVC from API server: \(error.message)")
        }
        switch found {
        case .missing:
            throw ConfigProblem(
                "error processing PVC \(claim): failed to fetch PVC from API server: persistentvolumeclaims "
                    + "\"\(claim.name)\" not found"
            )
        case .unbound: throw ConfigProblem("error processing PVC \(claim): PVC is not bound")
        case .bound(let name): return name
        }
    }

    /// Has the containers work with what the volumes of claims hold now. What they write there is there for all others
    /// afterwards.
    /// - Returns: what `body` does; nil when there is no sandbox.
    mutating func inSandbox<Result>(
        _ environment: any WorkerEnvironment,
        _ body: (inout PodSandbox) -> Result
    ) -> Result? {
        guard var sandbox = self.sandbox.take() else { return nil }
        defer { self.sandbox = sandbox }
        if volumes.claimed.isEmpty { return body(&sandbox) }
        var result: Result?
        environment.useVolumes(Set(volumes.claimed.values)) { contents in
            for (name, volume) in volumes.claimed {
                guard let content = contents[volume], volumes.seenVersions[name] != content.version else { continue }
                sandbox.setVolume(content.tree, named: name)
                volumes.seenVersions[name] = content.version
            }
            let before = sandbox.fileChanges
            result = body(&sandbox)
            if sandbox.fileChanges != before { publishVolumes(of: sandbox, &contents) }
        }
        return result
    }

    /// Takes over what containers have written to the volumes of claims.
    private mutating func publishVolumes(of sandbox: PodSandbox, _ contents: inout [String: VolumeContent]) {
        for (name, volume) in volumes.claimed {
            guard let tree = sandbox.volume(named: name), let content = contents[volume], tree != content.tree else {
                continue
            }
            contents[volume] = VolumeContent(tree: tree, version: content.version + 1)
            volumes.seenVersions[name] = content.version + 1
        }
    }

    /// Counts what is in the volumes of claims.
    func accountClaimedVolumes(in environment: any WorkerEnvironment) {
        if !volumes.claimed.isEmpty { environment.accountVolumes(Set(volumes.claimed.values)) }
    }

    func content(
        of volume: VolumeSpec,
        in environment: any WorkerEnvironment
    ) throws(ConfigProblem) -> FileTree {
        switch volume.kind {
        case "configMap": return try tree(try files(.configMap, volume.source, in: environment), volume)
        case "secret": return try tree(try files(.secret, volume.source, in: environment), volume)
        case "downwardAPI": return try tree(downwardFiles(volume.source, in: environment), volume)
        case "projected": return try projectedTree(volume, in: environment)
        case "hostPath":
            try checkHostPath(volume.source)
            return FileTree()
        default: return FileTree()
        }
    }

    private func tree(_ files: [String: String], _ volume: VolumeSpec) throws(ConfigProblem) -> FileTree {
        if let path = files.keys.sorted().first(where: { !FileTree.canName($0) }) {
            throw ConfigProblem("open \(path): file name too long")
        }
        // What other volumes of the pod hold counts as well; Linux would say this of a full disk.
        let others = volumes.trees.reduce(0) { $0 + ($1.key == volume.name ? 0 : $1.value.totalBytes) }
        if files.values.reduce(others, { $0 + $1.utf8.count }) > PodSandbox.maximumStoredBytes {
            throw ConfigProblem("write \(files.keys.sorted().first ?? ""): no space left on device")
        }
        return FileTree(files: files, mode: Self.mode(of: volume))
    }

    private static func mode(of volume: VolumeSpec) -> Int { volume.source["defaultMode"]?.int ?? 0o644 }

    private func projectedTree(
        _ volume: VolumeSpec,
        in environment: any WorkerEnvironment
    ) throws(ConfigProblem) -> FileTree {
        var all: [String: String] = [:]
        var tokens: [(path: String, content: DeferredContent)] = []
        var problems: [String] = []
        for part in volume.source["sources"]?.elements ?? [] {
            do throws(ConfigProblem) {
                if let map = part["configMap"] {
                    all.merge(try files(.configMap, map, in: environment)) { $1 }
                } else if let secret = part["secret"] {
                    all.merge(try files(.secret, secret, in: environment)) { $1 }
                } else if let downward = part["downwardAPI"] {
                    all.merge(downwardFiles(downward, in: environment)) { $1 }
                } else if let token = part["serviceAccountToken"] {
                    let content = environment.token(request(token), mountedAt: environment.now)
                    tokens.append((token["path"]?.string ?? "token", content))
                }
            } catch {
                problems.append(error.message)
            }
        }
        if problems.count == 1 { throw ConfigProblem(problems[0]) }
        if !problems.isEmpty { throw ConfigProblem("[\(problems.joined(separator: ", "))]") }
        var tree = try tree(all, volume)
        for token in tokens { tree.postpone(token.content, at: token.path, mode: Self.mode(of: volume)) }
        return tree
    }

    private func request(_ source: JSONValue) -> PodTokenRequest {
        PodTokenRequest(
            pod: pod.name,
            uid: pod.uid,
            serviceAccount: pod.spec.serviceAccountName,
            node: node.name,
            audience: source["audience"]?.string ?? "",
            seconds: source["expirationSeconds"]?.integer ?? 3600
        )
    }

    /// The texts of a ConfigMap or Secret by key; nil when there is none.
    func data(
        _ source: DataSource,
        _ name: String,
        in environment: any WorkerEnvironment
    ) throws(ConfigProblem) -> [String: String]? {
        let key = NamespacedName(namespace: pod.name.namespace, name: name)
        do throws(StatusError) {
            switch source {
            case .configMap:
                guard let object = try environment.configMap(key) else { return nil }
                let binary = object.value["binaryData"]?.stringMap.mapValues(Self.decoded) ?? [:]
                return (object.value["data"]?.stringMap ?? [:]).merging(binary) { first, _ in first }
            case .secret:
                guard let object = try environment.secret(key) else { return nil }
                return object.value["data"]?.stringMap.mapValues(Self.decoded) ?? [:]
            }
        } catch {
            // Kubernetes: pkg/kubelet/util/manager/watch_based_manager.go
            throw ConfigProblem("failed to sync \(source.noun) cache: timed out waiting for the condition")
        }
    }

    /// The text that a value of a Secret stands for.
    private static func decoded(_ value: String) -> String { String(decoding: Base64.bytes(of: value), as: UTF8.self) }

    private func files(
        _ source: DataSource,
        _ reference: JSONValue,
        in environment: any WorkerEnvironment
    ) throws(ConfigProblem) -> [String: String] {
        let name = reference["name"]?.string ?? reference["secretName"]?.string ?? ""
        let isOptional = reference["optional"]?.bool ?? false
        guard let all = try data(source, name, in: environment) else {
            // The bundle of the cluster's certificates is made by a controller of its own, and may come later.
            if isOptional || name == "kube-root-ca.crt" { return [:] }
            throw ConfigProblem("\(source.noun) \"\(name)\" not found")
        }
        guard let items = reference["items"]?.array else { return all }
        var files: [String: String] = [:]
        for item in items {
            let key = item["key"]?.string ?? ""
            if let text = all[key] {
                files[item["path"]?.string ?? key] = text
            } else if !isOptional, name != "kube-root-ca.crt" {
                let what =
                    source == .configMap
                    ? "configmap references non-existent config key" : "references non-existent secret key"
                throw ConfigProblem("\(what): \(key)")
            }
        }
        return files
    }

    private func downwardFiles(_ source: JSONValue, in environment: any WorkerEnvironment) -> [String: String] {
        var files: [String: String] = [:]
        for item in source["items"]?.elements ?? [] {
            guard let path = item["path"]?.string else { continue }
            if let field = item[path: "fieldRef", "fieldPath"]?.string {
                files[path] = downwardText(field) ?? ""
            } else if let reference = item["resourceFieldRef"] {
                files[path] = resourceText(reference, of: nil, in: environment)
            }
        }
        return files
    }

    private func checkHostPath(_ source: JSONValue) throws(ConfigProblem) {
        let path = source["path"]?.string ?? ""
        switch source["type"]?.string ?? "" {
        case "Directory" where !HostFiles.directories.contains(path):
            throw ConfigProblem("hostPath type check failed: \(path) is not a directory")
        case "File" where !HostFiles.files.contains(path):
            throw ConfigProblem("hostPath type check failed: \(path) is not a file")
        case "Socket" where !HostFiles.sockets.contains(path):
            throw ConfigProblem("hostPath type check failed: \(path) is not a socket file")
        case "CharDevice" where !path.hasPrefix("/dev/"):
            throw ConfigProblem("hostPath type check failed: \(path) is not a character device")
        case "BlockDevice" where !path.hasPrefix("/dev/"):
            throw ConfigProblem("hostPath type check failed: \(path) is not a block device")
        default: return
        }
    }
}

/// What a simulated node has on its disk, as far as `hostPath` volumes ask.
enum HostFiles {
    static let directories: Set<String> = [
        "/", "/bin", "/boot", "/dev", "/etc", "/etc/kubernetes", "/etc/ssl", "/etc/ssl/certs", "/home", "/lib", "/mnt",
        "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/share", "/var", "/var/lib",
        "/var/lib/containerd", "/var/lib/kubelet", "/var/log", "/var/log/containers", "/var/log/pods", "/var/run",
        "/var/tmp",
    ]
    static let files: Set<String> = [
        "/etc/hostname", "/etc/hosts", "/etc/localtime", "/etc/machine-id", "/etc/os-release", "/etc/passwd",
        "/etc/resolv.conf", "/etc/timezone",
    ]
    static let sockets: Set<String> = ["/run/containerd/containerd.sock", "/var/run/containerd/containerd.sock"]
}

// SPDX-License-Identifier: Apache-2.0
// Which security standard a namespace asks for, by its labels.

import PodiumCodec
import PodiumMachinery

/// A level and version of the pod security standards.
// Kubernetes: pod-security-admission/api/helpers.go
struct PodSecurityPolicy: Hashable, CustomStringConvertible {
    enum Level: Int, Comparable {
        case privileged
        case baseline
        case restricted

        init?(_ text: String) {
            switch text {
            case "privileged": self = .privileged
            case "baseline": self = .baseline
            case "restricted": self = .restricted
            default: return nil
            }
        }

        static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    var level = Level.privileged
    /// The minor version of Kubernetes 1; nil for the latest.
    var minor: Int?

    /// `restricted:latest`.
    var description: String { "\(level):\(minor.map { "v1.\($0)" } ?? "latest")" }

    private static let prefix = "pod-security.kubernetes.io/"

    /// The policy of `mode` (`enforce`, `warn`) in the labels of a namespace, and what is wrong with the labels.
    static func read(_ mode: String, from labels: JSONValue?) -> (policy: PodSecurityPolicy, errors: [FieldError]) {
        let path = FieldPath("metadata", "labels")
        var policy = PodSecurityPolicy()
        var errors: [FieldError] = []
        let levelKey = prefix + mode
        if let text = labels?[levelKey]?.string {
            if let level = Level(text) {
                policy.level = level
            } else {
                // What cannot be read is taken for the strictest, so that a slip does not open a namespace.
                policy.level = mode == "enforce" ? .restricted : .privileged
                let detail = "must be one of privileged, baseline, restricted"
                errors.append(.invalid(path.key(levelKey), .string(text), detail))
            }
        }
        let versionKey = prefix + mode + "-version"
        if let text = labels?[versionKey]?.string, text != "latest" {
            if text.hasPrefix("v1."), let minor = Int(text.dropFirst(3)), minor >= 0, String(minor) == text.dropFirst(3)
            {
                policy.minor = minor
            } else {
                errors.append(.invalid(path.key(versionKey), .string(text), "must be \"latest\" or \"v1.x\""))
            }
        }
        return (policy, errors)
    }

    /// What is wrong with the labels of a namespace.
    static func errors(in labels: JSONValue?) -> [FieldError] {
        ["enforce", "audit", "warn"].flatMap { read($0, from: labels).errors }
    }
}

/// A finding against a pod.
struct PodSecurityFinding {
    let reason: String
    let detail: String

    /// All findings as one text.
    static func text(_ findings: [PodSecurityFinding]) -> String {
        findings.map { $0.detail.isEmpty ? $0.reason : "\($0.reason) (\($0.detail))" }.joined(separator: ", ")
    }

    /// The reasons alone as one text.
    static func reasons(_ findings: [PodSecurityFinding]) -> String {
        findings.map(\.reason).joined(separator: ", ")
    }
}

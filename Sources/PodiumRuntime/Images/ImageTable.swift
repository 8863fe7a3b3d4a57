// SPDX-License-Identifier: Apache-2.0
// The registry table of a cluster: which images there are, what pulling them takes, and what they run.

package import PodiumCodec
package import PodiumMachinery
package import PodiumPodModel

/// The images of a cluster by rules. A value: whoever holds one sees no later change.
///
/// Of each thing that can be said of an image, the first rule counts that matches its name and says it: first the
/// cluster's own rules, then the standard ones. What no rule says has a default: an image is pulled at once unless its
/// name says that there is no such image, it has 10,000,000 bytes, and nothing is known of what it runs.
package struct ImageTable: Hashable, Sendable {
    /// The limits of a table.
    package enum Limits {
        /// More rules are refused.
        package static let maximumRules = 1000
    }

    /// The cluster's own rules, the first ones to be asked.
    package var rules: [ImageRule] = []
    /// Whether only images that a rule names can be pulled.
    package var isExhaustive: Bool

    /// A table with the standard rules only.
    package init(isExhaustive: Bool = false) { self.isExhaustive = isExhaustive }

    /// Reads `{"rules": […], "unlisted": "ok" | "notFound"}`.
    /// - Parameter isExhaustive: what counts where the document does not say what becomes of unlisted images.
    package init(_ document: JSONValue, isExhaustive: Bool) throws(ImageTableError) {
        var errors: [FieldError] = []
        for (name, value) in document.object ?? [:] where name != "rules" && name != "unlisted" {
            errors.append(.invalid(FieldPath(name), value, "is no member of an image table"))
        }
        self.isExhaustive = isExhaustive
        switch document["unlisted"] {
        case nil: break
        case "ok"?: self.isExhaustive = false
        case "notFound"?: self.isExhaustive = true
        case let other?: errors.append(.notSupported(FieldPath("unlisted"), other, ["ok", "notFound"]))
        }
        let path = FieldPath("rules")
        guard let values = document["rules"]?.array else {
            throw ImageTableError(errors: errors + [.required(path, "must be a list of rules")])
        }
        if values.count > Limits.maximumRules {
            throw ImageTableError(errors: [.tooMany(path, actual: values.count, maximum: Limits.maximumRules)])
        }
        for (index, value) in values.enumerated() {
            if let rule = ImageRule(value, at: path.index(index), &errors) { rules.append(rule) }
        }
        if !errors.isEmpty { throw ImageTableError(errors: errors) }
    }

    /// The document that reads back as this table.
    package var document: JSONValue {
        ["rules": .array(rules.map(\.source)), "unlisted": isExhaustive ? "notFound" : "ok"]
    }

    /// The standard rules as a document of the same form.
    package static var standardDocument: JSONValue { ["rules": .array(StandardImages.rules.map(\.source))] }

    // What is said of an image

    /// Everything that is known of an image.
    package func facts(of reference: ImageReference) -> ImageFacts {
        var facts = ImageFacts()
        for list in [rules, StandardImages.rules] {
            for rule in list where rule.match.matches(reference) { facts.fill(from: rule) }
        }
        if facts.pull == nil {
            facts.pull = ImageAbsence.supply(of: reference) ?? (isExhaustive && !facts.isNamed ? .notFound : nil)
        }
        return facts
    }
}

/// Why a document is no image table.
package struct ImageTableError: Error, Sendable {
    /// Everything that is wrong.
    package var errors: [FieldError]
}

/// What a rule, or all rules together, say of an image.
package struct ImageFacts: Hashable, Sendable {
    package var pull: ImageSupply?
    /// The size in bytes.
    package var size: Int?
    /// `sha256:…`
    package var digest: String?
    package var entryPoint: [String]?
    package var command: [String]?
    package var user: ImageUser?
    package var workingDirectory: String?
    package var environment: [EnvironmentVariable]?
    /// The ports that the image exposes and its server listens on.
    package var ports: [Int]?
    package var stopSignal: Signal?
    /// The code with which the server ends when it is asked to stop.
    package var stopCode: Int?
    /// What its containers do, start by start, where their command is not interpreted.
    package var plan: ContainerPlan?
    package var system: ImageSystem?
    /// Programs that the image has beyond those of its system.
    package var programs: [String]?
    package var need: ImageNeed?
    /// Whether the image is on every node from the start.
    package var isPreloaded: Bool?
    /// Whether a rule names the image, rather than a kind of tags.
    package var isNamed = false

    /// The `imageID` of container statuses, `docker.io/library/busybox@sha256:…`. The digest is the one in the image's
    /// name, that of a rule, or one made from the name.
    package func imageID(of reference: ImageReference) -> String {
        let digest =
            reference.digest ?? digest ?? "sha256:" + SHA256.hexDigest(of: Array(reference.description.utf8))
        return "\(reference.repository)@\(digest)"
    }

    /// Takes from a rule what no rule before it said.
    mutating func fill(from rule: ImageRule) {
        let other = rule.facts
        pull = pull ?? other.pull
        // A command belongs to the entry point that it was written with.
        if entryPoint == nil, let program = other.entryPoint {
            entryPoint = program
            command = command ?? other.command ?? []
        }
        command = command ?? other.command
        user = user ?? other.user
        workingDirectory = workingDirectory ?? other.workingDirectory
        environment = environment ?? other.environment
        ports = ports ?? other.ports
        stopSignal = stopSignal ?? other.stopSignal
        stopCode = stopCode ?? other.stopCode
        plan = plan ?? other.plan
        system = system ?? other.system
        programs = programs ?? other.programs
        need = need ?? other.need
        size = size ?? other.size
        digest = digest ?? other.digest
        isPreloaded = isPreloaded ?? other.isPreloaded
        isNamed = isNamed || rule.match.namesRepositories
    }
}

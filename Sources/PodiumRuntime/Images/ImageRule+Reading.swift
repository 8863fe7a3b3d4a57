// SPDX-License-Identifier: Apache-2.0
// Reads rules of the image table from JSON, and says what is wrong with them.

import PodiumCodec
import PodiumMachinery

extension ImageRule {
    /// The members of a rule. `openapi/podium.yaml` describes them.
    static let members = [
        "match", "pull", "size", "digest", "entrypoint", "cmd", "user", "workingDir", "env", "ports", "stopSignal",
        "stopCode", "plan", "system", "programs", "needs", "preloaded",
    ]

    /// The limits of a rule.
    enum Limits {
        /// Longer lists are refused.
        static let maximumElements = 256
        /// Longer texts are refused.
        static let maximumTextBytes = 16_384
        /// A TiB; no registry gives out more.
        static let maximumSize = 1 << 40
    }

    /// Reads a rule; nil when there are errors.
    init?(_ value: JSONValue, at path: FieldPath, _ errors: inout [FieldError]) {
        var reader = RuleReader(value, at: path)
        guard let match = reader.match() else {
            errors += reader.errors
            return nil
        }
        self.match = match
        source = value
        facts = ImageFacts()
        facts.pull = reader.supply()
        facts.size = reader.number("size", in: 0...Limits.maximumSize)
        facts.digest = reader.digest()
        facts.entryPoint = reader.texts("entrypoint")
        facts.command = reader.texts("cmd")
        facts.user = reader.user()
        facts.workingDirectory = reader.directory()
        facts.environment = reader.environment()
        facts.ports = reader.ports()
        facts.stopSignal = reader.signal()
        facts.stopCode = reader.number("stopCode", in: 0...255)
        facts.plan = reader.plan()
        facts.system = reader.system()
        facts.programs = reader.texts("programs")
        facts.need = reader.need()
        facts.isPreloaded = reader.flag("preloaded")
        errors += reader.errors
        if !reader.errors.isEmpty { return nil }
    }
}

/// Reads the members of one rule and gathers what is wrong.
private struct RuleReader {
    let value: JSONValue
    let path: FieldPath
    private(set) var errors: [FieldError] = []

    init(_ value: JSONValue, at path: FieldPath) {
        self.value = value
        self.path = path
        guard let members = value.object else {
            errors.append(.invalid(path, value, "must be an object"))
            return
        }
        for (name, _) in members where !ImageRule.members.contains(name) {
            errors.append(.invalid(path.child(name), .string(name), "is no member of a rule"))
        }
    }

    private mutating func fail(_ name: String, _ detail: String) {
        errors.append(.invalid(path.child(name), value[name] ?? .null, detail))
    }

    mutating func match() -> ImagePattern? {
        guard let text = value["match"]?.string else {
            if errors.isEmpty { errors.append(.required(path.child("match"))) }
            return nil
        }
        do throws(ImagePatternError) {
            return try ImagePattern(parsing: text)
        } catch {
            fail("match", error.detail)
            return nil
        }
    }

    mutating func supply() -> ImageSupply? {
        guard let pull = value["pull"] else { return nil }
        switch pull.string {
        case "ok": return .pulled(takes: nil)
        case "notFound": return .notFound
        case "denied": return .denied
        case "unreachable": return .unreachable
        default: break
        }
        if let members = pull.object, members.count == 1, let text = pull["takes"]?.string {
            if let length = try? GoDuration.parse(text), length >= .zero, length <= PlanParser.maximumDuration {
                return .pulled(takes: length)
            }
            fail("pull", "takes is a duration such as 20s or 1m30s")
        } else {
            fail("pull", "must be ok, notFound, denied, unreachable, or {\"takes\": \"20s\"}")
        }
        return nil
    }

    mutating func number(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let member = value[name] else { return nil }
        if let number = member.int, range.contains(number) { return number }
        fail(name, "must be a whole number between \(range.lowerBound) and \(range.upperBound)")
        return nil
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let member = value[name] else { return nil }
        if member.bool == nil { fail(name, "must be true or false") }
        return member.bool
    }

    mutating func texts(_ name: String) -> [String]? {
        guard let member = value[name] else { return nil }
        let texts = member.elements.compactMap(\.string)
        let bytes = texts.reduce(0) { $0 + $1.utf8.count }
        guard let elements = member.array, elements.count == texts.count,
            elements.count <= ImageRule.Limits.maximumElements, bytes <= ImageRule.Limits.maximumTextBytes
        else {
            fail(
                name,
                "must be a list of at most \(ImageRule.Limits.maximumElements) texts with at most "
                    + "\(ImageRule.Limits.maximumTextBytes) bytes"
            )
            return nil
        }
        return texts
    }

    mutating func digest() -> String? {
        guard let member = value["digest"] else { return nil }
        let text = member.string ?? ""
        if text.hasPrefix("sha256:"), text.utf8.count == 71, text.utf8.dropFirst(7).allSatisfy(\.isLowerHexDigit) {
            return text
        }
        fail("digest", "must be sha256: and 64 hexadecimal digits")
        return nil
    }

    mutating func user() -> ImageUser? {
        guard let member = value["user"] else { return nil }
        if let number = member.int, (0...Int(Int32.max)).contains(number) {
            return ImageUser(name: String(number), number: number, group: number == 0 ? 0 : number)
        }
        // NAME, UID or either with the number behind a colon: `nobody:65534`, `1001:0`.
        let parts = (member.string ?? "").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, !name.isEmpty, parts.count <= 2, name.utf8.count <= 64,
            parts.count == 1 || Int(parts[1]).map({ $0 >= 0 && $0 <= Int(Int32.max) }) == true
        else {
            fail("user", "must be a number, UID:GID, or NAME:UID")
            return nil
        }
        let second = parts.count == 2 ? Int(parts[1]) : nil
        if let number = Int(name) { return ImageUser(name: name, number: number, group: second ?? number) }
        let number = second ?? 1000
        return ImageUser(name: name, number: number, group: number)
    }

    mutating func directory() -> String? {
        guard let member = value["workingDir"] else { return nil }
        if let text = member.string, text.hasPrefix("/"), text.utf8.count <= 4096 { return text }
        fail("workingDir", "must be an absolute path of at most 4096 bytes")
        return nil
    }

    mutating func environment() -> [EnvironmentVariable]? {
        guard let member = value["env"] else { return nil }
        guard let members = member.object, members.count <= ImageRule.Limits.maximumElements,
            members.allSatisfy({ !$0.key.isEmpty && !$0.key.contains("=") && $0.value.string != nil })
        else {
            fail("env", "must be an object of at most \(ImageRule.Limits.maximumElements) texts by name")
            return nil
        }
        return members.map { EnvironmentVariable($0.key, $0.value.string ?? "") }
    }

    mutating func ports() -> [Int]? {
        guard let member = value["ports"] else { return nil }
        let ports = member.elements.compactMap(\.int).filter { (1...65_535).contains($0) }
        if let elements = member.array, elements.count == ports.count, ports.count <= ImageRule.Limits.maximumElements {
            return ports
        }
        fail("ports", "must be a list of at most \(ImageRule.Limits.maximumElements) numbers between 1 and 65535")
        return nil
    }

    mutating func signal() -> Signal? {
        guard let member = value["stopSignal"] else { return nil }
        if let signal = member.string.flatMap({ Signal(name: $0) }) { return signal }
        fail("stopSignal", "must be the name of a signal, as SIGQUIT")
        return nil
    }

    mutating func plan() -> ContainerPlan? {
        guard let member = value["plan"] else { return nil }
        guard let text = member.string else {
            fail("plan", "must be a text")
            return nil
        }
        do throws(PlanError) {
            let plan = try ContainerPlan(parsing: text)
            if !plan.steps.contains(where: { $0.attempt.pull != nil || $0.attempt.pullFailure != nil }) { return plan }
            fail("plan", "what pulling comes to is said by pull")
        } catch {
            fail("plan", error.message)
        }
        return nil
    }

    mutating func system() -> ImageSystem? {
        guard let member = value["system"] else { return nil }
        if let system = member.string.flatMap(ImageSystem.init) { return system }
        errors.append(.notSupported(path.child("system"), member, ImageSystem.allCases.map(\.rawValue)))
        return nil
    }

    mutating func need() -> ImageNeed? {
        guard let member = value["needs"] else { return nil }
        let names = (member["anyOf"]?.elements ?? []).compactMap(\.string)
        guard !names.isEmpty, names.count <= ImageRule.Limits.maximumElements, let message = member["message"]?.string,
            message.utf8.count <= ImageRule.Limits.maximumTextBytes
        else {
            fail("needs", "must have anyOf, a list of names of variables, and message, a text")
            return nil
        }
        return ImageNeed(anyOf: names, unless: member["unless"]?.string, message: message)
    }
}

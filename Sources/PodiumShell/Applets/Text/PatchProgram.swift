// SPDX-License-Identifier: Apache-2.0
// patch: applies the hunks of a unified difference.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// `patch`.
struct PatchProgram: Program {
    /// What is read of a patch.
    private static let maximumBytes = 4 << 20

    private let options: AppletOptions
    private var input: [UInt8]?
    private var bytes: [UInt8] = []
    private var code = 0

    init(words: [String]) { options = AppletOptions(words, valued: "pidF") }

    var heldBytes: Int { bytes.count + (input?.count ?? 0) }

    mutating func run(_ machine: inout Machine) -> Progress {
        if let path = options["i"] ?? options.words.dropFirst().first {
            do {
                input = try machine.contents(path)
            } catch {
                return .exited(Applets.fail(&machine, "patch", "can't open '\(path)'", error))
            }
        }
        while input == nil {
            switch machine.read(0) {
            case .wait(let wait): return .blocked(wait)
            case .bytes(let more): bytes += more.prefix(Self.maximumBytes - bytes.count)
            case .end, .failed: input = bytes
            }
        }
        if (input ?? []).count(where: { $0 == 0x0A }) > Whole.maximumParts { return .exited(machine.refuseMemory()) }
        let lines = Applets.lines(of: input ?? [])
        machine.charge(bytes: 4 * (input?.count ?? 0))
        var index = 0
        while index + 1 < lines.count {
            guard lines[index].starts(with: "--- ".utf8), lines[index + 1].starts(with: "+++ ".utf8) else {
                index += 1
                continue
            }
            let names = (lines[index], lines[index + 1])
            index += 2
            let hunks = Self.hunks(lines, &index)
            apply(hunks, names, &machine)
        }
        return .exited(code)
    }

    private struct Hunk {
        var start: Int
        var old: [[UInt8]] = []
        var new: [[UInt8]] = []
    }

    private static func hunks(_ lines: [[UInt8]], _ index: inout Int) -> [Hunk] {
        var hunks: [Hunk] = []
        while index < lines.count, lines[index].starts(with: "@@ -".utf8) {
            let digits = lines[index].dropFirst(4).prefix(while: \.isDigit)
            var hunk = Hunk(start: max(0, min(Int(digits.text) ?? 1, lines.count + maximumBytes) - 1))
            index += 1
            while index < lines.count, case let mark = lines[index].first ?? 0x20, " +-\\".utf8.contains(mark),
                !lines[index].starts(with: "--- ".utf8)
            {
                let line = Array(lines[index].dropFirst())
                if mark == 0x20 || mark == UInt8(ascii: "-") { hunk.old.append(line) }
                if mark == 0x20 || mark == UInt8(ascii: "+") { hunk.new.append(line) }
                index += 1
            }
            hunks.append(hunk)
        }
        return hunks
    }

    private func name(_ line: [UInt8]) -> String {
        let text = line.dropFirst(4).prefix { $0 != 0x09 }.text
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if let count = options["p"].flatMap({ Int($0) }) {
            return parts.dropFirst(max(0, min(count, parts.count - 1))).joined(separator: "/")
        }
        return parts.last.map(String.init) ?? text
    }

    private mutating func apply(_ hunks: [Hunk], _ names: ([UInt8], [UInt8]), _ machine: inout Machine) {
        let isReversed = options.has("R")
        var path = options.words.first ?? name(isReversed ? names.0 : names.1)
        if options.words.isEmpty, machine.node(path) == nil, machine.node(name(names.0)) != nil { path = name(names.0) }
        machine.print("\(machine.node(path) == nil ? "creating" : "patching file") \(path)\n")
        let present = (try? machine.contents(path)) ?? []
        if present.count(where: { $0 == 0x0A }) > Whole.maximumParts {
            code = machine.refuseMemory()
            return
        }
        machine.charge(bytes: 4 * present.count)
        var text = Applets.lines(of: present)
        var shift = 0
        for (number, hunk) in hunks.enumerated() {
            let (old, new) = isReversed ? (hunk.new, hunk.old) : (hunk.old, hunk.new)
            guard let place = Self.find(old, in: text, near: hunk.start + shift) else {
                machine.complain("Hunk \(number + 1) FAILED \(number + 1)/\(hunks.count).")
                code = 1
                return
            }
            text.replaceSubrange(place..<place + old.count, with: new)
            shift += new.count - old.count
        }
        guard options["dry-run"] == nil else { return }
        let bytes: [UInt8] = text.flatMap { line -> [UInt8] in line + [0x0A] }
        let result = Applets.attempt(&machine, "patch", "can't open '\(path)'") { machine throws(Errno) in
            try machine.replace(path, with: bytes)
        }
        code = max(code, result)
    }

    /// The place nearest to the expected one at which the old lines stand.
    private static func find(_ old: [[UInt8]], in text: [[UInt8]], near start: Int) -> Int? {
        guard old.count <= text.count else { return nil }
        let last = text.count - old.count
        let start = min(max(0, start), last)
        for distance in 0...last {
            for place in distance == 0 ? [start] : [start - distance, start + distance]
            where (0...last).contains(place) && Array(text[place..<place + old.count]) == old { return place }
        }
        return nil
    }
}

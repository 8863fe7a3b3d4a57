// SPDX-License-Identifier: Apache-2.0
// cmp, and how it and diff read what they compare.

import PodiumMachinery

/// What programs that compare two files read of streams: standard input, and pipes that are known by a path.
struct ComparedInputs: Sendable {
    private var contents: [String: GatheredInput] = [:]

    /// The bytes that are kept.
    var count: Int { contents.values.reduce(0) { $0 + $1.bytes.count } }

    /// Whether a path stands for a descriptor.
    static func isStream(_ path: String) -> Bool { descriptor(path) != nil }

    private static func descriptor(_ path: String) -> Int? {
        if path == "-" || path == "/dev/stdin" { return 0 }
        return path.hasPrefix("/dev/fd/") ? Int(path.dropFirst("/dev/fd/".utf8.count)) : nil
    }

    /// Reads what a turn allows; why it cannot go on, nil when all streams are read.
    mutating func read(_ paths: [String], _ machine: inout Machine) -> Progress? {
        for path in paths {
            guard let descriptor = Self.descriptor(path) else { continue }
            if let progress = contents[path, default: GatheredInput()].read(descriptor, &machine) { return progress }
        }
        return nil
    }

    /// What a path holds.
    func bytes(_ path: String, _ machine: Machine) throws(Errno) -> [UInt8] {
        if Self.isStream(path) { return contents[path]?.bytes ?? [] }
        return try machine.contents(path)
    }
}

/// `cmp`.
struct CompareBytesProgram: Program {
    private let options: AppletOptions
    private var inputs = ComparedInputs()

    init(words: [String]) { options = AppletOptions(words, valued: "n") }

    var heldBytes: Int { inputs.count }

    mutating func run(_ machine: inout Machine) -> Progress {
        guard let first = options.words.first else {
            return .exited(Applets.usage(&machine, "cmp") + (machine.isGNU ? 1 : 0))
        }
        let paths = [first, options.words.dropFirst().first ?? "-"]
        if let progress = inputs.read(paths, &machine) { return progress }
        return .exited(compare(paths, &machine))
    }

    private func compare(_ paths: [String], _ machine: inout Machine) -> Int {
        let limit = options["n"].flatMap { Applets.size($0) } ?? .max
        let skips = options.words.dropFirst(2).map { Applets.size($0) ?? 0 } + [0, 0]
        var sides: [ArraySlice<UInt8>] = []
        for (path, skip) in zip(paths, skips) {
            do throws(Errno) {
                sides.append(try inputs.bytes(path, machine).dropFirst(skip).prefix(limit))
            } catch {
                let busybox = error == .isDirectory ? "\(path): I/O error" : "can't open '\(path)': \(error.text)"
                let text = machine.isGNU ? "\(path): \(error.text)" : busybox
                return Applets.fail(&machine, "cmp", text) + 1
            }
        }
        let (old, new) = (sides[0], sides[1])
        machine.charge(bytes: old.count)
        if old == new { return 0 }
        if options.has("s") { return 1 }
        var line = 1
        var output = ""
        for (index, (left, right)) in zip(old, new).enumerated() {
            if left != right {
                guard options.has("l") else {
                    machine.print("\(paths[0]) \(paths[1]) differ: char \(index + 1), line \(line)\n")
                    return 1
                }
                let values = [left, right].map { PrintFormatter.padded(String($0, radix: 8), 3, left: false) }
                output += "\(PrintFormatter.padded(String(index + 1), 4, left: false)) \(values[0]) \(values[1])\n"
            }
            if left == 0x0A { line += 1 }
        }
        machine.print(output)
        if old.count != new.count {
            let (shorter, count) = old.count < new.count ? (paths[0], old.count) : (paths[1], new.count)
            let place = machine.isGNU ? count == 0 ? " which is empty" : " after byte \(count)" : ""
            machine.complain("cmp: EOF on \(shorter)\(place)")
        }
        return 1
    }
}

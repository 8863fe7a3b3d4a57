// SPDX-License-Identifier: Apache-2.0
// What cat, rev and wc do with their input.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// Writes everything on.
struct Copying: StreamProcessor {
    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        machine.write(bytes, to: 1)
        return nil
    }
}

/// Writes a changed form of each line.
struct MappedLines: LineProcessor {
    let change: @Sendable ([UInt8]) -> [UInt8]

    init(_ change: @escaping @Sendable ([UInt8]) -> [UInt8]) { self.change = change }

    mutating func line(_ line: [UInt8], isWhole: Bool, _ machine: inout Machine) -> Int? {
        machine.write(change(line) + (isWhole ? [0x0A] : []), to: 1)
        return nil
    }
}

/// `wc`.
struct CountProcessor: StreamProcessor {
    static let tables = OptionTables(
        "wc",
        busybox: OptionTable(letters: "lwcmL"),
        gnu: OptionTable(
            letters: "clLmw",
            long: ["bytes": "c", "chars": "m", "lines": "l", "words": "w", "max-line-length": "L"]
        )
    )

    private let options: AppletOptions
    /// What `wc` counts.
    private struct Counts {
        var lines = 0
        var words = 0
        var bytes = 0
        var longest = 0
    }

    /// The width of columns when nobody knows how large numbers become.
    private static let unknownWidth = 7

    private var counts = Counts()
    private var total = Counts()
    private var column = 0
    private var isInWord = false
    private var files = 0

    init(_ options: AppletOptions) { self.options = options }

    var openFault: String { "%" }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        counts.bytes += bytes.count
        for unit in bytes {
            if unit == 0x0A {
                counts.lines += 1
                column = 0
            } else {
                column = unit == 0x09 ? (column / 8 + 1) * 8 : column + 1
                counts.longest = max(counts.longest, column)
            }
            if unit.isBlank {
                isInWord = false
            } else if !isInWord {
                isInWord = true
                counts.words += 1
            }
        }
        return nil
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        show(counts, name == "-" ? "" : name, &machine)
        total.lines += counts.lines
        total.words += counts.words
        total.bytes += counts.bytes
        total.longest = max(total.longest, counts.longest)
        counts = Counts()
        column = 0
        isInWord = false
        files += 1
        return nil
    }

    /// The width of columns: that of GNU is that of the largest number there can be.
    private func width(_ machine: Machine) -> Int {
        if machine.hasBusybox { return 9 }
        var size = 0
        for name in options.words.isEmpty ? ["-"] : options.words {
            guard let node = name == "-" ? machine.fileOfInput : machine.node(name) else {
                if name == "-" { return Self.unknownWidth }
                continue
            }
            if node.kind != .file { return Self.unknownWidth }
            size += node.content.size
        }
        return String(size).utf8.count
    }

    private func show(_ counts: Counts, _ name: String, _ machine: inout Machine) {
        let isPlain = options.flags.isEmpty
        var columns: [Int] = []
        if isPlain || options.has("l") { columns.append(counts.lines) }
        if isPlain || options.has("w") { columns.append(counts.words) }
        if options.has("m") { columns.append(counts.bytes) }
        if isPlain || options.has("c") { columns.append(counts.bytes) }
        if options.has("L") { columns.append(counts.longest) }
        let width = columns.count == 1 && options.words.count < 2 ? 1 : width(machine)
        var text = columns.map { PrintFormatter.padded(String($0), width, left: false) }.joined(separator: " ")
        if !name.isEmpty { text += " " + name }
        machine.print(text + "\n")
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        if files > 0, options.words.count > 1 { show(total, "total", &machine) }
        return code
    }
}

extension Machine {
    /// The file that standard input is; nil when it is none.
    fileprivate var fileOfInput: FileNode? {
        guard let number = process.files[0], case .file(let location)? = kernel.openFiles[number]?.target else {
            return nil
        }
        return kernel.node(at: location)
    }
}

// SPDX-License-Identifier: Apache-2.0
// head: the beginning of files, by lines or bytes, or all but their end.

import PodiumMachinery

extension Applets {
    /// `head`.
    static func head(_ words: [String]) -> any Program {
        var words = words
        // `head -5` is `head -n 5`.
        if words.count > 1, words[1].hasPrefix("-"), words[1].dropFirst().first?.isNumber == true {
            words[1] = "-n" + words[1].dropFirst()
        }
        let options = AppletOptions(words, valued: "nc")
        let text = options["c"] ?? options["n"] ?? options["lines"] ?? "10"
        let isRest = text.hasPrefix("-")
        guard let count = size(String(text.drop { $0 == "-" || $0 == "+" })) else {
            return ImmediateProgram(
                applet: { machine, _ in fail(&machine, "head", "invalid number '\(text)'") },
                words: words
            )
        }
        let processor = HeadProcessor(
            count: count,
            countsBytes: options["c"] != nil,
            isRest: isRest,
            showsNames: options.has("v") || options.words.count > 1 && !options.has("q"),
            isAlone: options.words.count < 2
        )
        return StreamProgram("head", inputs: options.words, processor)
    }
}

/// `head`.
struct HeadProcessor: StreamProcessor {
    /// What is held back at most of a file whose end is left out.
    private static let maximumHeldBytes = 16 << 20

    let count: Int
    let countsBytes: Bool
    /// Whether it is the end that is left out.
    let isRest: Bool
    let showsNames: Bool
    /// Whether nothing follows that would have to be read.
    let isAlone: Bool
    private var left = 0
    private var held: [UInt8] = []
    private var files = 0

    init(count: Int, countsBytes: Bool, isRest: Bool, showsNames: Bool, isAlone: Bool) {
        self.count = count
        self.countsBytes = countsBytes
        self.isRest = isRest
        self.showsNames = showsNames
        self.isAlone = isAlone
    }

    var openFault: String { "%" }

    mutating func begin(_ name: String, _ machine: inout Machine) {
        left = count
        held = []
        if showsNames {
            machine.print("\(files > 0 ? "\n" : "")==> \(name == "-" ? "standard input" : name) <==\n")
        }
        files += 1
    }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        if isRest {
            held += bytes.prefix(Self.maximumHeldBytes - held.count)
            return nil
        }
        var end = 0
        if countsBytes {
            end = min(left, bytes.count)
            left -= end
        } else {
            while left > 0, end < bytes.count {
                guard let newline = bytes[end...].firstIndex(of: 0x0A) else {
                    end = bytes.count
                    break
                }
                end = newline + 1
                left -= 1
            }
        }
        if end > 0 { machine.write(Array(bytes[..<end]), to: 1) }
        return left == 0 && isAlone ? 0 : nil
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        guard isRest else { return nil }
        var end = held.count
        if countsBytes {
            end = max(0, end - count)
        } else {
            var lines = count
            if held.last != 0x0A, lines > 0, end > 0 {
                end = (held.lastIndex(of: 0x0A) ?? -1) + 1
                lines -= 1
            }
            while lines > 0, end > 0 {
                end = (held[..<(end - 1)].lastIndex(of: 0x0A) ?? -1) + 1
                lines -= 1
            }
        }
        if end > 0 { machine.write(Array(held[..<end]), to: 1) }
        held = []
        return nil
    }
}

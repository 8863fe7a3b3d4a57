// SPDX-License-Identifier: Apache-2.0
// sort: gathers lines and puts them in order.

import PodiumMachinery

extension Applets {
    /// `sort`.
    static func sort(_ words: [String]) -> any Program {
        let options = AppletOptions(words, valued: "ktoST")
        let keys = (options.lists["k"] ?? []).map { SortKey($0) }
        guard let first = keys.firstIndex(where: { $0 == nil }) else {
            return StreamProgram(
                "sort",
                inputs: options.words,
                SortProcessor(options, keys.compactMap { $0 }),
                missingCode: 2
            )
        }
        let text = options.lists["k"]?[first] ?? ""
        return ImmediateProgram(applet: { machine, _ in fail(&machine, "sort", "bad -k '\(text)'") }, words: words)
    }
}

/// `sort`.
struct SortProcessor: StreamProcessor {
    /// What is kept of the input; more of it is left out.
    private static let maximumBytes = 4 << 20

    private let keys: [SortKey]
    private var order = SortOrder()
    private let separator: UInt8?
    private let end: UInt8
    private let isUnique: Bool
    private let isStable: Bool
    private let isCheck: Bool
    private let isSilent: Bool
    private let path: String?
    private var bytes: [UInt8] = []

    init(_ options: AppletOptions, _ keys: [SortKey]) {
        self.keys = keys
        for letter in options.flags { _ = order.take(letter) }
        separator = options["t"].flatMap { $0 == "\\0" ? 0 : $0.utf8.first }
        end = options.has("z") ? 0 : 0x0A
        isUnique = options.has("u")
        isStable = options.has("s")
        isCheck = options.has("c") || options.has("C")
        isSilent = options.has("C")
        path = options["o"]
    }

    var openFault: String { "%" }

    var heldBytes: Int { bytes.count }

    mutating func take(_ new: [UInt8], _ machine: inout Machine) -> Int? {
        bytes += new.prefix(Self.maximumBytes - bytes.count)
        return nil
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        // Files are lines each, even when the last one has no end.
        if let last = bytes.last, last != end { bytes.append(end) }
        return nil
    }

    /// Compares two lines by the keys alone.
    private func compareKeys(_ first: [UInt8], _ second: [UInt8]) -> Int {
        if keys.isEmpty {
            let place = { (line: [UInt8]) in order.skipsBlanks ? line[...].drop(while: \.isBlank) : line[...] }
            let result = order.compare(place(first), place(second))
            return order.isReversed ? -result : result
        }
        for key in keys {
            let order = key.order.isSet ? key.order : order
            let result = order.compare(key.part(of: first, separator, order), key.part(of: second, separator, order))
            if result != 0 { return order.isReversed ? -result : result }
        }
        return 0
    }

    private func compare(_ first: [UInt8], _ second: [UInt8]) -> Int {
        let result = compareKeys(first, second)
        if result != 0 || isStable || isUnique { return result }
        // What the keys leave open the whole lines decide.
        let last = SortOrder.order(first[...], second[...])
        return order.isReversed ? -last : last
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        if code != 0 { return code }
        var lines = bytes.split(separator: end, omittingEmptySubsequences: false).map { Array($0) }
        if lines.last?.isEmpty == true { lines.removeLast() }
        // Each line is compared with as many others as its number has digits in binary.
        machine.charge(
            bytes: (bytes.count + 32 * lines.count) * (lines.count.bitWidth - lines.count.leadingZeroBitCount)
        )
        bytes = []
        if isCheck { return check(lines, &machine) }
        // A sort that keeps equal lines in their order.
        let order = lines.indices.sorted { first, second in
            let result = compare(lines[first], lines[second])
            return result == 0 ? first < second : result < 0
        }
        var output: [UInt8] = []
        var last: [UInt8]?
        for index in order {
            let line = lines[index]
            if isUnique, let last, compareKeys(last, line) == 0 { continue }
            last = line
            output += line + [end]
        }
        if let path {
            return Applets.attempt(&machine, "sort", path) { machine throws(Errno) in
                try machine.replace(path, with: output)
            }
        }
        if !output.isEmpty { machine.write(output, to: 1) }
        return 0
    }

    private func check(_ lines: [[UInt8]], _ machine: inout Machine) -> Int {
        for index in lines.indices.dropFirst() {
            let result = compare(lines[index - 1], lines[index])
            guard result > 0 || isUnique && result == 0 else { continue }
            if !isSilent { machine.complain("sort: Check line \(index + 1)") }
            return 1
        }
        return 0
    }
}

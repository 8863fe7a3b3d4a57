// SPDX-License-Identifier: Apache-2.0
// sort: gathers lines and puts them in order.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// `sort`.
struct SortProcessor: StreamProcessor {
    /// A Greek letter has a long name only.
    static let tables = OptionTables(
        "sort",
        busybox: OptionTable(letters: "ngMucszbrdfihmVS:T:o:k:t:"),
        gnu: OptionTable(
            letters: "bcCdfghik:mMno:rRsS:t:T:uVy:zχ::σ:π:ρ:",
            long: [
                "ignore-leading-blanks": "b", "dictionary-order": "d", "ignore-case": "f", "general-numeric-sort": "g",
                "ignore-nonprinting": "i", "month-sort": "M", "human-numeric-sort": "h", "numeric-sort": "n",
                "random-sort": "R", "reverse": "r", "sort": "σ", "version-sort": "V", "check": "χ", "key": "k",
                "merge": "m", "output": "o", "stable": "s", "buffer-size": "S", "field-separator": "t",
                "temporary-directory": "T", "parallel": "π", "unique": "u", "zero-terminated": "z",
                "batch-size": "π", "random-source": "ρ", "compress-program": "ρ",
            ]
        ),
        code: 2,
        busyboxCode: 2
    )
    /// What is kept of a line beside its bytes: where it begins, and its place.
    private static let bytesPerLine = 16
    /// The lines that are merged and the bytes that are written between two looks at the clock.
    private static let linesPerStep = 128
    private static let pieceBytes = 8 << 10

    private let comparison: SortComparison
    private let end: UInt8
    private let isUnique: Bool
    private let isCheck: Bool
    private let isSilent: Bool
    private let path: String?
    private var name = "-"
    private var bytes: [UInt8] = []
    private var lineCount = 0
    private var starts: [Int32] = []
    private var sorter: MergeSorter?
    private var shown = 0
    private var last: Int?
    private var output: [UInt8] = []

    /// A processor as the options ask for it.
    init(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        var keys: [SortKey] = []
        for text in options.lists["k"] ?? [] {
            do throws(SortKeyFault) {
                keys.append(try SortKey(text))
            } catch {
                throw Self.tables.fault(&machine, gnu: error.gnu, busybox: error.busybox)
            }
        }
        var order = SortOrder()
        for letter in options.flags { _ = order.take(letter) }
        if let word = options["σ"] {
            let letters: [String: Character] = [
                "general-numeric": "g", "human-numeric": "h", "month": "M", "numeric": "n", "random": "R",
                "version": "V",
            ]
            guard let letter = letters.first(where: { $0.key.hasPrefix(word) })?.value else {
                throw Self.tables.refusal(&machine, "invalid argument '\(word)' for '--sort'")
            }
            _ = order.take(letter)
        }
        var separator: UInt8?
        if let text = options["t"] {
            if text.isEmpty { throw Self.tables.fault(&machine, gnu: "empty tab", busybox: "bad -t parameter") }
            let isZero = text == "\\0" && machine.isGNU
            guard isZero || text.utf8.count == 1 else {
                throw Self.tables.fault(&machine, gnu: "multi-character tab '\(text)'", busybox: "bad -t parameter")
            }
            separator = isZero ? 0 : text.utf8.first
        }
        isUnique = options.has("u")
        end = options.has("z") ? 0 : 0x0A
        isSilent = options.has("C") || ["quiet", "silent"].contains(options["χ"])
        isCheck = options.has("c") || options.has("C") || options["χ"] != nil
        path = options["o"]
        // busybox puts lines of equal keys in order before it leaves out all but the first.
        let keepsOrder = options.has("s") || isUnique && machine.isGNU
        comparison = SortComparison(keys: keys, order: order, separator: separator, keepsOrder: keepsOrder)
        if machine.isGNU, isCheck, options.words.count > 1 {
            let letter = options.has("C") ? "C" : "c"
            let text = "extra operand '\(options.words[1])' not allowed with -\(letter)"
            throw Self.tables.fault(&machine, gnu: text, busybox: "")
        }
        try Self.check(options.words, &machine)
    }

    /// Nothing is sorted when some input cannot be read.
    private static func check(_ inputs: [String], _ machine: inout Machine) throws(OptionRefusal) {
        for input in inputs where !ComparedInputs.isStream(input) {
            do throws(Errno) {
                let isDirectory = try machine.status(of: input).kind == .directory
                if isDirectory, machine.isGNU { throw Errno.isDirectory }
            } catch {
                let isDirectory = error == .isDirectory && machine.node(input) != nil
                let reading = isDirectory ? InputFault.reading("sort", input, error, isGNU: true) : nil
                let opening = InputFault.gnuOpening("sort").replacing("%", with: input) + ": " + error.text
                throw tables.fault(&machine, gnu: reading ?? opening, busybox: "\(input): \(error.text)")
            }
        }
    }

    var openFault: String { "%" }

    var heldBytes: Int { bytes.count + lineCount * Self.bytesPerLine + output.count }

    mutating func begin(_ name: String, _ machine: inout Machine) { self.name = name }

    mutating func take(_ new: [UInt8], _ machine: inout Machine) -> Int? {
        if bytes.count + new.count > Whole.maximumBytes { return machine.refuseMemory() }
        bytes += new
        lineCount += new.count { $0 == end }
        return nil
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        // Files are lines each, even when the last one has no end.
        if let last = bytes.last, last != end {
            bytes.append(end)
            lineCount += 1
        }
        return nil
    }

    /// A line without its end.
    private func line(_ index: Int) -> ArraySlice<UInt8> {
        let next = index + 1 < starts.count ? Int(starts[index + 1]) : bytes.count
        return bytes[Int(starts[index])..<(next - 1)]
    }

    mutating func conclude(_ machine: inout Machine) -> Int? {
        machine.charge(bytes: bytes.count)
        starts.reserveCapacity(lineCount)
        var start = 0
        while start < bytes.count, let index = bytes[start...].firstIndex(of: end) {
            starts.append(Int32(start))
            start = index + 1
        }
        sorter = MergeSorter(count: starts.count)
        return nil
    }

    var isBusy: Bool { sorter != nil }

    mutating func goOn(_ machine: inout Machine) -> Int? {
        if isCheck { return check(&machine) }
        if var sorter, !sorter.isDone {
            // Moved out and back, so that it is not copied while lines are looked at.
            self.sorter = nil
            let (meter, comparison) = (machine.meter, comparison)
            sorter.step(Self.linesPerStep) { first, second in
                let (left, right) = (line(first), line(second))
                meter.charge(bytes: comparison.cost(left, right))
                return comparison.compare(left, right)
            }
            self.sorter = sorter
            return nil
        }
        return show(&machine)
    }

    private mutating func show(_ machine: inout Machine) -> Int? {
        guard let items = sorter?.items else { return nil }
        let limit = output.count + Self.pieceBytes
        while shown < items.count, output.count < limit {
            let index = Int(items[shown])
            shown += 1
            if isUnique, let last, comparison.compareKeys(line(last), line(index)) == 0 { continue }
            last = index
            output += line(index)
            output.append(end)
        }
        machine.charge(bytes: Self.pieceBytes)
        if path == nil, !output.isEmpty {
            machine.write(output, to: 1)
            output = []
        }
        if shown == items.count { sorter = nil }
        return nil
    }

    private mutating func check(_ machine: inout Machine) -> Int? {
        let limit = min(starts.count, shown + Self.linesPerStep)
        while shown + 1 < limit {
            let (first, second) = (line(shown), line(shown + 1))
            machine.charge(bytes: comparison.cost(first, second))
            let result = comparison.compare(first, second)
            shown += 1
            guard result > 0 || isUnique && result == 0 else { continue }
            if isSilent { return 1 }
            let text =
                machine.isGNU ? "sort: \(name):\(shown + 1): disorder: \(Array(second).text)" : "Check line \(shown)"
            machine.complain(text)
            return 1
        }
        if shown + 1 >= starts.count { sorter = nil }
        return nil
    }

    mutating func finish(_ code: Int, _ machine: inout Machine) -> Int {
        guard let path, code == 0, !isCheck else { return code }
        do throws(Errno) {
            try machine.replace(path, with: output)
            return 0
        } catch {
            let text = machine.isGNU ? "open failed: \(path)" : "can't open '\(path)'"
            return Applets.fail(&machine, "sort", text, error) + 1
        }
    }
}

/// Puts the numbers below some count in order, step by step; those that are equal stay as they were.
struct MergeSorter: Sendable {
    private(set) var items: [Int32]
    private var merged: [Int32] = []
    /// The length of the runs that are in order, and where the two begin that are being merged.
    private var width = 1
    private var start = 0
    private var left = 0
    private var right = 1

    init(count: Int) { items = (0..<Int32(count)).map { $0 } }

    var isDone: Bool { width >= items.count }

    /// Merges about so many numbers. `compare` is below zero, zero or above it.
    mutating func step(_ limit: Int, _ compare: (Int, Int) -> Int) {
        var count = 0
        while count < limit, !isDone {
            let middle = min(items.count, start + width)
            let end = min(items.count, start + 2 * width)
            while count < limit, left < middle || right < end {
                let takesRight =
                    left == middle || right < end && compare(Int(items[right]), Int(items[left])) < 0
                merged.append(items[takesRight ? right : left])
                if takesRight { right += 1 } else { left += 1 }
                count += 1
            }
            guard left == middle, right == end else { return }
            start = end
            if start == items.count {
                swap(&items, &merged)
                merged.removeAll(keepingCapacity: true)
                width *= 2
                start = 0
            }
            left = start
            right = min(items.count, start + width)
        }
    }
}

/// How `sort` compares lines.
struct SortComparison: Sendable {
    let keys: [SortKey]
    let order: SortOrder
    let separator: UInt8?
    /// Whether lines whose keys are equal are equal.
    let keepsOrder: Bool

    /// What a comparison costs beside the bytes of the lines, in bytes that are only read.
    private static let weight = 32

    /// The bytes that comparing two lines may look at: each key is looked for from the start of the line.
    func cost(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> Int {
        (keys.count + 1) * (first.count + second.count + Self.weight)
    }

    /// Compares two lines by the keys alone.
    func compareKeys(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> Int {
        if keys.isEmpty {
            let place = { (line: ArraySlice<UInt8>) in order.skipsBlanks ? line.drop(while: \.isBlank) : line }
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

    /// Compares two lines.
    func compare(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> Int {
        let result = compareKeys(first, second)
        if result != 0 || keepsOrder { return result }
        // What the keys leave open the whole lines decide.
        let last = SortOrder.order(first, second)
        return order.isReversed ? -last : last
    }
}

// SPDX-License-Identifier: Apache-2.0
// join: lines of two files that have a field in common. busybox has none, so that it always speaks as GNU's.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// What `join` is asked to do.
struct JoinOptions: Sendable {
    /// A Greek letter has a long name only.
    static let tables: OptionTables = {
        let table = OptionTable(
            letters: "a:e:i1:2:j:o:t:v:zκνη",
            long: [
                "ignore-case": "i", "zero-terminated": "z", "check-order": "κ", "nocheck-order": "ν", "header": "η",
            ]
        )
        return OptionTables("join", busybox: table, gnu: table)
    }()

    /// What stands in a column: the field that is common, or one of a file, counted from 0.
    enum Column: Sendable { case common, field(Int, Int) }

    let paths: [String]
    let keys: [Int]
    let separator: UInt8?
    let end: UInt8
    let filler: [UInt8]
    /// The columns; nil for those that come of themselves.
    let columns: [Column]?
    /// Whether all lines have as many columns as the first ones.
    let isAutomatic: Bool
    let showsPairs: Bool
    /// Whether lines of each file without a partner are shown.
    let showsAlone: [Bool]
    let ignoresCase: Bool
    let hasHeader: Bool
    /// Whether order is checked: always, only when lines were without a partner, or never.
    let checks: Bool
    let isStrict: Bool

    init(_ options: AppletOptions, _ machine: inout Machine) throws(OptionRefusal) {
        let (words, tables) = (options.words, Self.tables)
        if words.count < 2 {
            let text = words.first.map { "missing operand after '\($0)'" } ?? "missing operand"
            throw tables.refusal(&machine, machine.isGNU ? text : nil)
        }
        if words.count > 2 { throw tables.refusal(&machine, machine.isGNU ? "extra operand '\(words[2])'" : nil) }
        paths = words
        func fault(_ text: String) -> OptionRefusal { tables.fault(&machine, gnu: text, busybox: text) }
        keys = try ["1", "2"].map { letter throws(OptionRefusal) in
            guard let text = options[letter] ?? options["j"] else { return 0 }
            guard let number = OptionNumber.count(text), number > 0 else {
                throw fault("invalid field number: '\(text)'")
            }
            return number - 1
        }
        for text in (options.lists["a"] ?? []) + (options.lists["v"] ?? []) where text != "1" && text != "2" {
            throw fault("invalid field number: '\(text)'")
        }
        let tab = options["t"] == "\\0" ? "\0" : options["t"]
        if let tab, tab.utf8.count > 1 { throw fault("multi-character tab '\(tab)'") }
        separator = tab.map { $0.utf8.first ?? 0x0A }
        end = options.has("z") ? 0 : 0x0A
        filler = Array((options["e"] ?? "").utf8)
        isAutomatic = options["o"] == "auto"
        var found: [Column] = []
        for text in (options.lists["o"] ?? []) where text != "auto" {
            for part in text.split(whereSeparator: { ", \t".contains($0) }).map(String.init) {
                found.append(try Self.column(part, &machine))
            }
        }
        columns = found.isEmpty ? nil : found
        let alone = (options.lists["a"] ?? []) + (options.lists["v"] ?? [])
        showsAlone = ["1", "2"].map { alone.contains($0) }
        showsPairs = options.lists["v"] == nil
        ignoresCase = options.has("i")
        hasHeader = options.has("η")
        (checks, isStrict) = (!options.has("ν"), options.has("κ"))
    }

    private static func column(_ text: String, _ machine: inout Machine) throws(OptionRefusal) -> Column {
        if text == "0" { return .common }
        guard let file = text.first, file == "1" || file == "2" else {
            let words = "invalid file number in field spec: '\(text)'"
            throw tables.fault(&machine, gnu: words, busybox: words)
        }
        guard text.dropFirst().first == ".", let number = OptionNumber.count(String(text.dropFirst(2))), number > 0
        else {
            let words = "invalid field specifier: '\(text)'"
            throw tables.fault(&machine, gnu: words, busybox: words)
        }
        return .field(file == "1" ? 0 : 1, number - 1)
    }
}

/// `join`.
// coreutils: src/join.c
struct JoinProgram: Program {
    /// What a field costs beside its bytes.
    private static let bytesPerField = 32

    /// A line as fields, and what it costs.
    private struct Row: Sendable {
        var line: [UInt8]
        var fields: [ArraySlice<UInt8>]
        var bytes: Int { line.count + JoinProgram.bytesPerField * (1 + fields.count) }
    }

    private enum Reading: Sendable { case row, end, wait(Wait), failed }

    private let options: JoinOptions
    private var sources: LineSources
    private var hasStarted = false
    private var needsHeader: Bool
    /// The lines of each file with the key that has its turn, of which the last may be one of the next key.
    private var rows: [[Row]] = [[], []]
    private var isGathering = [true, true]
    private var isEnded = [false, false]
    private var numbers = [0, 0]
    private var isUnsorted = [false, false]
    private var hasAlone = false
    private var columnCounts: [Int?] = [nil, nil]
    private var rowBytes = 0
    /// The pairs, or the lines without a partner, that were shown of the present key.
    private var shown = 0

    init(_ options: JoinOptions) {
        self.options = options
        needsHeader = options.hasHeader
        sources = LineSources(end: options.end)
    }

    var heldBytes: Int { rowBytes + sources.heldBytes }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            for path in options.paths {
                do throws(Errno) {
                    try sources.open(path, &machine)
                } catch {
                    return .exited(Applets.fail(&machine, "join", path, error))
                }
            }
        }
        while true {
            if machine.mustYield { return .ready }
            machine.spend()
            for side in 0..<2 where isGathering[side] {
                switch gather(side, &machine) {
                case .row: break
                case .end: isGathering[side] = false
                case .wait(let wait): return .blocked(wait)
                case .failed: return .exited(1)
                }
            }
            if heldBytes > Whole.maximumBytes { return .exited(machine.refuseMemory()) }
            if isGathering.contains(true) { continue }
            if rows[0].isEmpty, rows[1].isEmpty { return .exited(finish(&machine)) }
            step(&machine)
        }
    }

    private func key(_ row: Row, _ side: Int) -> [UInt8] {
        guard options.keys[side] < row.fields.count else { return [] }
        let field = row.fields[options.keys[side]]
        return options.ignoresCase ? field.map(\.lowercased) : Array(field)
    }

    /// The lines of a file with the first key, without the one behind them.
    private func group(_ side: Int) -> ArraySlice<Row> {
        guard let first = rows[side].first else { return [] }
        let key = key(first, side)
        return rows[side].count > 1 && self.key(rows[side][rows[side].count - 1], side) != key
            ? rows[side].dropLast() : rows[side][...]
    }

    /// Reads a line; `end` when all lines of the first key are there.
    private mutating func gather(_ side: Int, _ machine: inout Machine) -> Reading {
        if isEnded[side] { return .end }
        switch sources.next(side, &machine) {
        case .wait(let wait): return .wait(wait)
        case .end:
            isEnded[side] = true
            return .end
        case .line(let line):
            numbers[side] += 1
            machine.charge(bytes: 4 * line.count)
            let fields =
                options.separator.map { line.split(separator: $0, omittingEmptySubsequences: false) }
                ?? line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A }
            let row = Row(line: line, fields: fields)
            if columnCounts[side] == nil { columnCounts[side] = fields.count }
            let isHeader = options.hasHeader && numbers[side] == 1
            let key = key(row, side)
            rows[side].append(row)
            rowBytes += row.bytes
            if isHeader { return .end }
            guard let first = rows[side].first, self.key(first, side) != key else { return .row }
            // Who asks for it is told before anything of the lines before is shown.
            return options.isStrict && !isInOrder(first, row, side, &machine) ? .failed : .end
        }
    }

    /// Shows one line without a partner, or with one pair of lines.
    private mutating func step(_ machine: inout Machine) {
        let groups = [group(0), group(1)]
        if needsHeader {
            needsHeader = false
            show(rows[0].first, rows[1].first, &machine)
            for side in 0..<2 { advance(side, by: min(1, rows[side].count), isHeader: true, &machine) }
            return
        }
        var order = rows[0].isEmpty ? 1 : rows[1].isEmpty ? -1 : 0
        if let left = groups[0].first, let right = groups[1].first {
            order = SortOrder.order(key(left, 0)[...], key(right, 1)[...])
        }
        if order != 0 {
            let side = order < 0 ? 0 : 1
            let isCertain = !rows[1 - side].isEmpty
            if options.showsAlone[side] {
                let row = groups[side][shown]
                show(side == 0 ? row : nil, side == 1 ? row : nil, &machine)
                shown += 1
                if shown < groups[side].count { return }
            }
            shown = 0
            // That a line has no partner counts from the next one on.
            advance(side, by: groups[side].count, &machine)
            hasAlone = hasAlone || isCertain
            return
        }
        let count = groups[0].count * groups[1].count
        if options.showsPairs {
            show(groups[0][shown / groups[1].count], groups[1][shown % groups[1].count], &machine)
            shown += 1
        }
        guard !options.showsPairs || shown == count else { return }
        shown = 0
        for side in 0..<2 { advance(side, by: groups[side].count, &machine) }
    }

    /// Goes on behind some lines of a file.
    private mutating func advance(_ side: Int, by count: Int, isHeader: Bool = false, _ machine: inout Machine) {
        let earlier = rows[side].first
        rowBytes -= rows[side].prefix(count).reduce(0) { $0 + $1.bytes }
        rows[side].removeFirst(count)
        isGathering[side] = !isEnded[side] && group(side).count == rows[side].count
        guard !isHeader, options.checks, hasAlone, !options.isStrict, let earlier, let next = rows[side].first else {
            return
        }
        _ = isInOrder(earlier, next, side, &machine)
    }

    /// Whether a line may come behind another one; when it may not, that is told, once for each file.
    private mutating func isInOrder(_ earlier: Row, _ next: Row, _ side: Int, _ machine: inout Machine) -> Bool {
        guard !isUnsorted[side], SortOrder.order(key(earlier, side)[...], key(next, side)[...]) > 0 else { return true }
        isUnsorted[side] = true
        machine.complain("join: \(options.paths[side]):\(numbers[side]): is not sorted: \(next.line.text)")
        return false
    }

    private mutating func show(_ left: Row?, _ right: Row?, _ machine: inout Machine) {
        let sides = [left, right]
        let owner = left == nil ? 1 : 0
        func field(_ row: Row?, _ index: Int) -> [UInt8] {
            guard let row, index < row.fields.count, !row.fields[index].isEmpty else { return options.filler }
            return Array(row.fields[index])
        }
        var parts: [[UInt8]] = []
        if let columns = options.columns {
            for column in columns {
                switch column {
                case .common: parts.append(field(sides[owner], options.keys[owner]))
                case .field(let side, let index): parts.append(field(sides[side], index))
                }
            }
        } else {
            parts.append(field(sides[owner], options.keys[owner]))
            for side in 0..<2 {
                let count = options.isAutomatic ? columnCounts[side] ?? 0 : sides[side]?.fields.count ?? 0
                for index in 0..<count where index != options.keys[side] { parts.append(field(sides[side], index)) }
            }
        }
        let output = Array(parts.joined(separator: [options.separator ?? 0x20])) + [options.end]
        machine.charge(bytes: 4 * output.count)
        machine.write(output, to: 1)
    }

    private func finish(_ machine: inout Machine) -> Int {
        guard isUnsorted.contains(true) else { return 0 }
        machine.complain("join: input is not in sorted order")
        return 1
    }
}

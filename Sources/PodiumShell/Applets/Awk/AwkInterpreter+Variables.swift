// SPDX-License-Identifier: Apache-2.0
// Variables, arrays, the record and its fields.

import PodiumCodec
import PodiumRuntime

/// The record that is being looked at, and its fields.
struct AwkRecord: Sendable {
    /// Fields of one record.
    static let maximumFields = 1 << 16

    var text: AwkValue = .none
    var fields: [AwkValue] = []
    /// Whether the fields are those of the text.
    var isSplit = true
    /// Whether a field was changed since the text was made.
    var isStale = false
}

/// The regular expressions of a program: those that it is written with by number, others by their text.
struct AwkPatterns: Sendable {
    /// Expressions of each kind that are kept.
    private static let maximumKept = 64
    /// The bytes of an expression that is no literal, and of all such that are kept.
    private static let maximumSourceBytes = 64 << 10
    /// What reading an expression costs for each of its bytes, and for each repetition that it can ask for.
    private static let readingBytes = 32

    private let sources: [[UInt8]]
    private var literals: [Int: RegularExpression] = [:]
    private var others: [[UInt8]: RegularExpression] = [:]
    private var sourceBytes = 0

    init(_ sources: [[UInt8]]) { self.sources = sources }

    /// About the bytes that the expressions keep.
    var heldBytes: Int { (sourceBytes + literals.keys.reduce(0) { $0 + sources[$1].count }) * Self.readingBytes }

    /// A regular expression of the program's text.
    mutating func expression(
        _ number: Int,
        _ setting: AwkSetting,
        _ meter: WorkMeter
    ) throws(AwkFault) -> RegularExpression {
        if let known = literals[number] { return known }
        let made = try Self.read(sources[number], isLiteral: true, setting, meter)
        if literals.count >= Self.maximumKept { literals = [:] }
        literals[number] = made
        return made
    }

    /// The regular expression that a text is.
    mutating func expression(
        _ source: [UInt8],
        _ setting: AwkSetting,
        _ meter: WorkMeter
    ) throws(AwkFault) -> RegularExpression {
        meter.charge(bytes: source.count)
        if let known = others[source] { return known }
        if source.count > Self.maximumSourceBytes { throw AwkFault(text: "regex is too long", line: 0) }
        let made = try Self.read(source, isLiteral: false, setting, meter)
        if others.count >= Self.maximumKept || sourceBytes + source.count > Self.maximumSourceBytes {
            others = [:]
            sourceBytes = 0
        }
        others[source] = made
        sourceBytes += source.count
        return made
    }

    private static func read(
        _ source: [UInt8],
        isLiteral: Bool,
        _ setting: AwkSetting,
        _ meter: WorkMeter
    ) throws(AwkFault) -> RegularExpression {
        let copies = source.contains(UInt8(ascii: "{")) ? RegularExpression.maximumRepeats : 1
        meter.charge(bytes: source.count * readingBytes + copies * readingBytes)
        let fault = AwkFault(text: "bad regex '\(source.text)'", line: 0)
        if let made = RegularExpression(source, isExtended: true, ignoresCase: setting.ignoresCase) { return made }
        // What is no extended expression may be a basic one, unless the program is written with it.
        // busybox: editors/awk.c as_regex
        guard !isLiteral, let made = RegularExpression(source, isExtended: false, ignoresCase: setting.ignoresCase)
        else { throw fault }
        return made
    }

    /// Forgets all expressions, because case counts differently.
    mutating func forget() {
        literals = [:]
        others = [:]
        sourceBytes = 0
    }
}

extension AwkInterpreter {
    private typealias Special = AwkProgram.Special

    /// A value as text.
    func text(_ value: AwkValue) -> [UInt8] {
        let text = value.text(setting.conversion)
        // A format can make much of a number.
        if case .number = value { meter.charge(bytes: text.count) }
        return text
    }

    /// A value as it is printed.
    func printed(_ value: AwkValue) -> [UInt8] { value.text(setting.output) }

    /// Whether a condition holds; an expression asks the record.
    mutating func isTrue(_ value: AwkValue) throws(AwkFault) -> Bool {
        if case .pattern(let number) = value {
            return try patterns.expression(number, setting, meter).matches(try recordText(), meter)
        }
        return value.isTrue
    }

    /// The regular expression that a value is.
    mutating func expression(_ value: AwkValue) throws(AwkFault) -> RegularExpression {
        if case .pattern(let number) = value { return try patterns.expression(number, setting, meter) }
        return try patterns.expression(text(value), setting, meter)
    }

    // Variables

    private func place(_ slot: AwkSlot) -> AwkPlace {
        switch slot {
        case .global(let number): .global(number)
        case .local(let number): .stack(base + number)
        }
    }

    private subscript(place: AwkPlace) -> AwkValue {
        get {
            switch place {
            case .global(let number): globals[number]
            case .stack(let index): index < stack.count ? stack[index] : .none
            }
        }
        set {
            switch place {
            case .global(let number): globals[number] = newValue
            case .stack(let index): if index < stack.count { stack[index] = newValue }
            }
        }
    }

    /// The number of a variable's array, which is made when the variable holds nothing yet.
    mutating func array(_ slot: AwkSlot) throws(AwkFault) -> Int { try array(at: place(slot)) }

    private mutating func array(at place: AwkPlace) throws(AwkFault) -> Int {
        // A parameter stands for the variable it was given, that one perhaps for another.
        var path = [place]
        while case .reference(let next) = self[path[path.count - 1]] { path.append(next) }
        let number: Int
        switch self[path[path.count - 1]] {
        case .array(let known): number = known
        case .none: number = makeArray()
        default: throw fault("Not an array")
        }
        for place in path { self[place] = .array(number) }
        return number
    }

    /// A variable as an argument: an array, a value, or a place where an array can be put.
    mutating func argument(_ slot: AwkSlot) throws(AwkFault) -> AwkValue {
        if slot == .global(Special.fieldCount.rawValue) { try split() }
        var place = place(slot)
        while case .reference(let next) = self[place] { place = next }
        if case .none = self[place] { return .reference(place) }
        return self[place]
    }

    mutating func load(_ target: AwkTarget, key: AwkValue) throws(AwkFault) -> AwkValue {
        switch target {
        case .variable(let slot):
            if slot == .global(Special.fieldCount.rawValue) { try split() }
            if case .local(let number) = slot, case .reference = stack[base + number] { return .none }
            return self[place(slot)]
        case .field: return try field(AwkNumber.integer(key.number))
        case .element(let slot):
            let number = try array(slot)
            let name = text(key)
            if let value = arrays[number]?[name, meter] { return value }
            // Looking at an element makes it.
            try set(number, name, .none)
            return .none
        }
    }

    /// Sets an element of an array.
    mutating func set(_ number: Int, _ key: [UInt8], _ value: AwkValue) throws(AwkFault) {
        keptBytes += arrays[number]?.set(key, value, meter) ?? 0
        if keptBytes > Self.maximumKeptBytes { throw fault("Out of memory") }
    }

    mutating func store(_ target: AwkTarget, key: AwkValue, _ value: AwkValue) throws(AwkFault) {
        var value = value
        switch value {
        case .reference: value = .none
        case .pattern: value = .truth(try isTrue(value))
        default: break
        }
        switch target {
        case .variable(let slot):
            if case .array = self[place(slot)] { throw fault("Not a scalar") }
            // What was read before is cut by the separator there was.
            if slot == .global(Special.fieldSeparator.rawValue) { try split() }
            self[place(slot)] = value
            if case .global(let number) = slot, let special = Special(rawValue: number) { try changed(special) }
        case .field: try setField(AwkNumber.integer(key.number), value)
        case .element(let slot): try set(try array(slot), text(key), value)
        }
    }

    /// Sets a variable by its name, as `name=value` among the files does.
    mutating func assign(_ name: String, _ value: [UInt8]) throws(AwkFault) {
        guard let number = program.globals[name] else { return }
        try store(.variable(.global(number)), key: .none, .input(AwkLexer.unescaped(value)))
    }

    /// Follows the assignment to a variable with a meaning.
    mutating func changed(_ special: AwkProgram.Special) throws(AwkFault) {
        let value = globals[special.rawValue]
        switch special {
        case .conversionFormat: setting.conversion = text(value)
        case .outputFormat: setting.output = text(value)
        case .ignoresCase:
            setting.ignoresCase = value.isTrue
            patterns.forget()
        case .recordSeparator:
            let text = text(value)
            separator =
                text.isEmpty ? .paragraph : text.count == 1 ? .unit(text[0]) : .expression(try expression(value))
        case .fieldCount:
            let count = AwkNumber.integer(value.number)
            if count < 0 { throw fault("NF set to negative value") }
            try split()
            resize(to: min(count, AwkRecord.maximumFields))
            record.isStale = true
        default: break
        }
    }

    // The record

    /// Makes a text the record.
    mutating func setRecord(_ text: [UInt8]) {
        record.text = .input(text)
        record.isSplit = false
        record.isStale = false
    }

    /// The record as text.
    mutating func recordText() throws(AwkFault) -> [UInt8] { text(try recordValue()) }

    private mutating func recordValue() throws(AwkFault) -> AwkValue {
        guard record.isStale else { return record.text }
        record.isStale = false
        let separator = text(globals[Special.outputFieldSeparator.rawValue])
        record.text = .input(try joined(record.fields[...], by: separator, setting.conversion))
        return record.text
    }

    /// Values as one text with a separator between them. What would be too long is not built.
    mutating func joined(
        _ values: ArraySlice<AwkValue>,
        by separator: [UInt8],
        _ format: [UInt8]
    ) throws(AwkFault) -> [UInt8] {
        var result: [UInt8] = []
        for (index, value) in values.enumerated() {
            let part = value.text(format)
            meter.charge(bytes: part.count)
            guard result.count + separator.count + part.count <= Self.maximumTextBytes else {
                throw fault("Out of memory")
            }
            if index > 0 { result += separator }
            result += part
        }
        meter.charge(bytes: values.count * MemoryLayout<AwkValue>.size)
        try count(built: result.count)
        return result
    }

    mutating func split() throws(AwkFault) {
        guard !record.isSplit else { return }
        record.isSplit = true
        let isParagraph = if case .paragraph = separator { true } else { false }
        let pieces = try fields(
            of: text(record.text),
            by: globals[Special.fieldSeparator.rawValue],
            limit: AwkRecord.maximumFields,
            newlines: isParagraph
        )
        record.fields = pieces.map { .input($0) }
        globals[Special.fieldCount.rawValue] = .number(Double(record.fields.count))
    }

    private mutating func resize(to count: Int) {
        meter.charge(bytes: abs(record.fields.count - count) * MemoryLayout<AwkValue>.size)
        if record.fields.count > count { record.fields.removeLast(record.fields.count - count) }
        while record.fields.count < count { record.fields.append(.input([])) }
        globals[Special.fieldCount.rawValue] = .number(Double(count))
    }

    mutating func field(_ number: Int) throws(AwkFault) -> AwkValue {
        if number < 0 { throw fault("Access to negative field") }
        if number == 0 { return try recordValue() }
        try split()
        return number <= record.fields.count ? record.fields[number - 1] : .none
    }

    private mutating func setField(_ number: Int, _ value: AwkValue) throws(AwkFault) {
        if number < 0 { throw fault("Access to negative field") }
        if number > AwkRecord.maximumFields { throw fault("Out of memory") }
        if number == 0 {
            setRecord(text(value))
            record.text = value
            return
        }
        try split()
        if number > record.fields.count { resize(to: number) }
        record.fields[number - 1] = value
        record.isStale = true
    }

    /// What cutting off a piece costs beside its bytes.
    private static let pieceBytes = 32

    /// The pieces of a text between separators; no more than `limit` of them.
    mutating func fields(
        of text: [UInt8],
        by separator: AwkValue,
        limit: Int,
        newlines: Bool = false
    ) throws(AwkFault) -> [[UInt8]] {
        if text.isEmpty { return [] }
        try count(built: text.count)
        let found = try pieces(of: text, by: separator, limit, newlines)
        meter.charge(bytes: found.count * Self.pieceBytes)
        return found
    }

    private mutating func pieces(
        of text: [UInt8],
        by separator: AwkValue,
        _ limit: Int,
        _ newlines: Bool
    ) throws(AwkFault) -> [[UInt8]] {
        let mark = self.text(separator)
        if case .pattern = separator {
        } else {
            if mark.isEmpty { return text.prefix(limit).map { [$0] } }
            if mark == [0x20] {
                return text.split(maxSplits: limit, whereSeparator: \.isBlank).prefix(limit).map { Array($0) }
            }
            if mark.count == 1 {
                return text.split(maxSplits: limit, omittingEmptySubsequences: false) {
                    $0 == mark[0] || newlines && $0 == 0x0A
                }.prefix(limit).map { Array($0) }
            }
        }
        let expression = try expression(separator)
        var pieces: [[UInt8]] = []
        var start = 0
        var from = 0
        while from <= text.count, let match = expression.firstMatch(in: text, from: from, meter) {
            if match.range.isEmpty {
                from = match.range.upperBound + 1
                continue
            }
            if pieces.count == limit { return pieces }
            pieces.append(Array(text[start..<match.range.lowerBound]))
            start = match.range.upperBound
            from = start
        }
        return pieces.count == limit ? pieces : pieces + [Array(text[start...])]
    }
}

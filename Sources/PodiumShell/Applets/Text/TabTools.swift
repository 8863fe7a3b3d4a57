// SPDX-License-Identifier: Apache-2.0
// Where tabs stop, and expand, which writes blanks in their place.

import PodiumMachinery
import PodiumRuntime

/// The columns at which tabs stop.
struct TabStops: Sendable {
    /// A wider tab is refused; a line of nothing but tabs has columns that can still be counted then.
    private static let maximumWidth = 1 << 32 - 1

    /// The columns between two stops, when they are all as far apart.
    let width: Int
    /// The stops of a list, behind which a tab is a blank.
    private let list: [Int]

    /// Reads `-t`.
    init(_ options: AppletOptions, _ tables: OptionTables, _ machine: inout Machine) throws(OptionRefusal) {
        let text = options["t"] ?? "8"
        let parts = text.split { $0 == "," || $0 == " " }.map(String.init)
        guard machine.isGNU, parts.count > 1 else {
            let number = OptionNumber.count(text)
            guard let number, number > 0, number <= Self.maximumWidth else {
                throw Self.refusal(text, number, tables, &machine)
            }
            (width, list) = (number, [])
            return
        }
        var stops: [Int] = []
        for part in parts {
            guard let stop = OptionNumber.count(part), stop > 0, stop <= Self.maximumWidth else {
                throw Self.refusal(part, OptionNumber.count(part), tables, &machine)
            }
            if stop <= stops.last ?? 0 {
                throw tables.fault(&machine, gnu: "tab sizes must be ascending", busybox: "")
            }
            stops.append(stop)
        }
        (width, list) = (1, stops)
    }

    private static func refusal(
        _ text: String,
        _ number: Int?,
        _ tables: OptionTables,
        _ machine: inout Machine
    ) -> OptionRefusal {
        let isTooLarge = number.map { $0 > maximumWidth } ?? false
        let gnu =
            number == nil
            ? "tab size contains invalid character(s): '\(text)'"
            : isTooLarge ? "tab stop is too large '\(text)'" : "tab size cannot be 0"
        let isZero = number == 0
        let range = "number \(text) is not in 1..\(maximumWidth) range"
        return tables.fault(&machine, gnu: gnu, busybox: isZero ? range : "invalid number '\(text)'")
    }

    /// The next stop behind a column.
    func next(after column: Int) -> Int {
        if list.isEmpty { return (column / width + 1) * width }
        return list.first { $0 > column } ?? column + 1
    }
}

/// `expand`. Blanks are written as they come, so that a wide tab costs time only.
struct ExpandedTabs: StreamProcessor {
    static let tables = OptionTables(
        "expand",
        busybox: OptionTable(letters: "it:", long: ["initial": "i", "tabs": "t"]),
        gnu: OptionTable(letters: "it:", long: ["initial": "i", "tabs": "t"]),
        number: "t"
    )
    /// What is written at once.
    private static let pieceBytes = 8 << 10

    private let stops: TabStops
    /// Whether tabs behind something else than blanks stay.
    private let onlyFirst: Bool
    private var column = 0
    private var isFirst = true
    /// The blanks of a tab that are still to be written, and what comes behind them.
    private var blanks = 0
    private var rest: ArraySlice<UInt8> = []

    init(_ stops: TabStops, onlyFirst: Bool) {
        self.stops = stops
        self.onlyFirst = onlyFirst
    }

    var openFault: String { "%" }

    var isBusy: Bool { blanks > 0 || !rest.isEmpty }

    mutating func take(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        rest = bytes[...]
        return goOn(&machine)
    }

    mutating func goOn(_ machine: inout Machine) -> Int? {
        var output: [UInt8] = []
        while output.count < Self.pieceBytes {
            if blanks > 0 {
                let count = min(blanks, Self.pieceBytes)
                output += repeatElement(0x20, count: count)
                blanks -= count
            } else if let unit = rest.popFirst() {
                if unit == 0x09, isFirst || !onlyFirst {
                    let stop = stops.next(after: column)
                    blanks = stop - column
                    column = stop
                } else {
                    output.append(unit)
                    if unit != 0x09, unit != 0x20 { isFirst = unit == 0x0A }
                    column = unit == 0x0A ? 0 : column + 1
                }
            } else {
                break
            }
        }
        machine.write(output, to: 1)
        return nil
    }
}

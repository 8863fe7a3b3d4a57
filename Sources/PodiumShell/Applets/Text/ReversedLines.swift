// SPDX-License-Identifier: Apache-2.0
// tac: the lines of each input from the last to the first.

import PodiumMachinery
import PodiumRuntime

/// `tac`. Lines are found from the end, as they are written.
struct ReversedLines: StreamProcessor {
    /// What is written at once.
    private static let pieceBytes = 8 << 10

    private var bytes: [UInt8] = []
    /// The end of what is still to be written, once an input has ended.
    private var end: Int?

    var openFault: String { "%" }

    var heldBytes: Int { bytes.count }

    var isBusy: Bool { end != nil }

    mutating func take(_ new: [UInt8], _ machine: inout Machine) -> Int? {
        if bytes.count + new.count > Whole.maximumBytes { return machine.refuseMemory() }
        bytes += new
        return nil
    }

    mutating func end(_ name: String, _ machine: inout Machine) -> Int? {
        end = bytes.count
        return nil
    }

    mutating func abandon(_ name: String, _ machine: inout Machine) -> Int? {
        bytes = []
        return nil
    }

    mutating func goOn(_ machine: inout Machine) -> Int? {
        guard var end else { return nil }
        var output: [UInt8] = []
        while end > 0, output.count < Self.pieceBytes {
            let start = bytes[..<(end - 1)].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            output += bytes[start..<end]
            end = start
        }
        machine.write(output, to: 1)
        self.end = end > 0 ? end : nil
        if end == 0 { bytes = [] }
        return nil
    }
}

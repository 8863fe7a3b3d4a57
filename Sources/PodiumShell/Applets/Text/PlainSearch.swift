// SPDX-License-Identifier: Apache-2.0
// Looks for a text in another one, in time that grows with their lengths only.

import PodiumRuntime

/// A text that is looked for, with what is known of its repetitions, so that no byte is looked at twice.
// Knuth, Morris, Pratt: Fast Pattern Matching in Strings
struct PlainSearch: Sendable {
    let text: [UInt8]
    /// For each beginning of the text the length of its longest proper end that is a beginning too.
    private let borders: [Int]

    init(_ text: [UInt8]) {
        self.text = text
        var borders = [0]
        var length = 0
        for unit in text.dropFirst() {
            while length > 0, text[length] != unit { length = borders[length - 1] }
            if text[length] == unit { length += 1 }
            borders.append(length)
        }
        self.borders = borders
    }

    /// Where the text is found first at or after a place; never when it is empty.
    func first(in whole: [UInt8], from start: Int = 0) -> Range<Int>? {
        guard !text.isEmpty else { return nil }
        var length = 0
        var index = start
        while index < whole.count {
            while length > 0, text[length] != whole[index] { length = borders[length - 1] }
            if text[length] == whole[index] { length += 1 }
            index += 1
            if length == text.count { return (index - length)..<index }
        }
        return nil
    }

    /// The other text with at most so many places replaced. It is given up as soon as it is larger than `room`.
    func replacing(in whole: [UInt8], with new: ArraySlice<UInt8>, atMost count: Int, room: Int) -> Replaced {
        var result: [UInt8] = []
        var start = 0
        var left = count
        while left > 0, let range = first(in: whole, from: start) {
            result += whole[start..<range.lowerBound]
            result += new
            start = range.upperBound
            left -= 1
            if result.count > room { return .tooLarge }
        }
        if left == count { return .unchanged }
        result += whole[start...]
        return result.count > room ? .tooLarge : .changed(result)
    }

    /// What replacing comes to.
    enum Replaced {
        case unchanged, tooLarge
        case changed([UInt8])
    }
}

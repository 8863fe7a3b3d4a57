// SPDX-License-Identifier: Apache-2.0
// Options that busybox's and GNU's programs know, and what each says of those that make no sense.

import PodiumCodec
import PodiumRuntime

/// Why a program does not begin; what is wrong was told already.
struct OptionRefusal: Error {
    /// The code with which it ends.
    var code: Int
}

/// The options of a program as busybox's and as GNU's know them. Where nobody knows whose the programs are, GNU's hold.
struct OptionTables: Sendable {
    /// Where GNU's program says that help is.
    enum Hint: Sendable {
        /// As most do.
        case plain
        /// With the name of the program before it too, as diffutils do.
        case named
        /// Behind a line of usage, as grep does.
        case usage(String)
    }

    let name: String
    let busybox: OptionTable
    let gnu: OptionTable
    /// The codes when options make no sense, of GNU's and of busybox's.
    let code: Int
    let busyboxCode: Int
    private let hint: Hint
    /// The letter that a number alone stands for with GNU's, as in `-8`.
    private let number: Character?

    init(
        _ name: String,
        busybox: OptionTable,
        gnu: OptionTable,
        code: Int = 1,
        busyboxCode: Int = 1,
        hint: Hint = .plain,
        number: Character? = nil
    ) {
        self.name = name
        self.busybox = busybox
        self.gnu = gnu
        self.code = code
        self.busyboxCode = busyboxCode
        self.hint = hint
        self.number = number
    }

    /// Reads a command line by the table that holds in the container.
    func read(_ machine: inout Machine, _ words: [String]) throws(OptionRefusal) -> AppletOptions {
        let table = machine.hasBusybox ? busybox : gnu
        switch table.normalized(machine.hasBusybox ? words : withNumber(words)) {
        case .success(let normalized): return AppletOptions(normalized, valued: table.valued)
        case .failure(let fault): throw refusal(&machine, fault.text)
        }
    }

    private func withNumber(_ words: [String]) -> [String] {
        guard let number else { return words }
        var isValue = true
        return words.map { word in
            defer { isValue = gnu.wantsValue(word) }
            let digits = word.dropFirst()
            let isNumber = word.hasPrefix("-") && !digits.isEmpty && digits.utf8.allSatisfy(\.isDigit)
            return isNumber && !isValue ? "-\(number)\(digits)" : word
        }
    }

    /// Tells what is wrong and where help is, as for options that there are none of.
    func refusal(_ machine: inout Machine, _ text: String?) -> OptionRefusal {
        if let text { machine.complain("\(name): \(text)") }
        guard machine.isGNU else {
            _ = Applets.usage(&machine, name)
            return OptionRefusal(code: busyboxCode)
        }
        switch hint {
        case .plain: machine.complain("Try '\(name) --help' for more information.")
        case .named: machine.complain("\(name): Try '\(name) --help' for more information.")
        case .usage(let line): machine.complain("\(line)\nTry '\(name) --help' for more information.")
        }
        return OptionRefusal(code: code)
    }

    /// Tells in each one's words what is wrong with a value.
    func fault(_ machine: inout Machine, gnu: String, busybox: String) -> OptionRefusal {
        machine.complain("\(name): \(machine.isGNU ? gnu : busybox)")
        return OptionRefusal(code: machine.isGNU ? code : busyboxCode)
    }

    /// A number without a sign. `gnu` is what GNU's say, with `%` for the value.
    func count(_ machine: inout Machine, _ text: String?, _ gnu: String) throws(OptionRefusal) -> Int? {
        guard let text else { return nil }
        guard let number = OptionNumber.count(text) else {
            throw fault(&machine, gnu: gnu.replacing("%", with: text), busybox: "invalid number '\(text)'")
        }
        return number
    }

    /// A number from 1 on, of which busybox's names the highest.
    func positive(
        _ machine: inout Machine,
        _ text: String?,
        _ gnu: String,
        highest: Int
    ) throws(OptionRefusal) -> Int? {
        guard let text, let number = try count(&machine, text, gnu) else { return nil }
        guard number > 0, number <= highest || machine.isGNU else {
            let range = "number \(text) is not in 1..\(highest) range"
            let words = gnu.replacing("%", with: text)
            throw fault(&machine, gnu: "\(words): Numerical result out of range", busybox: range)
        }
        return number
    }

    /// A program that reads these options before it begins.
    func applet(
        _ make: @escaping @Sendable (inout Machine, AppletOptions) throws(OptionRefusal) -> any Program
    ) -> WaitingApplet {
        applet(preparing: { words, _ in words }, make)
    }

    /// The same from words that `prepare` has put into today's form.
    func applet(
        preparing prepare: @escaping @Sendable (_ words: [String], _ isGNU: Bool) -> [String],
        _ make: @escaping @Sendable (inout Machine, AppletOptions) throws(OptionRefusal) -> any Program
    ) -> WaitingApplet {
        { words in
            BeginningProgram(
                begin: { machine, words in
                    do throws(OptionRefusal) {
                        let options = try read(&machine, prepare(words, !machine.hasBusybox))
                        return .program(try make(&machine, options))
                    } catch {
                        return .code(error.code)
                    }
                },
                words: words
            )
        }
    }
}

extension OptionTable {
    /// Whether the word behind a word is the value of its option.
    fileprivate func wantsValue(_ word: String) -> Bool {
        if word.hasPrefix("--") {
            return !word.contains("=") && long[String(word.dropFirst(2))].map { valued.contains($0) } ?? false
        }
        guard word.hasPrefix("-"), let place = word.dropFirst().firstIndex(where: { valued.contains($0) }) else {
            return false
        }
        return word.index(after: place) == word.endIndex && !letters.contains("\(word[place])::")
    }
}

/// Numbers that options give.
enum OptionNumber {
    /// Greater ones are taken for this one, so that no sum of a few of them overflows.
    static let maximum = 1 << 60

    /// A number without a sign; nil when it is none.
    static func count(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit) else { return nil }
        return min(Int(text) ?? maximum, maximum)
    }

    /// A number with a unit, as `4k`; nil when it is none.
    static func size(_ text: String) -> Int? {
        if let count = count(text) { return count }
        let digits = text.prefix { $0.isNumber }
        guard let number = count(String(digits)), let unit = Applets.size("1" + text.dropFirst(digits.count)) else {
            return nil
        }
        let (size, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow ? maximum : min(size, maximum)
    }
}

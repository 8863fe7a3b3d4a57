// SPDX-License-Identifier: Apache-2.0
// sed: runs a script over lines. This is its command line.

import PodiumMachinery
import PodiumRuntime

/// The command line of sed.
enum SedProgram {
    private static let busybox = OptionTable(
        letters: "i::rEne:f:",
        long: [
            "in-place": "i", "regexp-extended": "r", "quiet": "n", "silent": "n", "expression": "e", "file": "f",
        ]
    )
    private static let gnu = busybox.adding(
        "suzbl:",
        [
            "separate": "s", "unbuffered": "u", "null-data": "z", "zero-terminated": "z", "binary": "b",
            "line-length": "l", "follow-symlinks": "F", "posix": "p", "sandbox": "S", "debug": "d", "help": "h",
            "version": "V",
        ]
    )
    /// The length of the lines of `l` unless another one is asked for.
    private static let lineLength = 70

    private static let usage = "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]..."

    /// What a command line asks for.
    private struct Request {
        var options: AppletOptions
        var pieces: [SedPiece] = []
        var inputs: [String]
    }

    /// Reads a command line and the script, which may be in files.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        let isGNU = !machine.hasBusybox
        if !isGNU, words.dropFirst().first == "--version" {
            machine.print("This is not GNU sed version 4.0\n")
            return .code(0)
        }
        let table = isGNU ? gnu : busybox
        guard let normalized = normalized(&machine, words, table, isGNU: isGNU) else { return .code(1) }
        let options = AppletOptions(normalized, valued: table.valued)
        if options.has("V") {
            machine.print("sed (GNU sed) 4.9\n")
            return .code(0)
        }
        if options.has("h") {
            machine.print(usage + "\n")
            return .code(0)
        }
        var request = Request(options: options, inputs: options.words)
        do throws(SedFault) {
            request.pieces = try pieces(&machine, normalized, table, isGNU: isGNU)
            if request.pieces.isEmpty {
                guard !request.inputs.isEmpty else { return .code(refuse(&machine, isGNU: isGNU)) }
                request.pieces = [SedPiece(expression: 1, text: Array(request.inputs.removeFirst().utf8))]
            }
            return try begin(&machine, request, isGNU: isGNU)
        } catch {
            _ = Applets.fail(&machine, "sed", error.text)
            return .code(error.code)
        }
    }

    private static func begin(
        _ machine: inout Machine,
        _ request: Request,
        isGNU: Bool
    ) throws(SedFault) -> BeginningProgram.Beginning {
        let options = request.options
        var inputs = request.inputs
        var setting = setting(options, isGNU: isGNU)
        let reading = SedReading(
            isExtended: options.has("E") || options.has("r"),
            isGNU: isGNU,
            isSandboxed: options.has("S"),
            lineEnd: setting.lineEnd
        )
        var parser = SedParser(request.pieces, reading)
        let script = try parser.parse()
        machine.charge(bytes: script.patternBytes + request.pieces.reduce(0) { $0 + $1.text.count })
        machine.spend(script.commands.count)
        setting.isQuiet = setting.isQuiet || script.isQuiet
        if options.has("d") { machine.note("sed --debug does not say here what it does") }
        if setting.suffix != nil {
            if inputs.isEmpty {
                if isGNU { throw SedFault(text: "no input files", code: InputFault.panic) }
                throw SedFault(text: "-i requires an argument")
            }
            // What comes behind something that is no file has no turn any more.
            if isGNU, let index = inputs.firstIndex(where: { machine.node($0).map { $0.kind != .file } ?? false }) {
                setting.refusal = "couldn't edit \(inputs[index]): not a regular file"
                inputs.removeSubrange(index...)
            }
        }
        let lines = SedLines(script, setting, try files(of: script, &machine, isGNU: isGNU))
        if let refusal = setting.refusal, inputs.isEmpty { throw SedFault(text: refusal, code: InputFault.panic) }
        let work = Lines(lines, end: setting.lineEnd)
        return .program(StreamProgram("sed", inputs: inputs, work, missingCode: isGNU ? 2 : 1))
    }

    private static func setting(_ options: AppletOptions, isGNU: Bool) -> SedSetting {
        SedSetting(
            isGNU: isGNU,
            isQuiet: options.has("n"),
            suffix: options["i"],
            followsLinks: options.has("F"),
            isSeparate: options.has("s") || options["i"] != nil,
            isPosix: options.has("p"),
            lineEnd: options.has("z") ? 0 : 0x0A,
            lineLength: options["l"].map { min(Int($0) ?? 0, SedLines.maximumSpace) } ?? lineLength
        )
    }

    /// Opens the files that a script writes to, which are there whether it comes to write or not.
    private static func files(
        of script: SedScript,
        _ machine: inout Machine,
        isGNU: Bool
    ) throws(SedFault) -> SedFiles {
        var files = SedFiles()
        for path in script.writtenFiles {
            do throws(Errno) {
                try files.open(path, &machine)
            } catch {
                throw openingFault(path, error, isGNU: isGNU, "can't open '\(path)'")
            }
        }
        return files
    }

    private static func openingFault(_ path: String, _ error: Errno, isGNU: Bool, _ text: String) -> SedFault {
        guard isGNU else { return SedFault(text: "\(text): \(error.text)") }
        return SedFault(text: "couldn't open file \(path): \(error.text)", code: InputFault.panic)
    }

    // Words

    /// The words with each option for itself; nil when they make no sense, which was told then.
    private static func normalized(
        _ machine: inout Machine,
        _ words: [String],
        _ table: OptionTable,
        isGNU: Bool
    ) -> [String]? {
        switch table.normalized(words) {
        case .success(let normalized): return normalized
        case .failure(let fault):
            if isGNU {
                machine.complain("sed: \(fault.text)\n\(usage)")
            } else {
                AppletOptions.tell(&machine, "sed", fault)
            }
            return nil
        }
    }

    /// Tells how sed is used when it was given no script.
    private static func refuse(_ machine: inout Machine, isGNU: Bool) -> Int {
        machine.complain(isGNU ? usage : "Usage: sed [-i[SFX]] [-nrE] [-f FILE]... [-e CMD]... [FILE]...")
        return 1
    }

    /// The parts of the script in the order in which they are given.
    private static func pieces(
        _ machine: inout Machine,
        _ normalized: [String],
        _ table: OptionTable,
        isGNU: Bool
    ) throws(SedFault) -> [SedPiece] {
        var pieces: [SedPiece] = []
        var expressions = 0
        var rest = normalized.dropFirst()
        while let word = rest.popFirst(), word != "--" {
            guard table.valued.contains(word.dropFirst()), let value = rest.popFirst() else { continue }
            if word == "-e" {
                expressions += 1
                pieces.append(SedPiece(expression: expressions, text: Array(value.utf8)))
            } else if word == "-f" {
                pieces.append(SedPiece(file: value, text: try script(value, &machine, isGNU: isGNU)))
            }
        }
        // busybox's takes the files behind all expressions.
        return isGNU ? pieces : pieces.filter { $0.expression != nil } + pieces.filter { $0.expression == nil }
    }

    /// The script in a file, or in what standard input has by now.
    private static func script(_ path: String, _ machine: inout Machine, isGNU: Bool) throws(SedFault) -> [UInt8] {
        var text: [UInt8] = []
        do throws(Errno) {
            if path == "-" || path == "/dev/stdin" {
                while text.count < SedLines.maximumSpace, case .bytes(let bytes) = machine.read(0) { text += bytes }
            } else {
                text = try machine.contents(path)
            }
        } catch {
            throw openingFault(path, error, isGNU: isGNU, path)
        }
        if text.last == 0x0A { text.removeLast() }
        return text
    }
}

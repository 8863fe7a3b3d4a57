// SPDX-License-Identifier: Apache-2.0
// dd: copies bytes, counted in blocks.

import PodiumCodec
import PodiumMachinery
import PodiumRuntime

/// `dd`. However large its blocks are, bytes are handed on as they come.
struct CopyBlocksProgram: Program {
    private static let pieceBytes = 64 << 10

    private let options: BlockOptions
    /// What a stream has to give before anything is copied.
    private var unskipped = 0
    private var copied = 0
    private var written = 0
    /// The zeros that are still to be written behind an unfinished block.
    private var padding: Int?
    /// The first byte of a pair that is to be swapped.
    private var odd: UInt8?
    private var hasStarted = false

    /// Reads a command line.
    static func begin(_ machine: inout Machine, _ words: [String]) -> BeginningProgram.Beginning {
        do throws(OptionRefusal) {
            return .program(CopyBlocksProgram(options: try BlockOptions(words, &machine)))
        } catch {
            return .code(error.code)
        }
    }

    private init(options: BlockOptions) { self.options = options }

    mutating func run(_ machine: inout Machine) -> Progress {
        if !hasStarted {
            hasStarted = true
            if let code = open(&machine) { return .exited(code) }
            if unskipped == 0, let code = fill(&machine) { return .exited(code) }
        }
        while true {
            if machine.mustYield { return .ready }
            machine.spend()
            if let left = padding {
                let count = min(left, Self.pieceBytes)
                padding = left - count
                if let code = write(Array(repeating: 0, count: count), &machine) { return .exited(code) }
                if left == count { return .exited(report(&machine)) }
                continue
            }
            guard copied < options.limit else { return end(&machine) }
            switch machine.read(0, limit: min(Self.pieceBytes, unskipped > 0 ? unskipped : options.limit - copied)) {
            case .bytes(let bytes) where unskipped > 0: unskipped -= bytes.count
            case .bytes(let bytes):
                copied += bytes.count
                if let code = write(converted(bytes), &machine) { return .exited(code) }
            case .wait(let wait): return .blocked(wait)
            case .end:
                if unskipped > 0 { warnOfSkip(&machine) }
                return end(&machine)
            case .failed(let errno): return .exited(fail(errno, &machine))
            }
        }
    }

    private mutating func converted(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        if options.conversions.contains("ucase") { result = result.map(\.uppercased) }
        if options.conversions.contains("lcase") { result = result.map(\.lowercased) }
        guard options.conversions.contains("swab") else { return result }
        if let first = odd { result.insert(first, at: 0) }
        odd = result.count % 2 == 1 ? result.removeLast() : nil
        for index in stride(from: 0, to: result.count, by: 2) { result.swapAt(index, index + 1) }
        return result
    }

    private mutating func write(_ bytes: [UInt8], _ machine: inout Machine) -> Int? {
        written += bytes.count
        guard let errno = machine.write(bytes, to: 1) else { return nil }
        return Applets.fail(&machine, "dd", "error writing '\(options.output ?? "standard output")'", errno)
    }

    private mutating func end(_ machine: inout Machine) -> Progress {
        if let last = odd {
            odd = nil
            if let code = write([last], &machine) { return .exited(code) }
        }
        let part = copied % options.inputBlock
        guard options.conversions.contains("sync"), part > 0 else { return .exited(report(&machine)) }
        padding = options.inputBlock - part
        return .ready
    }

    private func fail(_ errno: Errno, _ machine: inout Machine) -> Int {
        let name = options.input ?? "standard input"
        guard machine.isGNU else { return Applets.fail(&machine, "dd", name, errno) }
        let code = Applets.fail(&machine, "dd", "error reading '\(name)'", errno)
        return max(code, report(&machine))
    }

    /// GNU's tells when the input ends before what is to be copied begins.
    private func warnOfSkip(_ machine: inout Machine) {
        if machine.isGNU {
            machine.complain("dd: \(options.input ?? "'standard input'"): cannot skip to specified offset")
        }
    }

    private mutating func open(_ machine: inout Machine) -> Int? {
        let verb = machine.isGNU ? "failed to open" : "can't open"
        do throws(Errno) {
            if let input = options.input { machine.attach(try machine.open(input, .read), as: 0) }
        } catch {
            return Applets.fail(&machine, "dd", "\(verb) '\(options.input ?? "")'", error)
        }
        if options.skip > 0, let number = machine.process.files[0], let file = machine.kernel.openFiles[number] {
            if file.target.canSeek {
                let offset = min(file.offset + options.skip, OptionNumber.maximum)
                machine.kernel.openFiles[number]?.offset = offset
                if case .file(let location) = file.target, let node = machine.kernel.node(at: location),
                    node.content.size < offset
                {
                    warnOfSkip(&machine)
                }
            } else {
                unskipped = options.skip
            }
        }
        guard let output = options.output else { return nil }
        do throws(Errno) {
            try openOutput(output, &machine)
            return nil
        } catch {
            return Applets.fail(&machine, "dd", "\(verb) '\(output)'", error)
        }
    }

    private func openOutput(_ path: String, _ machine: inout Machine) throws(Errno) {
        if machine.node(path) == nil {
            if options.conversions.contains("nocreat") { throw .noEntry }
        } else if options.conversions.contains("excl") {
            throw .exists
        }
        let keeps = options.conversions.contains("notrunc")
        // What is behind the place at which writing begins goes, unless it is to stay.
        let isWhole = !keeps && options.seek == 0
        let mode: OpenMode = options.appends && !isWhole ? .append : isWhole ? .write : .update
        machine.attach(try machine.open(path, mode), as: 1)
        guard let number = machine.process.files[1], !options.appends else { return }
        machine.kernel.openFiles[number]?.offset = options.seek
        guard !keeps, options.seek > 0, options.seek <= Kernel.maximumFileBytes,
            case .file(let location)? = machine.kernel.openFiles[number]?.target
        else { return }
        let size = options.seek
        machine.kernel.update(location) { node in
            node?.content.truncate(to: size)
            return true
        }
    }

    /// Zeros into a file need not be copied: the file just grows.
    private mutating func fill(_ machine: inout Machine) -> Int? {
        let limit = options.limit
        guard limit > Self.pieceBytes, let source = machine.process.files[0], let sink = machine.process.files[1],
            machine.kernel.openFiles[source]?.target == .zero, let file = machine.kernel.openFiles[sink],
            case .file(let location) = file.target, !options.appends,
            // What is there already has to be written over.
            let node = machine.kernel.node(at: location), node.content.size <= file.offset
        else { return nil }
        let room = Kernel.maximumFileBytes
        let length = min(limit, room - min(room, file.offset))
        if length > 0 {
            machine.kernel.update(location) { node in
                node?.content.grow(to: file.offset + length)
                return true
            }
        }
        (copied, written) = (length, length)
        guard length < limit else { return nil }
        return Applets.fail(&machine, "dd", "error writing '\(options.output ?? "")'", .noSpace)
    }

    private func report(_ machine: inout Machine) -> Int {
        if options.report == .none { return 0 }
        func records(_ count: Int, _ size: Int) -> String { "\(count / size)+\(count % size == 0 ? 0 : 1) records" }
        let input = records(copied, options.inputBlock)
        machine.complain("\(input) in\n\(records(written, options.outputBlock)) out")
        if options.report == .brief { return 0 }
        guard machine.isGNU else {
            machine.complain(
                "\(written) bytes (\(Applets.humanSize(written))B) copied, 0.001000 seconds, "
                    + "\(Applets.humanSize(written * 1000))B/s"
            )
            return 0
        }
        var size = written == 1 ? "1 byte" : "\(written) bytes"
        if written >= 1024 {
            size += " (\(HumanSize.counted(written)), \(HumanSize.counted(written, isBinary: true)))"
        } else if written >= 1000 {
            size += " (\(HumanSize.counted(written)))"
        }
        let rate = written == 0 ? "0.0 kB" : HumanSize.counted(written * 1000)
        machine.complain("\(size) copied, 0.001 s, \(rate)/s")
        return 0
    }
}

// SPDX-License-Identifier: Apache-2.0
// tar: what is common to making, listing and unpacking archives.

import PodiumMachinery
import PodiumRuntime

/// `tar` before it knows what to do.
struct TarProgram: Program {
    let words: [String]

    mutating func run(_ machine: inout Machine) -> Progress {
        var options = TarOptions(words)
        if let fault = options.fault { return .exited(Applets.fail(&machine, "tar", fault)) }
        guard let action = options.action else { return .exited(Applets.usage(&machine, "tar")) }
        for path in options.nameFiles + options.excludeFiles {
            do {
                let lines = Applets.lines(of: try machine.contents(path)).map(\.text).filter { !$0.isEmpty }
                if options.nameFiles.contains(path) {
                    options.names += lines
                } else {
                    options.excluded += lines.map { ShellPattern($0) }
                }
            } catch {
                return .exited(Applets.fail(&machine, "tar", "can't open '\(path)'", error))
            }
        }
        if action == .create, let format = options.format, format.compressor([]) == nil {
            let name = format == .compress ? "compress" : format == .xz ? "xz" : "lzma"
            return .exited(Applets.fail(&machine, "tar", "can't execute '\(name)'", .noEntry))
        }
        if action == .create, options.names.isEmpty {
            return .exited(Applets.fail(&machine, "tar", "empty archive"))
        }
        if let code = open(options, &machine) { return .exited(code) }
        if let directory = options.directory {
            guard let found = machine.node(directory), found.kind == .directory else {
                let errno = machine.node(directory) == nil ? Errno.noEntry : .notDirectory
                return .exited(Applets.fail(&machine, "tar", "can't change directory to '\(directory)'", errno))
            }
            machine.process.directory = machine.absolute(directory)
        }
        return .replaced(action == .create ? TarWriter(options) : TarReader(options))
    }

    /// Opens the archive as the descriptor that it is read from or written to.
    private func open(_ options: TarOptions, _ machine: inout Machine) -> Int? {
        guard let path = options.file, path != "-" else { return nil }
        do {
            let isNew = options.action == .create
            machine.attach(try machine.open(path, isNew ? .write : .read), as: TarWriter.descriptor)
            return nil
        } catch {
            guard machine.isGNU else { return Applets.fail(&machine, "tar", "can't open '\(path)'", error) }
            machine.complain("tar: \(path): Cannot open: \(error.text)")
            machine.complain("tar: Error is not recoverable: exiting now")
            return 2
        }
    }
}

/// `tar c`.
struct TarWriter: Program {
    /// The archive, when it is a file.
    static let descriptor = 62
    /// The bytes of a file that are copied at once.
    private static let pieceBytes = 32 << 10
    private let options: TarOptions
    private let target: Int
    private var pending: [String]
    private var output = PendingOutput()
    /// The file that is being copied, and how much of it was.
    private var file: (path: String, offset: Int, size: Int)?
    /// The archive before it is compressed.
    private var gathered: [UInt8] = []
    private var conversion: Conversion?
    private var isDone = false
    private var code = 0
    private var saidRoot = false
    /// Under which name each file with several of them went in.
    private var firstNames: [Int: String] = [:]

    init(_ options: TarOptions) {
        self.options = options
        target = options.file == nil || options.file == "-" ? 1 : Self.descriptor
        pending = options.names.reversed()
    }

    var heldBytes: Int { gathered.count }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            guard output.drain(to: target, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            machine.spend()
            if conversion != nil {
                guard conversion?.run(&machine) == true else { return .ready }
                output.add(conversion?.output ?? [])
                conversion = nil
            } else if let file {
                copy(file, &machine)
            } else if let path = pending.popLast() {
                add(path, &machine)
            } else if !isDone {
                isDone = true
                put(Array(repeating: 0, count: 2 * TarHeader.blockBytes), &machine)
                conversion = options.format?.compressor(gathered).map { Conversion($0) }
                gathered = []
            } else {
                if code != 0 { machine.complain("tar: error exit delayed from previous errors") }
                return .exited(code)
            }
        }
    }

    private mutating func put(_ bytes: [UInt8], _ machine: inout Machine) {
        guard options.format != nil else { return output.add(bytes) }
        if gathered.count + bytes.count <= CompressionFormat.maximumBytes {
            gathered += bytes
        } else if code == 0 {
            code = machine.refuseMemory()
        }
    }

    private mutating func add(_ path: String, _ machine: inout Machine) {
        guard let node = machine.node(path, follow: options.followsLinks) else {
            code = Applets.fail(&machine, "tar", path, .noEntry)
            return
        }
        let name = safeName(path, &machine)
        if options.isExcluded(name) { return }
        // An archive does not hold itself.
        if let archive = options.file, machine.absolute(path) == machine.absolute(archive) { return }
        if !name.isEmpty {
            var header = TarHeader(name: name, node)
            header.ownerName = machine.userName(node.owner)
            header.groupName = machine.groupName(node.group)
            if let number = node.shared, node.kind == .file {
                if let first = firstNames[number] {
                    (header.kind, header.link, header.size) = (UInt8(ascii: "1"), first, 0)
                } else {
                    firstNames[number] = name
                }
            }
            put(header.blocks, &machine)
            if options.isVerbose { machine.write(Array((header.name + "\n").utf8), to: target == 1 ? 2 : 1) }
            if node.kind == .file, header.contentBytes > 0 { file = (path, 0, node.content.size) }
        }
        guard node.kind == .directory, options.isRecursive, !machine.isProcessFolder(path) else { return }
        let prefix = path.hasSuffix("/") ? path : path + "/"
        pending += ((try? machine.names(in: path)) ?? []).reversed().map { prefix + $0 }
    }

    /// The name of a member, which leads nowhere but down. What is left out is told once.
    private mutating func safeName(_ path: String, _ machine: inout Machine) -> String {
        var name = Substring(path)
        if let climb = path.ranges(of: "../").last(where: { range in
            range.lowerBound == path.startIndex || path[..<range.lowerBound].hasSuffix("/")
        }) {
            name = path[climb.upperBound...]
        } else if path == ".." {
            name = ""
        }
        name = name.drop { $0 == "/" }
        let left = path.dropLast(name.count)
        if !left.isEmpty, !name.isEmpty || path.hasPrefix("/") {
            if !saidRoot { machine.complain("tar: removing leading '\(left)' from member names") }
            saidRoot = true
        }
        return String(name)
    }

    private mutating func copy(_ place: (path: String, offset: Int, size: Int), _ machine: inout Machine) {
        let count = min(Self.pieceBytes, place.size - place.offset)
        var bytes = machine.node(place.path)?.content.read(at: place.offset, count: count) ?? []
        // A file that became shorter is filled up to what the header said.
        bytes += Array(repeating: 0, count: count - bytes.count)
        let end = place.offset + count
        file = end < place.size ? (place.path, end, place.size) : nil
        if file == nil { bytes += Array(repeating: 0, count: TarHeader.padding(place.size)) }
        put(bytes, &machine)
    }
}

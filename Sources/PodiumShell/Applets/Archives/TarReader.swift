// SPDX-License-Identifier: Apache-2.0
// tar: unpacks and lists archives.

import PodiumMachinery
import PodiumRuntime

/// `tar x` and `tar t`.
struct TarReader: Program {
    /// The length of a name.
    private static let maximumNameBytes = 1 << 16
    private static let fileDescriptor = 61

    private let options: TarOptions
    private let source: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var isEnded = false
    /// Whether the first bytes told the format, and which it is.
    private var isRecognized = false
    private var format: CompressionFormat?
    private var conversion: Conversion?
    private var isExpanded = false
    private var output = PendingOutput()
    /// The member that is being read, and what of its content and its padding is still to come.
    private var member: (header: TarHeader, left: Int, padding: Int, isTaken: Bool)?
    private var longName: String?
    private var longLink: String?
    private var found: Set<Int> = []
    private var members = 0
    private var code = 0

    init(_ options: TarOptions) {
        self.options = options
        source = options.file == nil || options.file == "-" ? 0 : TarWriter.descriptor
    }

    private enum Supply { case ready, ended, wait(Wait), yield }

    var heldBytes: Int { buffer.count }

    mutating func run(_ machine: inout Machine) -> Progress {
        while true {
            guard output.drain(to: 1, &machine) else { return .ready }
            if machine.mustYield { return .ready }
            machine.spend()
            let wanted = member.map { max(1, min($0.left, TarHeader.blockBytes)) } ?? TarHeader.blockBytes
            switch supply(wanted, &machine) {
            case .wait(let wait): return .blocked(wait)
            case .yield: return .ready
            case .ended where start >= buffer.count && member == nil && members > 0: return finish(&machine)
            case .ended: return .exited(Applets.fail(&machine, "tar", "short read"))
            case .ready: break
            }
            if isExpanded, code != 0, buffer.isEmpty { return .exited(code) }
            if let progress = member == nil ? readHeader(&machine) : readContent(&machine) { return progress }
        }
    }

    /// Sees to it that so many bytes are in the buffer.
    private mutating func supply(_ count: Int, _ machine: inout Machine) -> Supply {
        while buffer.count - start < count || !isRecognized || format != nil && !isExpanded {
            if isEnded {
                if format != nil, !isExpanded {
                    guard expand(&machine) else { return .yield }
                    continue
                }
                if !isRecognized {
                    isRecognized = true
                    continue
                }
                return .ended
            }
            if machine.mustYield { return .yield }
            switch machine.read(source) {
            case .wait(let wait): return .wait(wait)
            case .end, .failed: isEnded = true
            case .bytes(let bytes):
                if start > 0 {
                    buffer.removeFirst(start)
                    start = 0
                }
                buffer += bytes
                if !isRecognized, buffer.count >= XzExpander.magic.count {
                    isRecognized = true
                    // A name that begins like the header of lzma is none: its third byte is no zero.
                    format = CompressionFormat(recognizing: buffer) ?? options.format
                }
                if format != nil, buffer.count > CompressionFormat.maximumBytes { isEnded = true }
            }
        }
        return .ready
    }

    /// Expands for a turn; whether all is expanded.
    private mutating func expand(_ machine: inout Machine) -> Bool {
        guard let format else { return true }
        if conversion == nil {
            conversion = Conversion(format.expander(buffer))
            buffer = []
        }
        guard conversion?.run(&machine) == true else { return false }
        isExpanded = true
        if let fault = conversion?.fault {
            machine.complain("tar: \(format.text(fault))")
            code = 1
        } else {
            buffer = conversion?.output ?? []
        }
        conversion = nil
        return true
    }

    private mutating func take(_ count: Int) -> [UInt8] {
        let bytes = Array(buffer[start..<start + count])
        start += count
        return bytes
    }

    private mutating func finish(_ machine: inout Machine) -> Progress {
        for (index, name) in options.names.enumerated() where !found.contains(index) {
            code = Applets.fail(&machine, "tar", "\(name): not found in archive")
        }
        return .exited(code)
    }

    // Members

    private mutating func readHeader(_ machine: inout Machine) -> Progress? {
        let block = take(TarHeader.blockBytes)
        if block.allSatisfy({ $0 == 0 }) { return finish(&machine) }
        guard var header = TarHeader(block) else {
            return .exited(Applets.fail(&machine, "tar", "invalid tar magic"))
        }
        members += 1
        let padding = TarHeader.padding(header.contentBytes)
        if "LKxg".utf8.contains(header.kind) {
            guard header.size <= Self.maximumNameBytes else {
                return .exited(Applets.fail(&machine, "tar", "invalid tar magic"))
            }
            member = (header, header.size, padding, false)
            if header.size == 0 { member = nil }
            return nil
        }
        header.name = longName ?? header.name
        header.link = longLink ?? header.link
        (longName, longLink) = (nil, nil)
        var isTaken = !options.isExcluded(header.name)
        if isTaken, !options.names.isEmpty {
            let index = options.wanted(header.name)
            isTaken = index != nil
            if let index { found.insert(index) }
        }
        if isTaken, let code = begin(&header, &isTaken, &machine) { return .exited(code) }
        member = header.contentBytes > 0 ? (header, header.contentBytes, padding, isTaken) : nil
        return nil
    }

    /// Shows a member or makes what it is; a code when nothing can go on.
    private mutating func begin(_ header: inout TarHeader, _ isTaken: inout Bool, _ machine: inout Machine) -> Int? {
        if options.action == .list {
            machine.print((options.isVerbose ? header.line : header.name) + "\n")
            isTaken = false
            return nil
        }
        let parts = header.name.split(separator: "/").dropFirst(options.stripped)
        guard !parts.isEmpty, !parts.contains("..") else {
            isTaken = false
            return nil
        }
        if options.isVerbose {
            machine.write(Array((header.name + "\n").utf8), to: options.toOutput ? 2 : 1)
        }
        header.name = parts.joined(separator: "/")
        if options.toOutput { return nil }
        if header.nodeKind != .directory, !options.keepsOld,
            machine.node(header.name, follow: false)?.kind == .directory
        {
            return Applets.fail(&machine, "tar", "can't remove old file \(header.name)", .isDirectory)
        }
        do {
            try make(header, &machine)
            return nil
        } catch {
            return Applets.fail(&machine, "tar", "can't open '\(header.name)'", error)
        }
    }

    private func make(_ header: TarHeader, _ machine: inout Machine) throws(Errno) {
        let parts = header.name.split(separator: "/").map(String.init)
        for count in 1..<max(2, parts.count) where count < parts.count {
            let path = parts.prefix(count).joined(separator: "/")
            if machine.node(path) == nil { try machine.makeDirectory(path) }
        }
        let existing = machine.node(header.name, follow: false)
        if header.nodeKind == .directory {
            if existing == nil { try machine.makeDirectory(header.name) }
        } else {
            if existing != nil {
                if options.keepsOld { throw .exists }
                try machine.remove(header.name)
            }
            if header.kind == UInt8(ascii: "1") {
                return try machine.makeHardLink(to: header.link, at: header.name)
            }
            var node = FileNode(kind: header.nodeKind, mode: header.mode, time: machine.now)
            if header.kind == UInt8(ascii: "2") { node.target = header.link }
            try machine.put(node, at: try machine.locate(header.name, follow: false))
            if header.contentBytes > 0 {
                machine.attach(try machine.open(header.name, .write), as: Self.fileDescriptor)
            }
        }
        try setAttributes(header, &machine)
    }

    private func setAttributes(_ header: TarHeader, _ machine: inout Machine) throws(Errno) {
        let options = options
        let isRoot = machine.container?.specification.user ?? 0 == 0
        try machine.changeNode(header.name, follow: false) { node in
            node.mode = header.mode
            if options.keepsTime { node.time = Timestamp(seconds: header.seconds) }
            if options.keepsOwner, isRoot { (node.owner, node.group) = (header.owner, header.group) }
        }
    }

    private mutating func readContent(_ machine: inout Machine) -> Progress? {
        guard var current = member else { return nil }
        let bytes = take(min(current.left, buffer.count - start))
        current.left -= bytes.count
        if "LKxg".utf8.contains(current.header.kind) {
            // A name that comes in pieces is put together in the buffer instead.
            if current.left > 0 {
                start -= bytes.count
                guard case .ready = supply(current.header.size, &machine) else { return nil }
                return nil
            }
            learnName(current.header.kind, bytes)
        } else if current.isTaken {
            if options.toOutput { output.add(bytes) } else { machine.write(bytes, to: Self.fileDescriptor) }
        }
        if current.left > 0 {
            member = current
            return nil
        }
        guard buffer.count - start >= current.padding else {
            // The padding counts as content that nobody wants.
            member = (current.header, current.padding - (buffer.count - start), 0, false)
            member?.header.kind = UInt8(ascii: "0")
            start = buffer.count
            closeFile(current, &machine)
            return nil
        }
        start += current.padding
        closeFile(current, &machine)
        member = nil
        return nil
    }

    private func closeFile(
        _ current: (header: TarHeader, left: Int, padding: Int, isTaken: Bool),
        _ machine: inout Machine
    ) {
        guard current.isTaken, !options.toOutput else { return }
        machine.close(Self.fileDescriptor)
        // Writing changed the time.
        do {
            try setAttributes(current.header, &machine)
        } catch {
            machine.complain("tar: \(current.header.name): \(error.text)")
        }
    }

    private mutating func learnName(_ kind: UInt8, _ bytes: [UInt8]) {
        switch kind {
        case UInt8(ascii: "L"): longName = bytes.prefix { $0 != 0 }.text
        case UInt8(ascii: "K"): longLink = bytes.prefix { $0 != 0 }.text
        case UInt8(ascii: "x"):
            for line in bytes.split(separator: 0x0A) {
                let record = line.drop { $0 != 0x20 }.dropFirst()
                if record.starts(with: "path=".utf8) { longName = record.dropFirst(5).text }
                if record.starts(with: "linkpath=".utf8) { longLink = record.dropFirst(9).text }
            }
        default: break
        }
    }
}

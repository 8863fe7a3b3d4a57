// SPDX-License-Identifier: Apache-2.0
// The headers of tar archives.

import PodiumMachinery
import PodiumRuntime

/// What a header says about a member.
struct TarHeader: Sendable {
    static let blockBytes = 512
    /// Names up to this length stand in the header itself.
    private static let nameBytes = 100

    var name: String
    var mode = 0o644
    var owner = 0
    var group = 0
    var size = 0
    var seconds: Int64 = 0
    var kind = UInt8(ascii: "0")
    var link = ""
    /// What the owner and the group are called; empty when only their numbers are known.
    var ownerName = ""
    var groupName = ""

    init(name: String) { self.name = name }

    /// A member for a node of the file system.
    init(name: String, _ node: FileNode) {
        self.name = name
        mode = node.mode & 0o7777
        owner = node.owner
        group = node.group
        seconds = node.time.seconds
        switch node.kind {
        case .directory:
            kind = UInt8(ascii: "5")
            self.name = name.hasSuffix("/") ? name : name + "/"
        case .link:
            kind = UInt8(ascii: "2")
            link = node.target
            mode = 0o777
        case .fifo: kind = UInt8(ascii: "6")
        case .device: kind = UInt8(ascii: "3")
        case .file: size = node.content.size
        }
    }

    /// The zeros that fill up the last block of `size` bytes.
    static func padding(_ size: Int) -> Int { (blockBytes - size % blockBytes) % blockBytes }

    // Writing

    /// The blocks, with further ones before them for names that are too long.
    var blocks: [UInt8] {
        var result: [UInt8] = []
        for (text, letter) in [(link, UInt8(ascii: "K")), (name, UInt8(ascii: "L"))]
        where text.utf8.count > Self.nameBytes {
            var long = TarHeader(name: "././@LongLink")
            long.kind = letter
            long.size = text.utf8.count + 1
            result += long.block + Array(text.utf8) + [0]
            result += Array(repeating: 0, count: Self.padding(long.size))
        }
        return result + block
    }

    private var block: [UInt8] {
        var bytes: [UInt8] = []
        func put(_ text: String, _ width: Int) {
            let kept = Array(text.utf8.prefix(width))
            bytes += kept + Array(repeating: 0, count: width - kept.count)
        }
        func octal(_ value: Int, _ width: Int) {
            let digits = String(value, radix: 8)
            put(String(repeating: "0", count: max(0, width - 1 - digits.utf8.count)) + digits, width)
        }
        put(name, Self.nameBytes)
        octal(mode, 8)
        octal(owner, 8)
        octal(group, 8)
        octal(size, 12)
        octal(Int(max(0, seconds)), 12)
        put("        ", 8)
        bytes.append(kind)
        put(link, Self.nameBytes)
        put("ustar  ", 8)
        put(ownerName, 32)
        put(groupName, 32)
        put("", Self.blockBytes - bytes.count)
        let sum = String(bytes.reduce(0) { $0 + Int($1) }, radix: 8)
        let check = Array((String(repeating: "0", count: 6 - sum.utf8.count) + sum).utf8) + [0, 0x20]
        bytes.replaceSubrange(148..<156, with: check)
        return bytes
    }

    // Reading

    /// Reads a block; nil when its check sum is wrong.
    init?(_ block: [UInt8]) {
        func text(_ range: Range<Int>) -> String { block[range].prefix { $0 != 0 }.text }
        func number(_ range: Range<Int>) -> Int {
            if block[range.lowerBound] & 0x80 != 0 {
                return block[range].dropFirst().suffix(7).reduce(0) { $0 << 8 | Int($1) }
            }
            let digits = block[range].drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
            return Int(digits.text, radix: 8) ?? 0
        }
        let sum = block.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 0x20 : Int($1.element)) }
        guard sum == number(148..<156) else { return nil }
        name = text(0..<100)
        if block[257..<263] == ArraySlice("ustar\0".utf8), block[345] != 0 { name = text(345..<500) + "/" + name }
        mode = number(100..<108) & 0o7777
        owner = number(108..<116)
        group = number(116..<124)
        size = max(0, number(124..<136))
        seconds = Int64(number(136..<148))
        kind = block[156] == 0 ? UInt8(ascii: "0") : block[156]
        if kind == UInt8(ascii: "0"), name.hasSuffix("/") { kind = UInt8(ascii: "5") }
        link = text(157..<257)
        ownerName = text(265..<297)
        groupName = text(297..<329)
    }

    /// The bytes behind the header that belong to the member.
    var contentBytes: Int { "12345".utf8.contains(kind) || kind == UInt8(ascii: "6") ? 0 : size }

    /// What a node made of this member is.
    var nodeKind: FileKind {
        switch kind {
        case UInt8(ascii: "5"): .directory
        case UInt8(ascii: "2"): .link
        case UInt8(ascii: "6"): .fifo
        case UInt8(ascii: "3"), UInt8(ascii: "4"): .device
        default: .file
        }
    }

    /// The member as `tar tv` shows it.
    var line: String {
        var node = FileNode(kind: nodeKind, mode: mode, time: Timestamp(seconds: seconds))
        if kind == UInt8(ascii: "1") { node.kind = .file }
        let names = [ownerName.isEmpty ? String(owner) : ownerName, groupName.isEmpty ? String(group) : groupName]
        let shown = PrintFormatter.padded(String(contentBytes), 9, left: false)
        let date = CivilTime(node.time).formatted("%Y-%m-%d %H:%M:%S")
        let arrow = kind == UInt8(ascii: "2") || kind == UInt8(ascii: "1") ? " -> " + link : ""
        return "\(Applets.modeText(node)) \(names[0])/\(names[1]) \(shown) \(date) \(name)\(arrow)"
    }
}

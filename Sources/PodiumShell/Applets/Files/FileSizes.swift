// SPDX-License-Identifier: Apache-2.0
// The sizes of files and of what they take on a disk, and how people read them.

import PodiumRuntime

/// Sizes with a letter behind them.
enum HumanSize {
    private static let units: [Character] = ["K", "M", "G", "T", "P", "E"]

    /// busybox's: one digit behind the point, without rounding up.
    static func busybox(_ size: Int) -> String {
        if size < 1024 { return String(size) }
        var value = size
        var rest = 0
        var unit = -1
        while value >= 1024, unit + 1 < units.count {
            unit += 1
            rest = (value % 1024 * 10 + 512) / 1024
            value /= 1024
        }
        if rest >= 10 { (value, rest) = (value + 1, 0) }
        return "\(value).\(rest)\(units[unit])"
    }

    /// What GNU's dd says of what it copied: rounded, with a digit behind the point below ten, and a unit of its own.
    static func counted(_ size: Int, isBinary: Bool = false) -> String {
        let base = isBinary ? 1024.0 : 1000.0
        var value = Double(size)
        var unit = -1
        while value >= base, unit + 1 < units.count {
            value /= base
            unit += 1
        }
        if unit < 0 { return "\(size) B" }
        let letter = isBinary ? "\(units[unit])i" : unit == 0 ? "k" : String(units[unit])
        return PrintFormatter.fixed(value, digits: value < 9.95 ? 1 : 0) + " \(letter)B"
    }

    /// GNU's: rounded up, with a digit behind the point below ten.
    static func gnu(_ size: Int) -> String {
        if size < 1024 { return String(size) }
        var unit = 0
        var factor = 1024
        while size / factor >= 1024, unit + 1 < units.count {
            unit += 1
            factor *= 1024
        }
        let tenths = size / factor * 10 + (size % factor * 10 + factor - 1) / factor
        if tenths < 100 { return "\(tenths / 10).\(tenths % 10)\(units[unit])" }
        let whole = (size + factor - 1) / factor
        return whole == 1024 && unit + 1 < units.count ? "1.0\(units[unit + 1])" : "\(whole)\(units[unit])"
    }
}

extension FileNode {
    /// The bytes that a block takes, which is the least that something takes.
    static let blockBytes = 4096

    /// The size that is shown.
    var size: Int {
        switch kind {
        case .directory: Self.blockBytes
        case .link: target.utf8.count
        case .file: content.size
        case .fifo, .device: 0
        }
    }

    /// What it takes, in blocks of 512 bytes. A short link stands where it is named; what was never written takes
    /// nothing.
    var blocks: Int {
        switch kind {
        case .directory: Self.blockBytes / 512
        case .link: target.utf8.count < 60 ? 0 : Self.blockBytes / 512
        case .file: (content.size + Self.blockBytes - 1) / Self.blockBytes * (Self.blockBytes / 512)
        case .fifo, .device: 0
        }
    }
}

extension Machine {
    /// A number that a place has and no other one, as far as anybody can tell.
    func inode(of path: String) -> Int {
        guard let location = try? locate(path, follow: false) else { return 0 }
        if let number = kernel.treeNode(at: location)?.shared { return 1_000_000 + number }
        // FNV-1a of the place.
        var hash: UInt32 = 0x811C_9DC5
        for unit in (location.volume ?? "").utf8 { hash = (hash ^ UInt32(unit)) &* 0x0100_0193 }
        for name in location.path {
            for unit in name.utf8 { hash = (hash ^ UInt32(unit)) &* 0x0100_0193 }
            hash = (hash ^ 0x2F) &* 0x0100_0193
        }
        return Int(hash >> 8) + 2
    }
}

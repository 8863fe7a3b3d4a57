// SPDX-License-Identifier: Apache-2.0
// The formats of compressed data: how they are recognised, and who reads and writes them.

import PodiumRuntime

/// Why compressed data cannot be expanded.
enum ExpansionFault: Error {
    /// It does not begin as its format does.
    case magic
    /// It ends too early.
    case short
    case corrupt
    /// What it expands to is not what was compressed.
    case check
    /// It is larger than what is kept.
    case tooLarge
}

/// Makes data small or large again, a piece at a time.
protocol ByteConverter: Sendable {
    /// What was made so far.
    var output: [UInt8] { get }
    /// What was looked at and made so far, in bytes.
    var effort: Int { get }
    /// Goes on until about `count` further bytes were looked at or made; whether all is done.
    mutating func work(_ count: Int) throws(ExpansionFault) -> Bool
}

/// Gives back what it was given.
struct PlainBytes: ByteConverter {
    let output: [UInt8]

    var effort: Int { output.count }

    mutating func work(_ count: Int) throws(ExpansionFault) -> Bool { true }
}

/// A format.
enum CompressionFormat: Sendable {
    case gzip, bzip2, xz, lzma, compress

    /// The bytes that one file may expand to, and those that are read of one.
    static let maximumBytes = 16 << 20

    /// What the name of a compressed file ends with, and what stands there when it is expanded.
    var suffixes: [(compressed: String, plain: String)] {
        switch self {
        case .gzip: [(".tgz", ".tar"), (".gz", ""), (".Z", ""), (".z", "")]
        case .bzip2: [(".bz2", "")]
        case .xz: [(".xz", "")]
        case .lzma: [(".lzma", "")]
        case .compress: [(".Z", "")]
        }
    }

    /// What a compressed file is called.
    var suffix: String {
        switch self {
        case .gzip: ".gz"
        case .bzip2: ".bz2"
        case .xz: ".xz"
        case .lzma: ".lzma"
        case .compress: ".Z"
        }
    }

    /// The format of data by its first bytes.
    init?(recognizing bytes: some Collection<UInt8>) {
        if bytes.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if bytes.starts(with: "BZh".utf8) {
            self = .bzip2
        } else if bytes.starts(with: XzExpander.magic) {
            self = .xz
        } else if bytes.starts(with: [0x5D, 0, 0]) {
            self = .lzma
        } else if bytes.starts(with: [0x1F, 0x9D]) {
            self = .compress
        } else {
            return nil
        }
    }

    /// The format that the name of a file tells.
    init?(ofFile name: String) {
        let endings: [(String, CompressionFormat)] = [
            (".gz", .gzip), (".tgz", .gzip), (".bz2", .bzip2), (".tbz2", .bzip2), (".tbz", .bzip2), (".xz", .xz),
            (".txz", .xz), (".lzma", .lzma), (".tlz", .lzma), (".Z", .compress),
        ]
        guard let found = endings.first(where: { name.hasSuffix($0.0) }) else { return nil }
        self = found.1
    }

    /// Who expands data.
    func expander(_ input: [UInt8]) -> any ByteConverter {
        switch self {
        case .gzip: GzipExpander(input)
        case .bzip2: BzipExpander(input)
        case .xz: XzExpander(input)
        case .lzma: LzmaExpander(input)
        case .compress: CompressExpander(input)
        }
    }

    /// Who makes data small; nil for formats that are only read.
    func compressor(_ input: [UInt8]) -> (any ByteConverter)? {
        switch self {
        case .gzip: GzipCompressor(input)
        case .bzip2: BzipCompressor(input)
        case .xz, .lzma, .compress: nil
        }
    }

    /// What busybox says.
    func text(_ fault: ExpansionFault) -> String {
        if fault == .tooLarge { return "out of memory" }
        switch (self, fault) {
        case (.gzip, .short): return "unexpected end of file"
        case (.gzip, .check): return "crc error"
        case (.bzip2, .short): return "bunzip error -3"
        case (.bzip2, .corrupt): return "bunzip error -5"
        case (.bzip2, .check): return "CRC error"
        case (.lzma, .magic): return "bad lzma header"
        case (.lzma, .short): return "unexpected EOF"
        case (_, .magic): return "invalid magic"
        default: return "corrupted data"
        }
    }
}

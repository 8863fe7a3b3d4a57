// SPDX-License-Identifier: Apache-2.0
// Questions about bytes of text, in the C locale.

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLower: Bool { (0x61...0x7A).contains(self) }
    var isUpper: Bool { (0x41...0x5A).contains(self) }
    var isLetter: Bool { isLower || isUpper }
    var isAlphanumeric: Bool { isLetter || isDigit }
    var isLowerOrDigit: Bool { isLower || isDigit }
    var isLowerHexDigit: Bool { isDigit || (0x61...0x66).contains(self) }
    var isHexDigit: Bool { isLowerHexDigit || (0x41...0x46).contains(self) }
    /// Space, tab or newline and their kin.
    var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    /// What may stand in the name of a variable.
    var isNameUnit: Bool { isAlphanumeric || self == 0x5F }
    var lowercased: UInt8 { isUpper ? self | 0x20 : self }
    var uppercased: UInt8 { isLower ? self & 0xDF : self }
}

extension [UInt8] {
    /// The text of the bytes, faults replaced.
    var text: String { String(decoding: self, as: UTF8.self) }
}

extension ArraySlice<UInt8> {
    /// The text of the bytes, faults replaced.
    var text: String { String(decoding: self, as: UTF8.self) }
}

extension Double {
    /// The whole part, between 0 and a limit; 0 of what is no number.
    func whole(upTo limit: Int) -> Int { self >= Double(limit) ? limit : self > 0 ? Int(self) : 0 }
}

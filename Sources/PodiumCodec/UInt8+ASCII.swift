// SPDX-License-Identifier: Apache-2.0
// The classes of ASCII, by byte: what names, numbers and programs in the C locale are made of.

extension UInt8 {
    /// `0` to `9`.
    @inlinable package var isDigit: Bool { (0x30...0x39).contains(self) }
    /// `a` to `z`.
    @inlinable package var isLower: Bool { (0x61...0x7A).contains(self) }
    /// `A` to `Z`.
    @inlinable package var isUpper: Bool { (0x41...0x5A).contains(self) }
    @inlinable package var isLetter: Bool { isLower || isUpper }
    @inlinable package var isAlphanumeric: Bool { isLetter || isDigit }
    @inlinable package var isLowerOrDigit: Bool { isLower || isDigit }
    /// `0` to `9` and `a` to `f`.
    @inlinable package var isLowerHexDigit: Bool { isDigit || (0x61...0x66).contains(self) }
    /// A hexadecimal digit in either case.
    @inlinable package var isHexDigit: Bool { isLowerHexDigit || (0x41...0x46).contains(self) }
    /// Space, tab or newline and their kin.
    @inlinable package var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    /// What may stand in the name of a variable.
    @inlinable package var isNameUnit: Bool { isAlphanumeric || self == 0x5F }
    /// The small letter of a large one, else the byte.
    @inlinable package var lowercased: UInt8 { isUpper ? self | 0x20 : self }
    /// The large letter of a small one, else the byte.
    @inlinable package var uppercased: UInt8 { isLower ? self & 0xDF : self }
}

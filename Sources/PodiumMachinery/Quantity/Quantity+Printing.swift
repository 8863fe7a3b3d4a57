// SPDX-License-Identifier: Apache-2.0
// How an amount is printed: no fraction, no loss, the largest suffix.

package import PodiumCodec

extension Quantity: CustomStringConvertible {
    /// The canonical text, as Kubernetes prints it: `500m`, `1536Mi`, `1e3`.
    package var description: String {
        if let writtenText { return writtenText }
        if isZero { return "0" }
        switch format {
        case .binarySI: return binaryText ?? decimalText(.decimalSI)
        case .decimalSI, .decimalExponent: return decimalText(format)
        }
    }

    /// The canonical text as a JSON string.
    package var jsonValue: JSONValue { .string(description) }

    /// Whole numbers from 1024 on, in powers of 1024; other amounts would lose precision.
    private var binaryText: String? {
        guard isInteger, let whole = Decimal128.rescale(coefficient, from: exponent, to: 0),
            whole.magnitude >= 1024
        else { return nil }
        var mantissa = whole
        var power = 0
        while power < Self.binarySuffixes.count - 1, mantissa % 1024 == 0 {
            mantissa /= 1024
            power += 1
        }
        return String(mantissa) + Self.binarySuffixes[power]
    }

    private static let binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]

    private func decimalText(_ format: Format) -> String {
        var (mantissa, power) = Decimal128.stripped(coefficient, exponent)
        // Suffixes count in thousands.
        while power % 3 != 0 {
            mantissa *= 10
            power -= 1
        }
        guard format == .decimalSI else { return power == 0 ? String(mantissa) : "\(mantissa)e\(power)" }
        // Beyond the largest suffix the digits grow instead.
        var zeros = ""
        while power > 18 {
            zeros += "000"
            power -= 3
        }
        return String(mantissa) + zeros + Self.decimalSuffix(power)
    }

    private static func decimalSuffix(_ power: Int) -> String {
        switch power {
        case -9: "n"
        case -6: "u"
        case -3: "m"
        case 3: "k"
        case 6: "M"
        case 9: "G"
        case 12: "T"
        case 15: "P"
        case 18: "E"
        default: ""
        }
    }
}

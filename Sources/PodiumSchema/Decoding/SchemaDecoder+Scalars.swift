// SPDX-License-Identifier: Apache-2.0
// Reads scalars: which JSON each takes, in what form it is written back, and what is said of anything else.

import PodiumCodec
import PodiumMachinery

extension SchemaDecoder {
    /// Reads a value that is not null; nil when it has the wrong type, or is the zero value of one that reads itself.
    mutating func decodeScalar(_ value: JSONValue, _ field: SchemaField) throws(DecodingError) -> JSONValue? {
        switch field.type {
        case .string: return accept(value, value.string != nil, field)
        case .bool: return accept(value, value.bool != nil, field)
        case .int32: return decodeInteger(value, field.goElementType, in: Int64(Int32.min)...Int64(Int32.max))
        case .int64: return decodeInteger(value, field.goElementType, in: .min ... .max)
        case .double: return decodeDouble(value, field)
        case .bytes: return decodeBytes(value, field)
        case .quantity: return try decodeQuantity(value)
        case .time: return try decodeTime(value, .seconds)
        case .microTime: return try decodeTime(value, .microseconds)
        case .intOrString: return try decodeIntOrString(value)
        case .schemaOrBool, .schemaOrArray, .schemaOrStringArray: return try decodeSchemaOr(value, field.type)
        case .raw, .object: return value
        }
    }

    private mutating func accept(_ value: JSONValue, _ isRight: Bool, _ field: SchemaField) -> JSONValue? {
        if isRight { return value }
        mismatch(value, field.goElementType)
        return nil
    }

    private mutating func decodeInteger(
        _ value: JSONValue,
        _ goType: String,
        in range: ClosedRange<Int64>
    ) -> JSONValue? {
        if case .integer(let number) = value, range.contains(number) { return value }
        if Self.isNegativeZero(value) { return 0 }
        if isConversion, let number = Self.wholeNumber(value), range.contains(number) { return .integer(number) }
        mismatch(value, goType, describedAs: Self.descriptionWithNumber(of: value))
        return nil
    }

    /// `-0`, which Go reads as the integer 0, but writes with a sign where it is a fraction.
    private static func isNegativeZero(_ value: JSONValue) -> Bool {
        if case .number(let number) = value { number.text == "-0" } else { false }
    }

    /// The integer that a number with a fraction or exponent stands for: `80.0`, `8e1`.
    private static func wholeNumber(_ value: JSONValue) -> Int64? {
        guard case .number(let number) = value else { return nil }
        return Int64(exactly: number.double)
    }

    /// A number that does not fit is quoted: `number 80.5`.
    private static func descriptionWithNumber(of value: JSONValue) -> String {
        switch value {
        case .integer(let number): "number \(number)"
        case .number(let number): "number \(number.text)"
        default: description(of: value)
        }
    }

    private mutating func decodeDouble(_ value: JSONValue, _ field: SchemaField) -> JSONValue? {
        switch value {
        case .integer: return value
        case .number(let number):
            guard number.double.isFinite else {
                mismatch(value, field.goElementType, describedAs: "number \(number.text)")
                return nil
            }
            return Self.canonical(number)
        default:
            mismatch(value, field.goElementType)
            return nil
        }
    }

    /// `1.50` as `1.5`, `1e3` as `1000`.
    private static func canonical(_ number: JSONNumber) -> JSONValue {
        let double = number.double
        // Below 2^53 every whole double is that integer exactly.
        if double == double.rounded(), abs(double) < 9_007_199_254_740_992 { return .integer(Int64(double)) }
        return .number(JSONNumber(text: "\(double)"))
    }

    private mutating func decodeBytes(_ value: JSONValue, _ field: SchemaField) -> JSONValue? {
        guard case .string(let text) = value else {
            mismatch(value, field.goElementType)
            return nil
        }
        switch Base64.decode(text) {
        case .success(let bytes): return .string(Base64.encode(bytes))
        case .failure(let error):
            note(DecodingError(message: (isConversion ? "error decoding from json: " : "") + error.message))
            return nil
        }
    }

    /// Quantities may be strings or numbers; what they are read from is the text of either.
    private func decodeQuantity(_ value: JSONValue) throws(DecodingError) -> JSONValue {
        do throws(QuantityError) {
            return try Quantity(value.string ?? value.jsonText).jsonValue
        } catch {
            throw DecodingError(message: error.description)
        }
    }

    private func decodeTime(_ value: JSONValue, _ precision: GoTime.Precision) throws(DecodingError) -> JSONValue? {
        guard case .string(let text) = value else { throw typeError(Self.description(of: value), "string") }
        switch GoTime.parse(text, precision) {
        case .success(let time): return time.isZero ? nil : .string(time.text(precision))
        case .failure(let error): throw DecodingError(message: error.message)
        }
    }

    private func decodeIntOrString(_ value: JSONValue) throws(DecodingError) -> JSONValue {
        switch value {
        case .string: return value
        case .integer(let number) where Int32(exactly: number) != nil: return value
        case .number where Self.isNegativeZero(value): return 0
        default: throw typeError(Self.descriptionWithNumber(of: value), "int32")
        }
    }
}

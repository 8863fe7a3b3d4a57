// SPDX-License-Identifier: Apache-2.0
// What types and fields mean, in one line each, read from openapi/descriptions.json.

import CPodiumData
import PodiumCodec

/// The texts that `kubectl explain` shows.
struct FieldDescriptions: Sendable {
    /// By type, and below it by field; the type itself stands under the empty name.
    private let types: [String: [String: String]]
    /// By the name of a field, whatever the type.
    private let fields: [String: String]

    /// The texts of the embedded file.
    init() {
        let data = podium_data_descriptions()
        let bytes = [UInt8](UnsafeRawBufferPointer(start: data.bytes, count: data.count))
        do {
            let document = try JSONValue(json: bytes)
            types = (document["types"]?.object ?? [:]).reduce(into: [:]) { $0[$1.key] = $1.value.stringMap }
            fields = document["fields"]?.stringMap ?? [:]
        } catch {
            preconditionFailure("openapi/descriptions.json is part of the binary and must be JSON: \(error)")
        }
    }

    /// The text of a type (`io.k8s.api.core.v1.Pod`).
    func type(_ name: String) -> String {
        let kind = Self.kind(of: name)
        return texts(of: name)[""] ?? "\(Self.sentence(kind))."
    }

    /// The text of a field of a type.
    func field(_ field: String, of type: String) -> String {
        if let text = texts(of: type)[field] ?? fields[field] { return text }
        return "\(Self.sentence(field)) of this \(Self.words(Self.kind(of: type)))."
    }

    /// The texts of a type: two types of the same name are told apart by group and version (`events.v1.Event`).
    private func texts(of name: String) -> [String: String] {
        let parts = name.split(separator: ".")
        return types[parts.suffix(3).joined(separator: ".")] ?? types[Self.kind(of: name)] ?? [:]
    }

    private static func kind(of name: String) -> String { name.split(separator: ".").last.map(String.init) ?? name }

    /// `maxSurge` as `max surge`, `CSIDriver` as `CSI driver`.
    private static func words(_ name: String) -> String {
        var words: [String] = []
        var word = ""
        let characters = Array(name)
        for (index, character) in characters.enumerated() {
            let next = index + 1 < characters.count ? characters[index + 1] : nil
            let endsRun = index > 0 && characters[index - 1].isUppercase && next?.isLowercase == true
            let startsWord = index > 0 && characters[index - 1].isLowercase
            if character.isUppercase, startsWord || endsRun {
                words.append(word)
                word = ""
            }
            word.append(character)
        }
        words.append(word)
        let isAcronym = { (word: String) in word.count > 1 && word.allSatisfy { $0.isUppercase || $0.isNumber } }
        return words.map { isAcronym($0) ? $0 : $0.lowercased() }.joined(separator: " ")
    }

    private static func sentence(_ name: String) -> String {
        let words = words(name)
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}

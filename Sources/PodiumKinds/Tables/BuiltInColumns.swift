// SPDX-License-Identifier: Apache-2.0
// The columns of the tables of the built-in kinds, read from openapi/columns.json.

import CPodiumData
import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// The columns of the built-in kinds.
enum BuiltInColumns {
    /// Those of a kind; nil when it has none of its own.
    static func of(_ resource: GroupResource) -> [TableColumn]? { all[resource.description] }

    private static let all: [String: [TableColumn]] = {
        let data = podium_data_columns()
        let bytes = [UInt8](UnsafeRawBufferPointer(start: data.bytes, count: data.count))
        do {
            let document = try JSONValue(json: bytes)
            return (document.object ?? [:]).reduce(into: [:]) { $0[$1.key] = $1.value.elements.map(column) }
        } catch {
            preconditionFailure("openapi/columns.json is part of the binary and must be JSON: \(error)")
        }
    }()

    private static func column(_ entry: JSONValue) -> TableColumn {
        TableColumn(
            name: entry["name"]?.string ?? "",
            type: entry["type"]?.string ?? "string",
            format: entry["format"]?.string ?? "",
            description: entry["description"]?.string ?? "",
            priority: entry["priority"]?.int ?? 0
        )
    }
}

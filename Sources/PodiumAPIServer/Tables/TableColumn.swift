// SPDX-License-Identifier: Apache-2.0
// The columns of the tables of each kind, read from openapi/columns.json.

import CPodiumData
import PodiumCodec
import PodiumMachinery

/// A column of a table.
package struct TableColumn: Hashable, Sendable {
    package let name: String
    /// `string`, `integer`, `boolean`, `number` or `date`.
    package let type: String
    /// `name` for the column that names the object.
    package let format: String
    package let description: String
    /// Above 0: shown only in wide output.
    package let priority: Int

    init(name: String, type: String = "string", format: String = "", description: String, priority: Int = 0) {
        self.name = name
        self.type = type
        self.format = format
        self.description = description
        self.priority = priority
    }

    /// The entry of `columnDefinitions`.
    var definition: JSONValue {
        [
            "name": .string(name), "type": .string(type), "format": .string(format),
            "description": .string(description), "priority": .integer(Int64(priority)),
        ]
    }
}

extension TableColumn {
    private static let nameDescription = "Name of the object, unique within its namespace."

    /// The columns of kinds that have none of their own.
    static let standard = [
        TableColumn(name: "Name", format: "name", description: nameDescription),
        TableColumn(name: "Created At", type: "date", description: "When the object was created."),
    ]

    /// The columns of a built-in kind; nil when it has none of its own.
    static func builtIn(_ resource: GroupResource) -> [TableColumn]? { all[resource.description] }

    private static let all: [String: [TableColumn]] = {
        let data = podium_data_columns()
        let bytes = [UInt8](UnsafeRawBufferPointer(start: data.bytes, count: data.count))
        do {
            let document = try JSONValue(json: bytes)
            return (document.object ?? [:]).reduce(into: [:]) { $0[$1.key] = $1.value.elements.map(TableColumn.init) }
        } catch {
            preconditionFailure("openapi/columns.json is part of the binary and must be JSON: \(error)")
        }
    }()

    private init(entry: JSONValue) {
        self.init(
            name: entry["name"]?.string ?? "",
            type: entry["type"]?.string ?? "string",
            format: entry["format"]?.string ?? "",
            description: entry["description"]?.string ?? "",
            priority: entry["priority"]?.int ?? 0
        )
    }
}

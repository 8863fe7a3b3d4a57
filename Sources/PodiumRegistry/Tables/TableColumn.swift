// SPDX-License-Identifier: Apache-2.0
// The columns of tables.

package import PodiumCodec

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

    package init(name: String, type: String = "string", format: String = "", description: String, priority: Int = 0) {
        self.name = name
        self.type = type
        self.format = format
        self.description = description
        self.priority = priority
    }

    /// The entry of `columnDefinitions`.
    package var definition: JSONValue {
        [
            "name": .string(name), "type": .string(type), "format": .string(format),
            "description": .string(description), "priority": .integer(Int64(priority)),
        ]
    }
}

extension TableColumn {
    private static let nameDescription = "Name of the object, unique within its namespace."

    /// The columns of kinds that have none of their own.
    package static let standard = [
        TableColumn(name: "Name", format: "name", description: nameDescription),
        TableColumn(name: "Created At", type: "date", description: "When the object was created."),
    ]
}

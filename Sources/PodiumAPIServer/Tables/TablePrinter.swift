// SPDX-License-Identifier: Apache-2.0
// Makes a `Table` of objects: what `kubectl get` prints.

package import PodiumCodec
import PodiumKinds
package import PodiumMachinery
package import PodiumRegistry

/// How much of an object stands in its row.
package enum TableInclude: String, Sendable {
    case metadata = "Metadata"
    case none = "None"
    case object = "Object"

    /// Reads the parameter `includeObject` of a query.
    /// - Throws: 400 when it is something else.
    package init(parameter: String?) throws(StatusError) {
        guard let parameter, !parameter.isEmpty else {
            self = .metadata
            return
        }
        guard let value = TableInclude(rawValue: parameter) else {
            let problem = "includeObject: Invalid value: \(FieldError.quoted(parameter))"
            throw .badRequest(
                "Unable to convert to Table as requested: \(problem): must be 'Metadata', 'Object', 'None', or empty"
            )
        }
        self = value
    }
}

/// The metadata of a list.
package struct ListMetadata: Hashable, Sendable {
    package var resourceVersion: String
    /// The token for the rest of the list; empty when there is no rest.
    package var continueToken: String
    /// How many objects are left; nil when unknown or none.
    package var remainingItemCount: Int?

    package init(resourceVersion: String, continueToken: String = "", remainingItemCount: Int? = nil) {
        self.resourceVersion = resourceVersion
        self.continueToken = continueToken
        self.remainingItemCount = remainingItemCount
    }

    /// The object as it stands in a list.
    package var value: JSONValue {
        var value: JSONObject = [:]
        if !resourceVersion.isEmpty { value["resourceVersion"] = .string(resourceVersion) }
        if !continueToken.isEmpty { value["continue"] = .string(continueToken) }
        if let remainingItemCount { value["remainingItemCount"] = .integer(Int64(remainingItemCount)) }
        return .object(value)
    }
}

/// Makes tables of the objects of one kind.
// Kubernetes: apiserver/pkg/endpoints/handlers/response.go asTable, pkg/printers/storage/storage.go
package struct TablePrinter: Sendable {
    /// The version of `meta.k8s.io` that was asked for.
    package let version: String
    package let include: TableInclude

    private let columns: [TableColumn]
    private let cells: @Sendable (TableCells) -> [JSONValue]
    private let conditions: @Sendable (JSONValue) -> [JSONValue]

    /// Makes a printer of the objects of a collection.
    package init(_ definition: ResourceDefinition, version: String = "v1", include: TableInclude = .metadata) {
        let rules = definition.rules
        self.init(
            rules.columns(),
            rules.cells ?? { $0.standard },
            rules.rowConditions,
            version: version,
            include: include
        )
    }

    /// Makes a printer of what a subresource answers with when that is a `Scale`.
    package static func scale(version: String = "v1", include: TableInclude = .metadata) -> TablePrinter {
        TablePrinter(ScaleTable.columns, ScaleTable.cells, { _ in [] }, version: version, include: include)
    }

    private init(
        _ columns: [TableColumn],
        _ cells: @escaping @Sendable (TableCells) -> [JSONValue],
        _ conditions: @escaping @Sendable (JSONValue) -> [JSONValue],
        version: String,
        include: TableInclude
    ) {
        self.columns = columns
        self.cells = cells
        self.conditions = conditions
        self.version = version
        self.include = include
    }

    /// The row of one object.
    package func row(_ object: JSONValue, now: Timestamp) -> JSONValue {
        var row: JSONObject = ["cells": .array(cells(TableCells(object: object, now: now)))]
        let conditions = conditions(object)
        if !conditions.isEmpty { row["conditions"] = .array(conditions) }
        switch include {
        case .none: row["object"] = .null
        case .object: row["object"] = object
        case .metadata: row["object"] = PartialMetadata.object(object, version: version)
        }
        return .object(row)
    }

    /// A table of a list; `showsColumns` is false for every event of a watch but the first.
    package func table(
        _ objects: [JSONValue],
        metadata: ListMetadata,
        now: Timestamp,
        showsColumns: Bool = true
    ) -> JSONValue {
        [
            "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": metadata.value,
            "columnDefinitions": showsColumns ? .array(columns.map(\.definition)) : .null,
            "rows": .array(objects.map { row($0, now: now) }),
        ]
    }

    /// A table of one object, which is what answers to single objects and watch events hold.
    package func table(_ object: JSONValue, now: Timestamp, showsColumns: Bool = true) -> JSONValue {
        let metadata = ListMetadata(resourceVersion: object.text("metadata", "resourceVersion"))
        return table([object], metadata: metadata, now: now, showsColumns: showsColumns)
    }

    /// The JSON text of a table up to its first row, for a list that is written in pieces.
    ///
    /// Behind it come the rows with commas between, and `]}` and a newline.
    package func head(metadata: ListMetadata) -> [UInt8] {
        let whole = table([], metadata: metadata, now: Timestamp(nanoseconds: 0)).encoded()
        return Array(whole.dropLast(2))
    }
}

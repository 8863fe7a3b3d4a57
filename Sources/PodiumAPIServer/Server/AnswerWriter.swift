// SPDX-License-Identifier: Apache-2.0
// Turns what a verb found into the form that the client asked for.

import OrderedCollections
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// Writes the answers to one request.
struct AnswerWriter {
    private let request: ResourceRequest
    private let form: MediaTypeNegotiation
    private let printer: TablePrinter
    private let now: Timestamp

    init(_ request: ResourceRequest, _ server: APIServer) throws(StatusError) {
        self.request = request
        form = request.form
        printer = server.currentDocuments.tables
        now = server.components.host.clock.now
    }

    // MARK: Objects

    /// The answer with a stored object: its bytes as they are, when nothing else was asked for.
    func object(_ object: StoredObject, status: Int = 200, warnings: [String] = []) throws(StatusError) -> HTTPResponse {
        if form == MediaTypeNegotiation() {
            return HTTPResponse(
                status: status,
                contentType: MediaFormat.json.contentType,
                headers: Self.warningHeaders(warnings),
                body: .bytes(object.bytes.slice)
            )
        }
        return try transformed(object.value(), status: status, warnings: warnings)
    }

    /// The answer with what a write left behind.
    func result(_ result: WriteResult, status: Int, warnings: [String]) throws(StatusError) -> HTTPResponse {
        switch result {
        case .stored(let object): try self.object(object, status: status, warnings: warnings)
        case .transient(let value): try transformed(value, status: status, warnings: warnings)
        }
    }

    private func transformed(_ value: JSONValue, status: Int, warnings: [String]) throws(StatusError) -> HTTPResponse {
        switch form.transform {
        case .none, .aggregatedDiscovery: break
        case .table(let version):
            let table = printer.table(
                objects: [value],
                definition: request.definition,
                listMetadata: Self.tableMetadata(of: value),
                options: try tableOptions(version),
                now: now
            )
            return self.value(table, status: status, warnings: warnings)
        case .partialMetadata(let version):
            let partial = PartialObjectMetadata.make(of: value, version: version)
            return self.value(partial, status: status, warnings: warnings)
        case .partialMetadataList:
            throw StatusError(
                code: 406,
                reason: .notAcceptable,
                message: "you requested PartialObjectMetadataList, but the requested object is not a list "
                    + "(\(GoTypeName.of(request.definition, isList: false)))"
            )
        }
        return self.value(value, status: status, warnings: warnings)
    }

    /// The answer with any object, in the format and with the indentation asked for.
    func value(_ value: JSONValue, status: Int, warnings: [String] = []) -> HTTPResponse {
        Self.encode(value, form: form, status: status, headers: Self.warningHeaders(warnings))
    }

    static func encode(
        _ value: JSONValue,
        form: MediaTypeNegotiation,
        status: Int,
        headers: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        let bytes: [UInt8]
        var contentType = MediaFormat.json.contentType
        if form.format == .yaml {
            bytes = Array(YAMLWriter.text(of: value).utf8)
            contentType = MediaFormat.yaml.contentType
        } else if form.isPretty {
            bytes = JSONIndenter.indent(value.encoded())
        } else {
            var writer = JSONWriter()
            writer.write(value)
            writer.raw("\n")
            bytes = writer.bytes
        }
        return HTTPResponse(
            status: status,
            contentType: contentType,
            headers: headers,
            body: .bytes(EncodedBytes(bytes).slice)
        )
    }

    static func warningHeaders(_ warnings: [String]) -> [(name: String, value: String)] {
        var seen: Set<String> = []
        return warnings.filter { seen.insert($0).inserted }.map { text in
            let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return (name: "Warning", value: "299 - \"\(escaped)\"")
        }
    }

    // MARK: Lists

    func list(_ result: ListResult) throws(StatusError) -> HTTPResponse {
        switch form.transform {
        case .none, .aggregatedDiscovery:
            if form == MediaTypeNegotiation() { return plainList(result) }
            return value(listValue(result, result.objects.map { Self.untyped($0.value(), request.definition) }), status: 200)
        case .table(let version):
            let table = printer.table(
                objects: result.objects.map { $0.value() },
                definition: request.definition,
                listMetadata: Self.metadata(result),
                options: try tableOptions(version),
                now: now
            )
            return value(table, status: 200)
        case .partialMetadataList(let version):
            let items = result.objects.map { PartialObjectMetadata.make(of: $0.value(), version: version) }
            return value(PartialObjectMetadata.list(items, metadata: Self.metadata(result), version: version), status: 200)
        case .partialMetadata:
            throw StatusError(
                code: 406,
                reason: .notAcceptable,
                message: "you requested PartialObjectMetadata, but the requested object is a list "
                    + "(\(GoTypeName.of(request.definition, isList: true)))"
            )
        }
    }

    /// Items of typed lists do not repeat their type.
    private static func untyped(_ value: JSONValue, _ definition: ResourceDefinition) -> JSONValue {
        if definition.isCustom { return value }
        var value = value
        value["kind"] = nil
        value["apiVersion"] = nil
        return value
    }

    private static func metadata(_ result: ListResult) -> JSONValue {
        var metadata: JSONObject = ["resourceVersion": .string(result.revision.description)]
        if let next = result.next { metadata["continue"] = .string(next.text) }
        if let remaining = result.remaining { metadata["remainingItemCount"] = .integer(Int64(remaining)) }
        return .object(metadata)
    }

    private static func tableMetadata(of value: JSONValue) -> JSONValue {
        guard let version = value[path: "metadata", "resourceVersion"] else { return .emptyObject }
        return ["resourceVersion": version]
    }

    private func listValue(_ result: ListResult, _ items: [JSONValue]) -> JSONValue {
        [
            "kind": .string(request.definition.listKind), "apiVersion": .string(request.definition.apiVersion),
            "metadata": Self.metadata(result), "items": .array(items),
        ]
    }

    /// A list as a join of stored bytes: copied once when it is small, streamed without a copy when it is large.
    private func plainList(_ result: ListResult) -> HTTPResponse {
        var writer = JSONWriter()
        writer.raw("{\"kind\":")
        writer.write(request.definition.listKind)
        writer.raw(",\"apiVersion\":")
        writer.write(request.definition.apiVersion)
        writer.raw(",\"metadata\":")
        writer.write(Self.metadata(result))
        writer.raw(",\"items\":[")
        let body = ListBody(
            head: EncodedBytes(writer.bytes),
            objects: result.objects,
            isTyped: request.definition.isCustom
        )
        return HTTPResponse(status: 200, contentType: MediaFormat.json.contentType, body: body.responseBody)
    }

    private func tableOptions(_ version: String) throws(StatusError) -> TableOptions {
        try TableOptions(includeObject: request.query["includeObject"], version: version)
    }

    // MARK: Watches

    func watchEncoding() throws(StatusError) -> any WatchEventEncoding {
        let clock = now
        switch form.transform {
        case .none, .aggregatedDiscovery: return PlainWatchEncoding()
        case .table(let version):
            let options = try tableOptions(version)
            let printer = printer
            let definition = request.definition
            return TransformedWatchEncoding { value, isFirst in
                printer.watchTable(of: value, definition: definition, options: options, isFirst: isFirst, now: clock)
            }
        case .partialMetadata(let version), .partialMetadataList(let version):
            return TransformedWatchEncoding { value, _ in PartialObjectMetadata.make(of: value, version: version) }
        }
    }
}

// MARK: Failures

extension AnswerWriter {
    /// The answer with an error.
    static func failure(_ error: StatusError, to request: HTTPRequest) -> HTTPResponse {
        if error == .unknownGroup { return pageNotFound }
        let pretty = (try? QueryParameters(request.rawQuery))?["pretty"]
        let form = MediaTypeNegotiation.forError(
            accept: request.headers["accept"],
            pretty: pretty,
            userAgent: request.headers["user-agent"]
        )
        var headers: [(name: String, value: String)] = []
        if let seconds = error.details?.retryAfterSeconds { headers.append(("Retry-After", String(seconds))) }
        return encode(error.status, form: form, status: error.code, headers: headers)
    }

    /// The answer for paths that no part of the API knows.
    static var pageNotFound: HTTPResponse {
        HTTPResponse(
            status: 404,
            contentType: "text/plain; charset=utf-8",
            headers: [("X-Content-Type-Options", "nosniff")],
            body: .bytes(EncodedBytes("404 page not found\n").slice)
        )
    }
}

/// The Go type of a kind, which two error texts show: `*core.PodList`.
enum GoTypeName {
    static func of(_ definition: ResourceDefinition, isList: Bool) -> String {
        if definition.isCustom { return isList ? "*unstructured.UnstructuredList" : "*unstructured.Unstructured" }
        let package = definition.group.isEmpty ? "core" : String(definition.group.prefix { $0 != "." })
        return "*\(package).\(isList ? definition.listKind : definition.kind)"
    }
}

extension MediaTypeNegotiation {
    /// The content type of a watch in this form.
    var watchContentType: String { format.contentType }
}

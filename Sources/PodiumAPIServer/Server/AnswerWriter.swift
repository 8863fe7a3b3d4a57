// SPDX-License-Identifier: Apache-2.0
// Turns what a verb found into the form that the client asked for.

import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

/// Writes the answers to one request.
struct AnswerWriter {
    private let request: ResourceRequest
    private let api: ClusterAPI

    init(_ request: ResourceRequest, _ server: APIServer) {
        self.request = request
        api = server.api
    }

    private var form: MediaTypeNegotiation { request.form }
    private var clock: any HostClock { api.host.clock }

    // MARK: Objects

    /// The answer with a stored object: its bytes as they are, when nothing else was asked for.
    func object(_ object: StoredObject, status: Int = 200) throws(StatusError) -> HTTPResponse {
        if form.isPlain, request.definition.rules.conversion == nil {
            return HTTPResponse(
                status: status,
                contentType: MediaFormat.json.contentType,
                headers: headers,
                body: .bytes(object.bytes.slice)
            )
        }
        return try transformed(request.definition.value(of: object), status: status)
    }

    /// The answer with what a write left behind.
    func result(_ result: WriteResult, status: Int) throws(StatusError) -> HTTPResponse {
        switch result {
        case .stored(let object): try self.object(object, status: status)
        case .transient(let value): try transformed(value, status: status)
        }
    }

    private func transformed(_ value: JSONValue, status: Int) throws(StatusError) -> HTTPResponse {
        try PartialMetadata.check(form.transform, isList: false, request.definition)
        switch form.transform {
        case .table(let version):
            let table = try printer(version).table(request.definition.stored(value), now: clock.now)
            return self.value(table, status: status)
        case .partialMetadata(let version):
            return self.value(PartialMetadata.object(value, version: version), status: status)
        case .none, .partialMetadataList, .aggregatedDiscovery:
            return self.value(value, status: status)
        }
    }

    /// The answer with any object, in the format and with the indentation asked for.
    func value(_ value: JSONValue, status: Int) -> HTTPResponse {
        Self.encode(value, form: form, status: status, headers: headers)
    }

    static func encode(
        _ value: JSONValue,
        form: MediaTypeNegotiation,
        status: Int,
        headers: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        HTTPResponse(
            status: status,
            contentType: form.format.contentType,
            headers: headers,
            body: .bytes(EncodedBytes(value.encoded(in: form)).slice)
        )
    }

    private var headers: [(name: String, value: String)] { Self.warningHeaders(of: request) }

    /// The warnings of a request, behind the one that goes with every request to an API that is to be given up.
    static func warningHeaders(of request: ResourceRequest) -> [(name: String, value: String)] {
        let deprecation = request.definition.deprecationWarning
        let texts = request.warningTexts
        if deprecation == nil, texts.isEmpty { return [] }
        return WarningHeaders((deprecation.map { [$0] } ?? []) + texts).fields
    }

    // MARK: Lists

    func list(_ result: ListResult) throws(StatusError) -> HTTPResponse {
        try PartialMetadata.check(form.transform, isList: true, request.definition)
        let metadata = Self.metadata(result)
        switch form.transform {
        case .none, .partialMetadata, .aggregatedDiscovery:
            let definition = request.definition
            if form.isPlain, definition.rules.conversion == nil { return plainList(result) }
            let items = result.objects.map { Self.untyped(definition.value(of: $0)) }
            return value(listValue(result, items), status: 200)
        case .table(let version):
            let objects = result.objects.map { $0.value() }
            return value(try printer(version).table(objects, metadata: metadata, now: clock.now), status: 200)
        case .partialMetadataList(let version):
            let objects = result.objects.map { $0.value() }
            return value(PartialMetadata.list(objects, metadata: metadata, version: version), status: 200)
        }
    }

    /// The answer with a list of objects that are not stored.
    func list(of objects: [JSONValue]) throws(StatusError) -> HTTPResponse {
        try PartialMetadata.check(form.transform, isList: true, request.definition)
        let metadata = ListMetadata(resourceVersion: "")
        switch form.transform {
        case .none, .partialMetadata, .aggregatedDiscovery:
            let list: JSONValue = [
                "kind": .string(request.definition.listKind), "apiVersion": .string(request.definition.apiVersion),
                "metadata": metadata.value,
                "items": .array(objects.map(Self.untyped)),
            ]
            return value(list, status: 200)
        case .table(let version):
            return value(try printer(version).table(objects, metadata: metadata, now: clock.now), status: 200)
        case .partialMetadataList(let version):
            return value(PartialMetadata.list(objects, metadata: metadata, version: version), status: 200)
        }
    }

    /// Items of typed lists do not repeat their type.
    private static func untyped(_ value: JSONValue) -> JSONValue {
        var value = value
        value["kind"] = nil
        value["apiVersion"] = nil
        return value
    }

    private static func metadata(_ result: ListResult) -> ListMetadata {
        ListMetadata(
            resourceVersion: result.revision.description,
            continueToken: result.next?.text ?? "",
            remainingItemCount: result.remaining
        )
    }

    private func listValue(_ result: ListResult, _ items: [JSONValue]) -> JSONValue {
        [
            "kind": .string(request.definition.listKind), "apiVersion": .string(request.definition.apiVersion),
            "metadata": Self.metadata(result).value, "items": .array(items),
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
        writer.write(Self.metadata(result).value)
        writer.raw(",\"items\":[")
        let body = ListBody(head: writer.encoded, objects: result.objects)
        return HTTPResponse(
            status: 200,
            contentType: MediaFormat.json.contentType,
            headers: headers,
            body: body.responseBody
        )
    }

    private func printer(_ version: String) throws(StatusError) -> TablePrinter {
        let include = try TableInclude(parameter: request.query["includeObject"])
        return TablePrinter(request.definition, version: version, include: include)
    }

    // MARK: Watches

    func watchEncoding() throws(StatusError) -> any WatchEventEncoding {
        switch form.transform {
        case .none, .aggregatedDiscovery:
            guard let conversion = request.definition.rules.conversion else { return PlainWatchEncoding() }
            return TransformedWatchEncoding { value, _ in conversion.shown(value) }
        case .table(let version):
            let printer = try printer(version)
            return TransformedWatchEncoding { [clock] value, isFirst in
                printer.table(value, now: clock.now, showsColumns: isFirst)
            }
        case .partialMetadataList:
            // One object is no list: upstream opens the stream and shows nothing in it.
            return EmptyWatchEncoding()
        case .partialMetadata(let version):
            return TransformedWatchEncoding { value, _ in PartialMetadata.object(value, version: version) }
        }
    }
}

// MARK: Failures

extension AnswerWriter {
    /// The answer with an error.
    /// A failure in the form in which nobody asked for another one.
    static func failure(_ error: StatusError) -> HTTPResponse {
        encode(error.status, form: MediaTypeNegotiation(), status: error.code, headers: [])
    }

    static func failure(
        _ error: StatusError,
        to request: HTTPRequest,
        warnings: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        if error == .unknownGroup { return .pageNotFound }
        let pretty = (try? QueryParameters(request.rawQuery))?["pretty"]
        let form = MediaTypeNegotiation.forError(
            accept: request.headers.accept,
            pretty: pretty,
            userAgent: request.headers.userAgent
        )
        var headers = warnings
        if let seconds = error.details?.retryAfterSeconds { headers.append(("Retry-After", String(seconds))) }
        return encode(error.status, form: form, status: error.code, headers: headers)
    }
}

extension MediaTypeNegotiation {
    /// Whether objects are answered as they are stored.
    var isPlain: Bool {
        guard case .none = transform, case .json = format else { return false }
        return !isPretty
    }

    /// The content type of a watch in this form.
    var watchContentType: String { format.contentType }
}

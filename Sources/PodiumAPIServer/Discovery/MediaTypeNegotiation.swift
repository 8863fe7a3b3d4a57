// SPDX-License-Identifier: Apache-2.0
// In which form an answer is written: its format, its indentation, and what is made of the object before.

package import PodiumCodec
package import PodiumMachinery

/// A format in which objects are written. Kubernetes' third one, protobuf, is refused, so that clients that prefer it
/// and take JSON as well get JSON.
package enum MediaFormat: String, Sendable, CaseIterable {
    case json = "application/json"
    case yaml = "application/yaml"

    /// The value of `Content-Type`.
    package var contentType: String { rawValue }

    var subtype: Substring { rawValue.dropFirst("application/".count) }

    /// Whether a watch can be written in it.
    package var canStream: Bool { self != .yaml }
}

/// What is made of the objects of an answer before they are written.
package enum MediaTransform: Hashable, Sendable {
    /// They are written as they are.
    case none
    /// A `Table` of `meta.k8s.io/VERSION`.
    case table(version: String)
    /// A `PartialObjectMetadata` of `meta.k8s.io/VERSION`: the metadata alone.
    case partialMetadata(version: String)
    /// A `PartialObjectMetadataList` of `meta.k8s.io/VERSION`.
    case partialMetadataList(version: String)
    /// An `APIGroupDiscoveryList` of `apidiscovery.k8s.io/VERSION`.
    case aggregatedDiscovery(version: String)
}

/// What an endpoint can answer with.
package struct MediaCapabilities: Sendable {
    /// What it can make of an object.
    package enum Transforms: Sendable {
        case none
        case objects
        case discovery
    }

    /// In order of preference.
    package let formats: [MediaFormat]
    package let transforms: Transforms
    /// Whether the answer is a watch.
    package let isStream: Bool
    /// Whether `stream=watch` may be asked for.
    private let takesStreamParameter: Bool
    /// Whether Kubernetes has it in protobuf, which the message of a 406 then names.
    private let namesProtobuf: Bool

    private init(_ transforms: Transforms, isStream: Bool = false, namesProtobuf: Bool = false, yaml: Bool = true) {
        formats = yaml ? [.json, .yaml] : [.json]
        self.transforms = transforms
        self.isStream = isStream
        self.namesProtobuf = namesProtobuf
        takesStreamParameter = transforms == .objects
    }

    /// Resources.
    package static let objects = MediaCapabilities(.objects, namesProtobuf: true)
    /// Watches of resources.
    package static let watch = MediaCapabilities(.objects, isStream: true, namesProtobuf: true)
    /// Errors.
    package static let errors = MediaCapabilities(.none)
    /// The documents of discovery.
    package static let documents = MediaCapabilities(.none)
    /// OpenAPI documents.
    package static let openAPI = MediaCapabilities(.none, yaml: false)
    /// `/api` and `/apis`, which can be aggregated.
    package static let discovery = MediaCapabilities(.discovery)

    /// Whether it takes the parameter `stream`.
    func allowsStream(_ value: Substring, in format: MediaFormat) -> Bool {
        takesStreamParameter && value == "watch" && format.canStream
    }

    /// The names in the message of a 406. One who asks for nothing but protobuf is not told that it is there.
    func names(refusing accept: String?) -> [String] {
        let usable = isStream ? formats.filter(\.canStream) : formats
        let isNamed = namesProtobuf && accept?.contains(Self.protobuf) != true
        let names = usable.map(\.rawValue) + (isNamed ? [Self.protobuf] : [])
        return isStream ? names.map { "\($0);stream=watch" } : names
    }

    static let protobuf = "application/vnd.kubernetes.protobuf"
}

/// The form of an answer that client and endpoint agree upon.
// Kubernetes: apiserver/pkg/endpoints/handlers/negotiation/negotiate.go
package struct MediaTypeNegotiation: Hashable, Sendable {
    package var format: MediaFormat
    /// Whether JSON is indented; it then ends without a newline.
    package var isPretty: Bool
    package var transform: MediaTransform

    package init(format: MediaFormat = .json, isPretty: Bool = false, transform: MediaTransform = .none) {
        self.format = format
        self.isPretty = isPretty
        self.transform = transform
    }

    /// The form that the header `accept` asks for; nil when `endpoint` has none of that kind.
    ///
    /// `accept` is the first Accept header; nil or an empty one takes JSON. `pretty` is that parameter of the query;
    /// without it people who use curl, wget or a browser, known by `userAgent`, get indented JSON.
    package init?(accept: String?, pretty: String?, userAgent: String?, endpoint: MediaCapabilities) {
        guard let (format, wantsPretty, transform) = Self.choose(accept ?? "", endpoint) else { return nil }
        if endpoint.isStream, !format.canStream { return nil }
        self.format = format
        self.transform = transform
        isPretty = wantsPretty || Self.isPretty(parameter: pretty, userAgent: userAgent)
    }

    /// The form that a request asks for.
    /// - Throws: 406 when `endpoint` cannot give it.
    package static func negotiate(
        accept: String?,
        pretty: String?,
        userAgent: String?,
        endpoint: MediaCapabilities
    ) throws(StatusError) -> MediaTypeNegotiation {
        let result = MediaTypeNegotiation(accept: accept, pretty: pretty, userAgent: userAgent, endpoint: endpoint)
        guard let result else {
            throw StatusError(
                code: 406,
                reason: .notAcceptable,
                message: "only the following media types are accepted: "
                    + endpoint.names(refusing: accept).joined(separator: ", ")
            )
        }
        return result
    }

    /// The form of an error for a request: what it asks for, else indented JSON.
    package static func forError(accept: String?, pretty: String?, userAgent: String?) -> MediaTypeNegotiation {
        MediaTypeNegotiation(accept: accept, pretty: pretty, userAgent: userAgent, endpoint: .errors)
            ?? MediaTypeNegotiation(format: .json, isPretty: true)
    }

    private static func choose(_ accept: String, _ endpoint: MediaCapabilities) -> (MediaFormat, Bool, MediaTransform)?
    {
        if accept.isEmpty { return (endpoint.formats.first ?? .json, false, .none) }
        for clause in AcceptClause.read(accept) {
            for format in endpoint.formats where clause.covers(format) {
                if let (pretty, transform) = accepts(clause, in: format, endpoint) {
                    return (format, pretty, transform)
                }
            }
        }
        return nil
    }

    private static func accepts(
        _ clause: AcceptClause,
        in format: MediaFormat,
        _ endpoint: MediaCapabilities
    ) -> (pretty: Bool, transform: MediaTransform)? {
        var kind: Substring?
        var group: Substring = ""
        var version: Substring = ""
        var isPretty = false
        for (name, value) in clause.parameters {
            switch name {
            case "as": kind = value
            case "g": group = value
            case "v": version = value
            case "pretty": isPretty = value == "1"
            case "stream": if !endpoint.allowsStream(value, in: format) { return nil }
            default: break
            }
        }
        guard let kind else { return (isPretty, .none) }
        let transform = transform(kind: kind, group: group, version: String(version), endpoint.transforms)
        return transform.map { (isPretty, $0) }
    }

    private static func transform(
        kind: Substring,
        group: Substring,
        version: String,
        _ allowed: MediaCapabilities.Transforms
    ) -> MediaTransform? {
        switch (allowed, group, kind) {
        case (.objects, "meta.k8s.io", "Table") where isMeta(version): .table(version: version)
        case (.objects, "meta.k8s.io", "PartialObjectMetadata") where isMeta(version):
            .partialMetadata(version: version)
        case (.objects, "meta.k8s.io", "PartialObjectMetadataList") where isMeta(version):
            .partialMetadataList(version: version)
        case (.discovery, "apidiscovery.k8s.io", "APIGroupDiscoveryList") where version == "v2" || version == "v2beta1":
            .aggregatedDiscovery(version: version)
        default: nil
        }
    }

    private static func isMeta(_ version: String) -> Bool { version == "v1" || version == "v1beta1" }

    private static func isPretty(parameter: String?, userAgent: String?) -> Bool {
        if let parameter, !parameter.isEmpty { return isTrue(parameter) }
        guard let userAgent else { return false }
        return ["curl", "Wget", "Mozilla/5.0"].contains { userAgent.hasPrefix($0) }
    }

    /// The spellings that Go's `strconv.ParseBool` takes for true.
    private static func isTrue(_ text: String) -> Bool { ["1", "t", "T", "TRUE", "true", "True"].contains(text) }
}

extension JSONValue {
    /// The text of this value in the format and indentation of `form`: compact JSON and YAML end in a newline.
    package func encoded(in form: MediaTypeNegotiation) -> [UInt8] {
        if form.format == .yaml { return yaml }
        let compact = encoded()
        return form.isPretty ? JSONIndenter.indent(compact) : compact + [UInt8(ascii: "\n")]
    }
}

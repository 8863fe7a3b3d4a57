// SPDX-License-Identifier: Apache-2.0
// The events of a YAML text, as libyaml reads them: scalars, aliases, and where collections begin and end.

import CYAML

/// A step through a YAML text.
struct YAMLEvent {
    /// A scalar that nobody has interpreted yet.
    struct Scalar: Equatable {
        let text: String
        /// Whether it was written without quotes.
        let isPlain: Bool
        /// The tag that was written, in full; nil for none.
        let tag: String?
        let anchor: String?
    }

    enum Kind: Equatable {
        case streamStart
        case streamEnd
        case documentStart
        case documentEnd
        case scalar(Scalar)
        case alias(String)
        case sequenceStart(anchor: String?)
        case sequenceEnd
        case mappingStart(anchor: String?)
        case mappingEnd
    }

    let kind: Kind
    /// Counted from 1.
    let line: Int

    /// Whether this is the key with which another mapping is merged.
    var isMerge: Bool {
        guard case .scalar(let scalar) = kind, scalar.text == "<<" else { return false }
        return scalar.isPlain && scalar.tag == nil || scalar.tag == "tag:yaml.org,2002:merge"
    }
}

/// Reads the events of one text, which must outlive it.
final class YAMLEvents {
    // The parser of libyaml points at itself, so it must not move.
    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    private let isReady: Bool

    init(_ text: UnsafeBufferPointer<UInt8>) {
        parser.initialize(to: yaml_parser_t())
        isReady = yaml_parser_initialize(parser) == 1
        guard isReady else { return }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        if isReady { yaml_parser_delete(parser) }
        parser.deinitialize(count: 1)
        parser.deallocate()
    }

    /// The next event. Behind the end of the stream there are only further ends.
    func next() throws(YAMLError) -> YAMLEvent {
        var event = yaml_event_t()
        guard isReady, yaml_parser_parse(parser, &event) == 1 else { throw YAMLError(message: problem) }
        defer { yaml_event_delete(&event) }
        return YAMLEvent(kind: Self.kind(of: event), line: Int(event.start_mark.line) + 1)
    }

    private static func kind(of event: yaml_event_t) -> YAMLEvent.Kind {
        switch event.type {
        case YAML_STREAM_START_EVENT: .streamStart
        case YAML_DOCUMENT_START_EVENT: .documentStart
        case YAML_DOCUMENT_END_EVENT: .documentEnd
        case YAML_ALIAS_EVENT: .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT: .scalar(scalar(event))
        case YAML_SEQUENCE_START_EVENT: .sequenceStart(anchor: text(event.data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT: .sequenceEnd
        case YAML_MAPPING_START_EVENT: .mappingStart(anchor: text(event.data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT: .mappingEnd
        default: .streamEnd
        }
    }

    private static func scalar(_ event: yaml_event_t) -> YAMLEvent.Scalar {
        let scalar = event.data.scalar
        return YAMLEvent.Scalar(
            text: String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self),
            isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
            tag: text(scalar.tag),
            anchor: text(scalar.anchor)
        )
    }

    private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    /// Why the parser gave up, with the line as goyaml.v2 counts it.
    // goyaml.v2: decode.go fail
    private var problem: String {
        let state = parser.pointee
        let isScanner = state.error == YAML_SCANNER_ERROR
        let marked = state.context_mark.line != 0 ? state.context_mark.line : state.problem_mark.line
        let place = marked == 0 ? "" : "line \(marked + (isScanner ? 1 : 0)): "
        let problem = state.problem.map { String(cString: $0) } ?? "unknown problem parsing YAML content"
        return "yaml: \(place)\(problem)"
    }
}

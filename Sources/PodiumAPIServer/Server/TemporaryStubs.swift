import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumSchema
struct TablePrinter: Sendable {
    func table(objects: [JSONValue], definition: ResourceDefinition, listMetadata: JSONValue, options: TableOptions, now: Timestamp) -> JSONValue { .null }
    func watchTable(of: JSONValue, definition: ResourceDefinition, options: TableOptions, isFirst: Bool, now: Timestamp) -> JSONValue { .null }
}
struct TableOptions: Sendable { init(includeObject: String?, version: String) throws(StatusError) {} }
enum PartialObjectMetadata { static func make(of: JSONValue, version: String) -> JSONValue { of }
 static func list(_ items: [JSONValue], metadata: JSONValue, version: String) -> JSONValue { .array(items) } }
enum YAMLWriter { static func text(of v: JSONValue) -> String { v.jsonText } }
enum JSONIndenter { static func indent(_ b: [UInt8]) -> [UInt8] { b } }
enum PatchType { case json, merge, strategic }
enum Patch { static func apply(type: PatchType, patch: [UInt8], to: JSONValue, schema: Schema?) throws(StatusError) -> JSONValue { to } }
struct PodEphemeralContainersStrategy: ResourceStrategy { func nameErrors(_ name: String, isPrefix: Bool) -> [String] { [] } }
struct PodResizeStrategy: ResourceStrategy { func nameErrors(_ name: String, isPrefix: Bool) -> [String] { [] } }
enum PodBinding { static func assign(pod: inout JSONValue, binding: JSONValue, now: Timestamp) throws(StatusError) {} }
struct OpenAPIDocuments { init(registry: ResourceRegistry, schemas: SchemaRegistry) {}
 func respond(to: HTTPRequest, parts: [String], query: QueryParameters) throws(StatusError) -> HTTPResponse? { nil } }
struct DiscoveryDocuments { init(_ registry: ResourceRegistry) {}
 func respond(to: HTTPRequest, parts: [String], query: QueryParameters) throws(StatusError) -> HTTPResponse? { nil } }
enum MediaFormat: String { case json = "application/json", yaml = "application/yaml", protobuf = "x"
 var contentType: String { rawValue } }
enum MediaTransform: Hashable, Sendable { case none, table(version: String), partialMetadata(version: String), partialMetadataList(version: String), aggregatedDiscovery(version: String) }
struct MediaTypeNegotiation: Hashable, Sendable { var format = MediaFormat.json; var isPretty = false; var transform = MediaTransform.none
 init() {}
 static func negotiate(accept: String?, pretty: String?, userAgent: String?, endpoint: MediaCapabilities) throws(StatusError) -> MediaTypeNegotiation { MediaTypeNegotiation() }
 static func forError(accept: String?, pretty: String?, userAgent: String?) -> MediaTypeNegotiation { MediaTypeNegotiation() } }
enum MediaCapabilities { case objects, customObjects, watch, customWatch }
enum RouteAcceptance { static let object: [String] = []; static let list: [String] = []
 static func check(_ a: String?, produces: [String]) throws(StatusError) {} }
enum PodDeletion { enum Outcome { case unchanged, write, writeThenRemove, remove }
 static func request(_ pod: inout JSONValue, graceSeconds: Int64?, now: Timestamp) -> Outcome { .remove } }
enum ObjectDeletion { static func request(_ pod: inout JSONValue, now: Timestamp) -> PodDeletion.Outcome { .remove }
 static func set(deletion: Timestamp, grace: Int64, on: inout JSONValue) {} }

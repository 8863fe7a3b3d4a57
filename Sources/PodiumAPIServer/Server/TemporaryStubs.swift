import OrderedCollections
import PodiumCodec
import PodiumMachinery
import PodiumSchema
enum PatchType { case json, merge, strategic }
enum Patch { static func apply(type: PatchType, patch: [UInt8], to: JSONValue, schema: Schema?) throws(StatusError) -> JSONValue { to } }
struct PodEphemeralContainersStrategy: ResourceStrategy { func nameErrors(_ name: String, isPrefix: Bool) -> [String] { [] } }
struct PodResizeStrategy: ResourceStrategy { func nameErrors(_ name: String, isPrefix: Bool) -> [String] { [] } }
enum PodBinding { static func assign(pod: inout JSONValue, binding: JSONValue, now: Timestamp) throws(StatusError) {} }

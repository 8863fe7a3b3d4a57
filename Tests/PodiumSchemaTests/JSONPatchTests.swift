// SPDX-License-Identifier: Apache-2.0
// JSON patches: each operation, each misfit, each limit.

import PodiumCodec
import PodiumMachinery
import PodiumSchema
import Testing

/// JSON patches of an object without schema, which shows the result as it is.
@Suite struct JSONPatchTests {
    private static let original = #"{"kind":"W","m":{"a":"1","n":null},"l":[1,{"x":[]},3]}"#

    private func patch(
        _ operations: String,
        of text: String = original,
        _ fieldValidation: FieldValidation = .warn
    ) throws -> DecodedRequest {
        let patch = Patch(type: .json, body: Array(operations.utf8), fieldValidation: fieldValidation)
        return try patch.apply(to: json(text), kind: .widget, registry: sharedRegistry)
    }

    private func result(_ operations: String, of text: String = original) throws -> JSONValue {
        var object = try patch(operations, of: text).object
        object["kind"] = nil
        object["apiVersion"] = nil
        return object
    }

    @Test(
        "Operations change the document",
        arguments: [
            (#"{"op":"add","path":"/m/b","value":2}"#, #"{"m":{"a":"1","n":null,"b":2},"l":[1,{"x":[]},3]}"#),
            (#"{"op":"add","path":"/m/a","value":2}"#, #"{"m":{"a":2,"n":null},"l":[1,{"x":[]},3]}"#),
            (#"{"op":"add","path":"/m/b"}"#, #"{"m":{"a":"1","n":null,"b":null},"l":[1,{"x":[]},3]}"#),
            (#"{"op":"add","path":"/l/0","value":0}"#, #"{"m":{"a":"1","n":null},"l":[0,1,{"x":[]},3]}"#),
            (#"{"op":"add","path":"/l/-","value":4}"#, #"{"m":{"a":"1","n":null},"l":[1,{"x":[]},3,4]}"#),
            (#"{"op":"add","path":"/l/3","value":4}"#, #"{"m":{"a":"1","n":null},"l":[1,{"x":[]},3,4]}"#),
            (#"{"op":"add","path":"/l/-1","value":4}"#, #"{"m":{"a":"1","n":null},"l":[1,{"x":[]},3,4]}"#),
            (#"{"op":"add","path":"/l/1/x/-","value":4}"#, #"{"m":{"a":"1","n":null},"l":[1,{"x":[4]},3]}"#),
            (#"{"op":"remove","path":"/m"}"#, #"{"l":[1,{"x":[]},3]}"#),
            (#"{"op":"remove","path":"/l/-3"}"#, #"{"m":{"a":"1","n":null},"l":[{"x":[]},3]}"#),
            (#"{"op":"replace","path":"/l/1","value":2}"#, #"{"m":{"a":"1","n":null},"l":[1,2,3]}"#),
            (#"{"op":"replace","path":"/m/zz","value":2}"#, #"{"m":{"a":"1","n":null,"zz":2},"l":[1,{"x":[]},3]}"#),
            (#"{"op":"replace","path":"","value":{"kind":"X","y":1}}"#, #"{"y":1}"#),
            (#"{"op":"move","from":"/m/a","path":"/l/0"}"#, #"{"m":{"n":null},"l":["1",1,{"x":[]},3]}"#),
            (
                #"{"op":"copy","from":"/l/1","path":"/m/c"}"#,
                #"{"m":{"a":"1","n":null,"c":{"x":[]}},"l":[1,{"x":[]},3]}"#
            ),
            (#"{"op":"copy","from":"/m/zz","path":"/m/c"}"#, #"{"m":{"a":"1","n":null,"c":null},"l":[1,{"x":[]},3]}"#),
            (#"{"op":"test","path":"/m","value":{"n":null,"a":"1"}}"#, #"{"m":{"a":"1","n":null},"l":[1,{"x":[]},3]}"#),
            (#"{"op":"test","path":"/m/zz","value":null}"#, #"{"m":{"a":"1","n":null},"l":[1,{"x":[]},3]}"#),
            (
                #"{"op":"add","path":"/m/x~1y~0z~2","value":1}"#,
                #"{"m":{"a":"1","n":null,"x/y~z~2":1},"l":[1,{"x":[]},3]}"#
            ),
            (#"{"op":"add","path":"anything/m","value":1}"#, #"{"m":1,"l":[1,{"x":[]},3]}"#),
        ]
    )
    func operations(operation: String, expected: String) throws {
        #expect(try result("[\(operation)]") == json(expected))
    }

    @Test(
        "Operations that do not fit are refused without a reason",
        arguments: [
            #"{"op":"remove","path":"/m/zz"}"#, #"{"op":"remove","path":"/l/3"}"#, #"{"op":"remove","path":"/l/-4"}"#,
            #"{"op":"replace","path":"/l/3","value":1}"#, #"{"op":"replace","path":"/zz/a","value":1}"#,
            #"{"op":"replace","path":"","value":1}"#, #"{"op":"add","path":"/l/4","value":1}"#,
            #"{"op":"add","path":"/l/x","value":1}"#, #"{"op":"add","path":"/l/01x","value":1}"#,
            #"{"op":"add","path":"","value":{}}"#, #"{"op":"add","path":"/m/a/b","value":1}"#,
            #"{"op":"add","path":"/m/n/b","value":1}"#, #"{"op":"add","value":1}"#,
            #"{"op":"add","path":"m/zz/b","value":1}"#, #"{"op":"move","from":"/zz","path":"/m/b"}"#,
            #"{"op":"move","path":"/m/b"}"#, #"{"op":"copy","from":"/zz/a","path":"/m/b"}"#,
            #"{"op":"copy","path":"/m/b"}"#, #"{"op":"test","path":"/m/a","value":"2"}"#,
            #"{"op":"test","path":"/m/a"}"#, #"{"op":"frob","path":"/m/a"}"#, #"{"path":"/m/a"}"#, "null",
        ]
    )
    func misfits(operation: String) {
        let error = StatusError(
            code: 422,
            reason: .invalid,
            message: "the server rejected our request due to an error in our request",
            details: StatusError.Details()
        )
        #expect(throws: error) { try patch("[\(operation)]") }
    }

    @Test(
        "Bodies that are no patches are refused",
        arguments: [
            (#"{"op":"add"}"#, "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
            ("[1]", "json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"),
            (#"[{"op":5}]"#, "json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string"),
            ("[", "unexpected end of JSON input"),
        ]
    )
    func notPatches(body: String, message: String) {
        #expect(throws: StatusError.badRequest("error decoding patch: \(message)")) { try patch(body) }
    }

    @Test func aPatchWithoutOperationsChangesNothing() throws {
        for body in ["null", "[]"] { #expect(try result(body)["m"] == json(#"{"a":"1","n":null}"#)) }
    }

    @Test func operationsAreAppliedInOrder() throws {
        let body = """
            [{"op":"add","path":"/m","value":{}},{"op":"add","path":"/m/z","value":1},
            {"op":"copy","from":"/m/z","path":"/m/y"},{"op":"remove","path":"/m/z"},{"op":"remove","path":"/l"}]
            """
        #expect(try result(body) == json(#"{"m":{"y":1}}"#))
    }

    @Test func theNumberOfOperationsIsLimited() throws {
        let operation = #"{"op":"test","path":"/kind","value":"W"}"#
        func body(_ count: Int) -> String { "[\(Array(repeating: operation, count: count).joined(separator: ","))]" }
        _ = try patch(body(PatchLimits.maximumOperations))
        let error = StatusError(
            code: 413,
            reason: .requestEntityTooLarge,
            message: "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001"
        )
        #expect(throws: error) { try patch(body(PatchLimits.maximumOperations + 1)) }
    }

    @Test func copiesOfCopiesAreLimited() {
        let copies = (0..<40).map { #"{"op":"copy","from":"/m","path":"/m/c\#($0)"}"# }.joined(separator: ",")
        #expect(throws: StatusError.self) { try patch("[\(copies)]") }
    }

    @Test func nestingIsLimited() {
        let deep = String(repeating: #"{"a":"#, count: 400) + "1" + String(repeating: "}", count: 400)
        let path = String(repeating: "/a", count: 400)
        let body = #"[{"op":"add","path":"/m","value":\#(deep)},{"op":"add","path":"/m\#(path)","value":\#(deep)}]"#
        #expect(throws: StatusError.self) { try patch(body) }
    }

    @Test func unknownMembersOfOperationsAreReported() throws {
        let body = #"[{"op":"add","path":"/m/z","value":1,"extra":1}]"#
        let error = #"json patch unknown field "[0].extra""#
        #expect(try patch(body).warnings == [error])
        #expect(try patch(body, of: Self.original, .ignore).warnings == [])
        #expect(throws: StatusError.self) { try patch(body, of: Self.original, .strict) }
        let twice = #"[{"op":"add","path":"/m/z","path":"/m/z"}]"#
        #expect(try patch(twice).warnings == [#"json patch duplicate field "[0].path""#])
    }
}

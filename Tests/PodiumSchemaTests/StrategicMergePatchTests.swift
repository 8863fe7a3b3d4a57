// SPDX-License-Identifier: Apache-2.0
// Strategic merge patches: each directive, each mistake.

import PodiumCodec
import PodiumMachinery
import PodiumSchema
import Testing

@Suite struct StrategicMergePatchTests {
    struct Row: CustomTestStringConvertible, Sendable {
        var name: String
        var original: String
        var patch: String
        var result: String
        var testDescription: String { name }
    }

    private func apply(_ patch: String, to original: String) throws(StatusError) -> JSONValue {
        let value: JSONValue
        do { value = try json(original) } catch { throw .badRequest("\(error)") }
        let patch = Patch(type: .strategic, body: Array(patch.utf8), fieldValidation: .warn)
        return try patch.apply(to: value, kind: .pod, registry: sharedRegistry).object
    }

    @Test(
        "Members of the spec are merged as the schema says",
        arguments: [
            Row(
                name: "objects are merged",
                original: #""nodeSelector":{"a":"1","b":"2"}"#,
                patch: #""nodeSelector":{"b":"3","c":"4"}"#,
                result: #""nodeSelector":{"a":"1","b":"3","c":"4"}"#
            ),
            Row(
                name: "null removes",
                original: #""nodeName":"n","nodeSelector":{"a":"1","b":"2"}"#,
                patch: #""nodeName":null,"nodeSelector":{"a":null,"zz":null}"#,
                result: #""nodeSelector":{"b":"2"}"#
            ),
            Row(
                name: "elements are merged by key, new ones are appended",
                original: #""volumes":[{"name":"a","emptyDir":{"medium":"Memory"}},{"name":"b"}]"#,
                patch: #""volumes":[{"name":"b","emptyDir":{}},{"name":"c"}]"#,
                result:
                    #""volumes":[{"name":"a","emptyDir":{"medium":"Memory"}},{"name":"b","emptyDir":{}},{"name":"c"}]"#
            ),
            Row(
                name: "a list without strategy is replaced",
                original: #""tolerations":[{"key":"a"}]"#,
                patch: #""tolerations":[{"key":"b"}]"#,
                result: #""tolerations":[{"key":"b"}]"#
            ),
            Row(
                name: "an element is deleted",
                original: #""volumes":[{"name":"a"},{"name":"b"}]"#,
                patch: #""volumes":[{"name":"a","$patch":"delete"},{"name":"zz","$patch":"delete"}]"#,
                result: #""volumes":[{"name":"b"}]"#
            ),
            Row(
                name: "a list is replaced",
                original: #""volumes":[{"name":"a"},{"name":"b"}]"#,
                patch: #""volumes":[{"$patch":"replace"},{"name":"c"}]"#,
                result: #""volumes":[{"name":"c"}]"#
            ),
            Row(
                name: "an object is replaced",
                original: #""nodeSelector":{"a":"1","b":"2"}"#,
                patch: #""nodeSelector":{"$patch":"replace","c":"3"}"#,
                result: #""nodeSelector":{"c":"3"}"#
            ),
            Row(
                name: "an object is deleted",
                original: #""affinity":{"nodeAffinity":{}}"#,
                patch: #""affinity":{"$patch":"delete"}"#,
                result: #""affinity":{}"#
            ),
            Row(
                name: "a directive for an object that is not there leaves nothing",
                original: #""nodeName":"n""#,
                patch: #""affinity":{"$patch":"delete"}"#,
                result: #""nodeName":"n""#
            ),
            Row(
                name: "an element keeps only the named keys",
                original: #""volumes":[{"name":"a","emptyDir":{}}]"#,
                patch: #""volumes":[{"name":"a","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]"#,
                result: #""volumes":[{"name":"a","hostPath":{"path":"/x"}}]"#
            ),
            Row(
                name: "elements are put in order",
                original: #""volumes":[{"name":"a"},{"name":"b"},{"name":"c"}]"#,
                patch: #""$setElementOrder/volumes":[{"name":"c"},{"name":"a"}]"#,
                result: #""volumes":[{"name":"b"},{"name":"c"},{"name":"a"}]"#
            ),
            Row(
                name: "an element is added in its place",
                original: #""volumes":[{"name":"a"},{"name":"c"}]"#,
                patch: #""$setElementOrder/volumes":[{"name":"a"},{"name":"b"},{"name":"c"}],"volumes":[{"name":"b"}]"#,
                result: #""volumes":[{"name":"a"},{"name":"b"},{"name":"c"}]"#
            ),
            Row(
                name: "numbers are keys as well",
                original: #""containers":[{"name":"c","ports":[{"containerPort":80},{"containerPort":81}]}]"#,
                patch: #""containers":[{"name":"c","ports":[{"containerPort":80,"name":"http"}]}]"#,
                result:
                    #"""
                    "containers":[{"name":"c","ports":[{"name":"http","containerPort":80},{"containerPort":81}],\#
                    "resources":{}}]
                    """#
            ),
            Row(
                name: "the same element twice is merged twice",
                original: #""containers":[{"name":"c","image":"a","resources":{}}]"#,
                patch: #""containers":[{"name":"c","image":"b"},{"name":"c","tty":true}]"#,
                result: #""containers":[{"name":"c","image":"b","resources":{},"tty":true}]"#
            ),
        ]
    )
    func spec(_ row: Row) throws {
        let containers = row.original.contains("containers") ? "" : #","containers":[]"#
        let original = #"{"kind":"Pod","apiVersion":"v1","metadata":{},"spec":{\#(row.original)\#(containers)}}"#
        var spec = try #require(apply(#"{"spec":{\#(row.patch)}}"#, to: original)["spec"])
        if !containers.isEmpty { spec["containers"] = nil }
        #expect(try spec == json("{\(row.result)}"))
    }

    @Test(
        "Lists of scalars are merged",
        arguments: [
            (#"["a","b"]"#, #""finalizers":["c","a"]"#, #"["c","a","b"]"#),
            (#"["a","b"]"#, #""finalizers":["b","c"]"#, #"["a","b","c"]"#),
            (#"["a","b"]"#, #""$deleteFromPrimitiveList/finalizers":["a","z"]"#, #"["b"]"#),
            (#"["a","b","c"]"#, #""$setElementOrder/finalizers":["c","a","b"]"#, #"["c","a","b"]"#),
            (
                #"["a","b","c"]"#,
                #""$setElementOrder/finalizers":["c","a"],"$deleteFromPrimitiveList/finalizers":["b"]"#, #"["c","a"]"#
            ),
            ("[]", #""$deleteFromPrimitiveList/finalizers":["a"]"#, "[]"),
            ("[]", #""finalizers":["a"]"#, #"["a"]"#),
        ]
    )
    func scalars(original: String, patch: String, result: String) throws {
        let object = #"{"kind":"Pod","apiVersion":"v1","metadata":{"finalizers":\#(original)}}"#
        let patched = try apply(#"{"metadata":{\#(patch)}}"#, to: object)
        #expect(try (patched[path: "metadata", "finalizers"] ?? .array([])) == json(result))
    }

    private static let pod = #"{"kind":"Pod","metadata":{"finalizers":["a"]},"spec":{"containers":[{"name":"c"}]}}"#

    @Test(
        "Mistakes are told as upstream does",
        arguments: [
            (
                #"{"spec":{"containers":[{"image":"n:1"}]}}"#, 500,
                "map: map[image:n:1] does not contain declared merge key: name"
            ),
            (
                #"{"spec":{"containers":[{"name":"c","$patch":"frob"}]}}"#, 500,
                "unknown patch type: frob in map: map[$patch:frob name:c]"
            ),
            (#"{"$patch":"frob"}"#, 500, "unknown patch type: frob in map: map[$patch:frob]"),
            (
                #"{"spec":{"containers":[{"$patch":"merge","name":"c"}]}}"#, 500,
                "merging lists cannot yet be specified in the patch"
            ),
            (#"{"spec":{"$setElementOrder/containers":"x"}}"#, 500, "expected a []interface {}, but received a string"),
            (
                #"{"spec":{"$setElementOrder/containers":[{"name":"d"}],"containers":[{"name":"c"}]}}"#, 500,
                "The order in patch list:\n[map[name:c]]\n doesn't match $setElementOrder list:\n[map[name:d]]\n"
            ),
            (
                #"{"spec":{"$setElementOrder/bogus":[]}}"#, 500,
                #"unable to find api field in struct PodSpec for the json field "bogus""#
            ),
            (#"{"spec":{"$setElementOrder":[]}}"#, 400, "invalid patch format of setElementOrder list"),
            (#"{"spec":{"$deleteFromPrimitiveList":[]}}"#, 400, "invalid patch format of primitive list"),
            (#"{"spec":{"$retainKeys":"x"}}"#, 400, "invalid patch format of retainKeys"),
            (#"{"spec":{"$retainKeys":["a"],"nodeName":"n"}}"#, 400, "invalid patch format of retainKeys"),
            (
                #"{"spec":{"containers":[null]}}"#, 500,
                "list element types are not identical: [[map[name:c]] [<nil>]]"
            ),
            ("5", 400, "json: cannot unmarshal number into Go value of type map[string]interface {}"),
            ("{", 400, "unexpected end of JSON input"),
            (
                #"{"metadata":{"labels":{"z":5}}}"#, 422,
                #"""
                 "" is invalid: patch: Invalid value: "map[metadata:map[labels:map[z:5]]]": cannot convert \#
                int64 to string
                """#
            ),
        ]
    )
    func mistakes(patch: String, code: Int, message: String) throws {
        let error = try #require(throws: StatusError.self) { try apply(patch, to: Self.pod) }
        #expect(error.code == code && error.message == message)
    }

    @Test func kindAndVersionCannotBeChanged() throws {
        let patched = try apply(#"{"apiVersion":"v9","kind":"Service"}"#, to: Self.pod)
        #expect(patched["kind"] == "Pod" && patched["apiVersion"] == "v1")
    }
}

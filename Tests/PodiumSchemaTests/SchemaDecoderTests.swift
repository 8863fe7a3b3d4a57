// SPDX-License-Identifier: Apache-2.0
// Reading trees as types: what is written back, what is reported, what is refused.

import PodiumCodec
import PodiumSchema
import Testing

@Suite struct SchemaDecoderTests {
    struct Written: CustomTestStringConvertible, Sendable {
        var name: String
        var type: String
        var text: String
        var result: String
        var testDescription: String { name }
    }

    @Test(
        "Empty values are dropped or kept as Go does",
        arguments: [
            Written(name: "null", type: "core.v1.Toleration", text: #"{"key":null}"#, result: "{}"),
            Written(
                name: "omitted scalars",
                type: "core.v1.Toleration",
                text: #"{"key":"","value":"x"}"#,
                result: #"{"value":"x"}"#
            ),
            Written(
                name: "pointer",
                type: "core.v1.Toleration",
                text: #"{"tolerationSeconds":0}"#,
                result: #"{"tolerationSeconds":0}"#
            ),
            Written(
                name: "false of omitempty",
                type: "core.v1.NodeSpec",
                text: #"{"unschedulable":false}"#,
                result: "{}"
            ),
            Written(
                name: "false of a pointer",
                type: "core.v1.SecurityContext",
                text: #"{"privileged":false}"#,
                result: #"{"privileged":false}"#
            ),
            Written(
                name: "empty map",
                type: "meta.v1.ObjectMeta",
                text: #"{"labels":{},"name":"a"}"#,
                result: #"{"name":"a"}"#
            ),
            Written(name: "empty list", type: "meta.v1.ObjectMeta", text: #"{"finalizers":[]}"#, result: "{}"),
            Written(name: "required scalar", type: "core.v1.EnvVar", text: "{}", result: #"{"name":""}"#),
            Written(
                name: "empty object",
                type: "core.v1.Volume",
                text: #"{"name":"v","emptyDir":{}}"#,
                result: #"{"name":"v","emptyDir":{}}"#
            ),
            Written(
                name: "value struct",
                type: "core.v1.Container",
                text: #"{"name":"c"}"#,
                result: #"{"name":"c","resources":{}}"#
            ),
            Written(
                name: "nested value struct",
                type: "core.v1.Pod",
                text: "{}",
                result: #"{"metadata":{},"spec":{"containers":null},"status":{}}"#
            ),
            Written(
                name: "required list",
                type: "rbac.v1.Role",
                text: #"{"rules":[]}"#,
                result: #"{"metadata":{},"rules":null}"#
            ),
            Written(
                name: "time value",
                type: "core.v1.PodCondition",
                text: #"{"type":"Ready","status":"True"}"#,
                result: #"{"type":"Ready","status":"True","lastProbeTime":null,"lastTransitionTime":null}"#
            ),
            Written(
                name: "omitted time value",
                type: "meta.v1.ObjectMeta",
                text: #"{"creationTimestamp":null}"#,
                result: "{}"
            ),
            Written(
                name: "reference by name",
                type: "core.v1.SecretKeySelector",
                text: #"{"key":"k"}"#,
                result: #"{"key":"k"}"#
            ),
            Written(
                name: "quantity value",
                type: "core.v1.ResourceFieldSelector",
                text: #"{"resource":"limits.cpu"}"#,
                result: #"{"resource":"limits.cpu","divisor":"0"}"#
            ),
            Written(
                name: "null map value",
                type: "meta.v1.ObjectMeta",
                text: #"{"labels":{"a":null}}"#,
                result: #"{"labels":{"a":""}}"#
            ),
            Written(
                name: "null element",
                type: "core.v1.PodSpec",
                text: #"{"containers":[null]}"#,
                result: #"{"containers":[{"name":"","resources":{}}]}"#
            ),
            Written(
                name: "null string element",
                type: "core.v1.Container",
                text: #"{"name":"c","args":[null,"x"]}"#,
                result: #"{"name":"c","args":["","x"],"resources":{}}"#
            ),
            Written(
                name: "null pointer written as null",
                type: "core.v1.TypedLocalObjectReference",
                text: #"{"kind":"K","name":"n"}"#,
                result: #"{"apiGroup":null,"kind":"K","name":"n"}"#
            ),
            Written(
                name: "container status",
                type: "core.v1.ContainerStatus",
                text: #"{"name":"c","state":{"running":{}}}"#,
                result:
                    #"""
                    {"name":"c","state":{"running":{"startedAt":null}},"lastState":{},"ready":false,\#
                    "restartCount":0,"image":"","imageID":""}
                    """#
            ),
        ]
    )
    func emptyValues(_ row: Written) throws {
        #expect(try decode(row.text, as: row.type).value.jsonText == row.result)
    }

    @Test(
        "Scalars are written in their canonical form",
        arguments: [
            Written(
                name: "whole milli",
                type: "core.v1.ResourceRequirements",
                text: #"{"limits":{"cpu":"1000m"}}"#,
                result: #"{"limits":{"cpu":"1"}}"#
            ),
            Written(
                name: "fraction",
                type: "core.v1.ResourceRequirements",
                text: #"{"limits":{"cpu":"0.5"}}"#,
                result: #"{"limits":{"cpu":"500m"}}"#
            ),
            Written(
                name: "number",
                type: "core.v1.ResourceRequirements",
                text: #"{"limits":{"cpu":0.1,"memory":1024}}"#,
                result: #"{"limits":{"cpu":"100m","memory":"1024"}}"#
            ),
            Written(
                name: "null quantity",
                type: "core.v1.ResourceRequirements",
                text: #"{"limits":{"cpu":null}}"#,
                result: #"{"limits":{"cpu":"0"}}"#
            ),
            Written(
                name: "time with fraction",
                type: "meta.v1.ObjectMeta",
                text: #"{"creationTimestamp":"2020-01-01T00:00:00.5Z"}"#,
                result: #"{"creationTimestamp":"2020-01-01T00:00:00Z"}"#
            ),
            Written(
                name: "time with offset",
                type: "meta.v1.ObjectMeta",
                text: #"{"deletionTimestamp":"2020-01-01T01:30:00+02:00"}"#,
                result: #"{"deletionTimestamp":"2019-12-31T23:30:00Z"}"#
            ),
            Written(
                name: "zero time",
                type: "meta.v1.ObjectMeta",
                text: #"{"creationTimestamp":"0001-01-01T00:00:00Z"}"#,
                result: "{}"
            ),
            Written(
                name: "far time",
                type: "meta.v1.ObjectMeta",
                text: #"{"creationTimestamp":"9999-12-31T23:59:59-01:00"}"#,
                result: #"{"creationTimestamp":"10000-01-01T00:59:59Z"}"#
            ),
            Written(
                name: "micro time",
                type: "coordination.v1.LeaseSpec",
                text: #"{"renewTime":"2020-01-01T00:00:01.500000+01:00"}"#,
                result: #"{"renewTime":"2019-12-31T23:00:01.500000Z"}"#
            ),
            Written(
                name: "port number",
                type: "core.v1.TCPSocketAction",
                text: #"{"port":80}"#,
                result: #"{"port":80}"#
            ),
            Written(
                name: "port name",
                type: "core.v1.TCPSocketAction",
                text: #"{"port":"http"}"#,
                result: #"{"port":"http"}"#
            ),
            Written(
                name: "port null",
                type: "core.v1.TCPSocketAction",
                text: #"{"port":null}"#,
                result: #"{"port":0}"#
            ),
            Written(
                name: "base64 with line breaks",
                type: "core.v1.ConfigMap",
                text: #"{"binaryData":{"a":"YW\nJj"}}"#,
                result: #"{"metadata":{},"binaryData":{"a":"YWJj"}}"#
            ),
            Written(
                name: "null bytes",
                type: "core.v1.Secret",
                text: #"{"data":{"a":null}}"#,
                result: #"{"metadata":{},"data":{"a":""}}"#
            ),
            Written(
                name: "raw",
                type: "meta.v1.ManagedFieldsEntry",
                text: #"{"fieldsV1":{"f:x":{".":{}}}}"#,
                result: #"{"fieldsV1":{"f:x":{".":{}}}}"#
            ),
            Written(
                name: "map of lists",
                type: "authentication.v1.UserInfo",
                text: #"{"extra":{"a":["x"],"b":null}}"#,
                result: #"{"extra":{"a":["x"],"b":null}}"#
            ),
            Written(
                name: "float",
                type: "apiextensions.v1.JSONSchemaProps",
                text: #"{"maximum":1.50,"minimum":1e2}"#,
                result: #"{"maximum":1.5,"minimum":100}"#
            ),
            Written(
                name: "schema or bool",
                type: "apiextensions.v1.JSONSchemaProps",
                text: #"{"additionalProperties":false}"#,
                result: #"{"additionalProperties":false}"#
            ),
            Written(
                name: "schema or array",
                type: "apiextensions.v1.JSONSchemaProps",
                text: #"{"items":{"type":"string","pattern":""}}"#,
                result: #"{"items":{"type":"string"}}"#
            ),
        ]
    )
    func canonicalScalars(_ row: Written) throws {
        #expect(try decode(row.text, as: row.type).value.jsonText == row.result)
    }

    @Test func fieldsStandInTheOrderOfTheSchemaAndUnknownOnesAreDropped() throws {
        let text =
            #"""
            {"spec":{"containers":[{"image":"i","bogus":1,"name":"c"}]},"metadata":{"labels":{"b":"1","a":"2"},\#
            "name":"p"},"x":{}}
            """#
        let decoded = try decode(text, as: "core.v1.Pod")
        #expect(
            decoded.value.jsonText
                == #"""
                {"metadata":{"name":"p","labels":{"b":"1","a":"2"}},"spec":{"containers":[{"name":"c",\#
                "image":"i","resources":{}}]},"status":{}}
                """#
        )
        #expect(decoded.strictErrors == [#"unknown field "spec.containers[0].bogus""#, #"unknown field "x""#])
    }

    @Test(
        "Unknown and duplicate fields are named by their paths",
        arguments: [
            ("core.v1.Pod", #"{"metadata":{"name":"q","name":"p"}}"#, [#"duplicate field "metadata.name""#]),
            ("core.v1.Pod", #"{"metadata":{"labels":{"a":"1","a":"2"}}}"#, [#"duplicate field "metadata.labels.a""#]),
            (
                "core.v1.Pod", #"{"spec":{"containers":[{"image":"a","image":"b","bogus":1}]}}"#,
                [#"duplicate field "spec.containers[0].image""#, #"unknown field "spec.containers[0].bogus""#]
            ),
            ("core.v1.Pod", #"{"bogus":{"a":1,"a":2}}"#, [#"unknown field "bogus""#]),
            ("core.v1.Pod", #"{"Spec":{}}"#, [#"unknown field "Spec""#]),
            ("meta.v1.ManagedFieldsEntry", #"{"fieldsV1":{"a":1,"a":2}}"#, []),
            ("apiextensions.v1.JSONSchemaProps", #"{"items":{"bogus":1}}"#, []),
            (
                "apiextensions.v1.JSONSchemaProps", #"{"properties":{"a":{"bogus":1}}}"#,
                [#"unknown field "properties.a.bogus""#]
            ),
        ] as [(String, String, [String])]
    )
    func strictErrors(type: String, text: String, errors: [String]) throws {
        #expect(try decode(text, as: type).strictErrors == errors)
    }

    @Test func noMoreThanAHundredStrictErrorsAreKept() throws {
        let members = (0..<150).map { "\"x\($0)\":1" }.joined(separator: ",")
        let errors = try decode("{\(members)}", as: "core.v1.Pod").strictErrors
        #expect(errors.count == DecodingLimits.maximumStrictErrors && errors.last == #"unknown field "x99""#)
    }

    @Test(
        "Values of the wrong type are refused in Go's words",
        arguments: [
            ("core.v1.Pod", "[]", "array into Go value of type v1.Pod"),
            ("core.v1.Pod", #"{"metadata":"x"}"#, "string into Go struct field Pod.metadata of type v1.ObjectMeta"),
            (
                "core.v1.Pod", #"{"metadata":{"labels":{"a":1}}}"#,
                "number into Go struct field ObjectMeta.metadata.labels of type string"
            ),
            (
                "core.v1.Pod", #"{"metadata":{"uid":5}}"#,
                "number into Go struct field ObjectMeta.metadata.uid of type types.UID"
            ),
            (
                "core.v1.Pod", #"{"metadata":{"finalizers":[1]}}"#,
                "number into Go struct field ObjectMeta.metadata.finalizers of type string"
            ),
            (
                "core.v1.Pod", #"{"spec":{"containers":["x"]}}"#,
                "string into Go struct field PodSpec.spec.containers of type v1.Container"
            ),
            (
                "core.v1.Pod", #"{"spec":{"containers":[{"ports":"x"}]}}"#,
                "string into Go struct field Container.spec.containers.ports of type []v1.ContainerPort"
            ),
            (
                "core.v1.Pod", #"{"spec":{"containers":[{"ports":[{"containerPort":80.0}]}]}}"#,
                "number 80.0 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32"
            ),
            (
                "core.v1.Pod", #"{"spec":{"priority":99999999999}}"#,
                "number 99999999999 into Go struct field PodSpec.spec.priority of type int32"
            ),
            (
                "core.v1.Pod", #"{"spec":{"terminationGracePeriodSeconds":100000000000000000000}}"#,
                """
                number 100000000000000000000 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of \
                type int64
                """
            ),
            (
                "core.v1.Pod", #"{"spec":{"hostNetwork":"true"}}"#,
                "string into Go struct field PodSpec.spec.hostNetwork of type bool"
            ),
            (
                "core.v1.Pod", #"{"spec":{"restartPolicy":[]}}"#,
                "array into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy"
            ),
            (
                "core.v1.Pod", #"{"spec":{"nodeSelector":[]}}"#,
                "array into Go struct field PodSpec.spec.nodeSelector of type map[string]string"
            ),
            ("core.v1.Secret", #"{"data":{"a":1}}"#, "number into Go struct field Secret.data of type []uint8"),
            ("core.v1.Secret", #"{"data":"x"}"#, "string into Go struct field Secret.data of type map[string][]uint8"),
            (
                "core.v1.TCPSocketAction", #"{"port":1.5}"#,
                "number 1.5 into Go struct field TCPSocketAction.port of type int32"
            ),
            (
                "core.v1.TCPSocketAction", #"{"port":true}"#,
                "bool into Go struct field TCPSocketAction.port of type int32"
            ),
            (
                "meta.v1.ObjectMeta", #"{"creationTimestamp":5}"#,
                "number into Go struct field ObjectMeta.creationTimestamp of type string"
            ),
            (
                "apiextensions.v1.JSONSchemaProps", #"{"maximum":"x"}"#,
                "string into Go struct field JSONSchemaProps.maximum of type float64"
            ),
        ]
    )
    func typeErrors(type: String, text: String, rest: String) throws {
        #expect(throws: DecodingError(message: "json: cannot unmarshal \(rest)")) { try decode(text, as: type) }
    }

    @Test(
        "Types that read themselves have errors of their own",
        arguments: [
            ("core.v1.ConfigMap", #"{"binaryData":{"a":"!!"}}"#, "illegal base64 data at input byte 0"),
            (
                "core.v1.ResourceRequirements", #"{"limits":{"cpu":true}}"#,
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            ),
            (
                "meta.v1.ObjectMeta", #"{"creationTimestamp":"yesterday"}"#,
                #"parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006""#
            ),
            ("apiextensions.v1.JSONSchemaProps", #"{"additionalProperties":"x"}"#, "boolean or JSON schema expected"),
        ]
    )
    func errorsOfTypesThatReadThemselves(type: String, text: String, message: String) throws {
        #expect(throws: DecodingError(message: message)) { try decode(text, as: type) }
    }

    @Test func theFirstTypeErrorIsReported() throws {
        #expect(
            throws: DecodingError(
                message: "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type string"
            )
        ) {
            try decode(#"{"metadata":{"name":true,"namespace":5}}"#, as: "core.v1.Pod")
        }
    }

    @Test func aTypeThatReadsItselfEndsTheReading() throws {
        #expect(
            throws: DecodingError(
                message: #"parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006""#
            )
        ) {
            try decode(#"{"metadata":{"name":true,"creationTimestamp":"x"}}"#, as: "core.v1.Pod")
        }
    }

    @Test(
        "Trees that are converted have errors of their own",
        arguments: [
            (#"{"metadata":{"labels":{"z":5}}}"#, "cannot convert int64 to string"),
            (#"{"spec":{"restartPolicy":5}}"#, "cannot convert int64 to v1.RestartPolicy"),
            (#"{"spec":{"containers":"x"}}"#, "cannot restore slice from string"),
            (#"{"spec":{"containers":["x"]}}"#, "cannot restore struct from: string"),
            (#"{"spec":{"nodeSelector":[]}}"#, "cannot restore map from slice"),
            (#"{"spec":{"hostNetwork":"true"}}"#, "unrecognized type: bool"),
            (#"{"spec":{"priority":"1"}}"#, "unrecognized type: int32"),
            (#"{"spec":{"priority":1.5}}"#, "cannot convert float64 to int32"),
            (#"{"metadata":{"creationTimestamp":5}}"#, "json: cannot unmarshal number into Go value of type string"),
        ]
    )
    func conversionErrors(text: String, message: String) throws {
        let schema = try requireSchema("core.v1.Pod")
        #expect(throws: DecodingError(message: message)) { try SchemaDecoder.convert(json(text), to: schema) }
    }
}

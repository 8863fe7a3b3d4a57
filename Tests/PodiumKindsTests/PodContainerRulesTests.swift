// SPDX-License-Identifier: Apache-2.0
// What containers may and may not say.

import PodiumAPIServer
import PodiumKindTesting
import Testing

struct PodContainerRulesTests {
    private static func container(_ members: String) -> String { PodFixture.container(members) }

    static let names: [PodRule] = [
        PodRule("{}"),
        PodRule(#"{"containers":[]}"#, "spec.containers: Required value"),
        PodRule(
            #"{"containers":[{"name":"","image":""}]}"#,
            "spec.containers[0].name: Required value",
            "spec.containers[0].image: Required value"
        ),
        PodRule(
            #"{"containers":[{"name":"c","image":" i"}]}"#,
            #"spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace"#
        ),
        PodRule(
            #"{"containers":[{"name":"c","image":"i"},{"name":"c","image":"i"}]}"#,
            #"spec.containers[1].name: Duplicate value: "c""#
        ),
        PodRule(
            #"{"containers":[{"name":"c","image":"i"}],"initContainers":[{"name":"c","image":"i"}]}"#,
            #"spec.initContainers[0].name: Duplicate value: "c""#
        ),
        PodRule(
            container(#""imagePullPolicy":"Often","terminationMessagePolicy":"Bogus""#),
            #"spec.containers[0].terminationMessagePolicy: Unsupported value: "Bogus": "#
                + #"supported values: "File", "FallbackToLogsOnError""#,
            #"spec.containers[0].imagePullPolicy: Unsupported value: "Often": "#
                + #"supported values: "Always", "IfNotPresent", "Never""#
        ),
        PodRule(
            #"{"ephemeralContainers":[{"name":"e","image":"i"}]}"#,
            "spec.ephemeralContainers: Forbidden: cannot be set on create"
        ),
    ]

    static let ports: [PodRule] = [
        PodRule(
            container(#""ports":[{"containerPort":0},{"containerPort":70000,"protocol":"ICMP"}]"#),
            "spec.containers[0].ports[0].containerPort: Required value",
            "spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
            #"spec.containers[0].ports[1].protocol: Unsupported value: "ICMP": "#
                + #"supported values: "SCTP", "TCP", "UDP""#
        ),
        PodRule(
            container(#""ports":[{"name":"a","containerPort":1},{"name":"a","containerPort":2}]"#),
            #"spec.containers[0].ports[1].name: Duplicate value: "a""#
        ),
        PodRule(
            container(#""ports":[{"containerPort":1,"hostPort":8},{"containerPort":2,"hostPort":8}]"#),
            #"spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//8""#
        ),
        PodRule(container(#""ports":[{"containerPort":1,"hostPort":8},{"containerPort":2,"hostPort":9}]"#)),
    ]

    static let environment: [PodRule] = [
        PodRule(container(#""env":[{"name":""}]"#), "spec.containers[0].env[0].name: Required value"),
        PodRule(
            container(#""env":[{"name":"a=b"}]"#),
            #"spec.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist "#
                + #"only of printable ASCII characters other than '='"#
        ),
        PodRule(
            container(#""env":[{"name":"A","value":"x","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]"#),
            #"spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty"#
        ),
        PodRule(
            container(#""env":[{"name":"A","valueFrom":{}}]"#),
            #"spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, "#
                + #"`resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"#
        ),
        PodRule(
            container(#""env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"spec.bogus"}}}]"#),
            #"spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.bogus": "#
                + #"error converting fieldPath: field label not supported: spec.bogus"#
        ),
        PodRule(
            container(#""env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":""}}}]"#),
            "spec.containers[0].env[0].valueFrom.secretKeyRef.key: Required value"
        ),
        PodRule(
            container(#""envFrom":[{"secretRef":{"name":"s"},"configMapRef":{"name":"s"}},{}]"#),
            #"spec.containers[0].envFrom: Invalid value: "": may not have more than one field specified at a time"#,
            #"spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`"#
        ),
    ]

    static let probes: [PodRule] = [
        PodRule(
            container(#""livenessProbe":{}"#),
            "spec.containers[0].livenessProbe: Required value: must specify a handler type"
        ),
        PodRule(
            container(#""livenessProbe":{"exec":{"command":["a"]},"successThreshold":2}"#),
            "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"
        ),
        PodRule(container(#""readinessProbe":{"exec":{"command":["a"]},"successThreshold":2}"#)),
        PodRule(
            container(#""readinessProbe":{"exec":{"command":[]},"periodSeconds":-1}"#),
            "spec.containers[0].readinessProbe.exec.command: Required value",
            "spec.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0"
        ),
        PodRule(
            container(#""startupProbe":{"tcpSocket":{"port":"Bad_Port"}}"#),
            #"spec.containers[0].startupProbe.tcpSocket.port: Invalid value: "Bad_Port": must contain only alpha-"#
                + "numeric characters (a-z, 0-9), and hyphens (-)"
        ),
        PodRule(
            container(#""livenessProbe":{"httpGet":{"port":0,"scheme":"FTP"}}"#),
            "spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive",
            #"spec.containers[0].livenessProbe.httpGet.scheme: Unsupported value: "FTP": "#
                + #"supported values: "HTTP", "HTTPS""#
        ),
        PodRule(
            container(#""readinessProbe":{"exec":{"command":["a"]},"terminationGracePeriodSeconds":1}"#),
            "spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: "
                + "must not be set for readinessProbes"
        ),
        PodRule(
            container(#""lifecycle":{"preStop":{"exec":{"command":["a"]},"sleep":{"seconds":1}}}"#),
            "spec.containers[0].lifecycle.preStop.sleep: Forbidden: may not specify more than 1 handler type"
        ),
    ]

    static let initContainers: [PodRule] = [
        PodRule(
            #"{"initContainers":[{"name":"i","image":"i","readinessProbe":{"tcpSocket":{"port":1}}}]}"#,
            "spec.initContainers[0].readinessProbe: Forbidden: "
                + "may not be set for init containers without restartPolicy=Always"
        ),
        PodRule(
            """
            {"initContainers":[{"name":"i","image":"i","restartPolicy":"Always",
            "readinessProbe":{"tcpSocket":{"port":1}}}]}
            """
        ),
        PodRule(
            container(#""restartPolicy":"Sometimes""#),
            #"spec.containers[0].restartPolicy: Unsupported value: "Sometimes": "#
                + #"supported values: "Always", "Never", "OnFailure""#
        ),
        PodRule(
            container(#""restartPolicyRules":[{"action":"Restart","exitCodes":{"operator":"In","values":[1]}}]"#),
            "spec.containers[0].restartPolicy: Required value: "
                + "must specify restartPolicy when restart rules are used"
        ),
    ]

    static let resources: [PodRule] = [
        PodRule(
            container(#""resources":{"limits":{"cpu":"1"},"requests":{"cpu":"2"}}"#),
            #"spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1"#
        ),
        PodRule(
            container(#""resources":{"requests":{"example.com/gpu":"1"}}"#),
            "spec.containers[0].resources.limits: Required value: "
                + "Limit must be set for non overcommitable resources"
        ),
        PodRule(
            container(#""resources":{"limits":{"cpu":"-1"}}"#),
            #"spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0"#,
            #"spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0"#
        ),
        PodRule(
            container(#""resources":{"limits":{"hugepages-2Mi":"3Mi"}}"#),
            #"spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": "#
                + "3Mi is not positive integer multiple of hugepages-2Mi",
            #"spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": "#
                + "3Mi is not positive integer multiple of hugepages-2Mi",
            "spec.containers[0].resources: Forbidden: HugePages require cpu or memory"
        ),
        PodRule(
            container(#""resources":{"claims":[{"name":"x"}]}"#),
            #"spec.containers[0].resources.claims[0]: Not found: "x": "#
                + "must be one of the names in pod.spec.resourceClaims which is empty"
        ),
        PodRule(
            #"{"resources":{"requests":{"cpu":"1"}},"containers":[{"name":"c","image":"i","#
                + #""resources":{"requests":{"cpu":"2"}}}]}"#,
            #"spec.resources.requests[cpu]: Invalid value: "1": "#
                + "must be greater than or equal to aggregate container requests of 2"
        ),
        PodRule(
            #"{"restartPolicy":"Never","containers":[{"name":"c","image":"i","#
                + #""resizePolicy":[{"resourceName":"cpu","restartPolicy":"RestartContainer"}]}]}"#,
            #"spec.containers[0].resizePolicy: Invalid value: "RestartContainer": "#
                + "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
        ),
    ]

    @Test(arguments: names + ports + environment + probes + initContainers + resources)
    func containersFollowTheirRules(_ rule: PodRule) throws {
        let problems = try PodFixture.problems(rule.spec)
        #expect(problems == rule.problems)
    }
}

// SPDX-License-Identifier: Apache-2.0
// The defaults of containers, their ports, probes, hooks and environment.

import PodiumCodec
import PodiumPodModel

extension PodSpecDefaults {
    static func apply(toContainer container: inout JSONValue) {
        if !container.hasText("imagePullPolicy") {
            container["imagePullPolicy"] = .string(pullPolicy(of: container["image"]?.string ?? ""))
        }
        container.setDefault("terminationMessagePath", "/dev/termination-log")
        container.setDefault("terminationMessagePolicy", "File")
        if !container.isSet("resources") { container["resources"] = .emptyObject }
        container.updateMember("resources") { apply(toResources: &$0) }
        container.updateElements(of: "ports") { $0.setDefault("protocol", "TCP") }
        container.updateElements(of: "env") { variable in
            variable.updateMember("valueFrom") { apply(toSource: &$0) }
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            container.updateMember(probe) { apply(toProbe: &$0) }
        }
        container.updateMember("lifecycle") { lifecycle in
            for hook in ["postStart", "preStop"] {
                lifecycle.updateMember(hook) { handler in handler.updateMember("httpGet") { apply(toHTTPGet: &$0) } }
            }
        }
    }

    /// Images whose tag may move are asked for at every start.
    static func pullPolicy(of image: String) -> String {
        do throws(ImageReferenceError) {
            return try ImageReference(parsing: image).tag == "latest" ? "Always" : "IfNotPresent"
        } catch {
            // What cannot be pulled is told by the kubelet.
            return "IfNotPresent"
        }
    }

    /// The source of a variable, or a file of a downward API volume.
    static func apply(toSource source: inout JSONValue) {
        source.updateMember("fieldRef") { $0.setDefault("apiVersion", "v1") }
        source.updateMember("resourceFieldRef") { $0.setDefault("divisor", "0") }
    }

    private static func apply(toProbe probe: inout JSONValue) {
        probe.setDefault("timeoutSeconds", number: 1)
        probe.setDefault("periodSeconds", number: 10)
        probe.setDefault("successThreshold", number: 1)
        probe.setDefault("failureThreshold", number: 3)
        probe.updateMember("httpGet") { apply(toHTTPGet: &$0) }
        probe.updateMember("grpc") { if !$0.isSet("service") { $0["service"] = "" } }
    }

    private static func apply(toHTTPGet action: inout JSONValue) {
        action.setDefault("path", "/")
        action.setDefault("scheme", "HTTP")
    }
}

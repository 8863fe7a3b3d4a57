// SPDX-License-Identifier: Apache-2.0
// The defaults of a pod's spec and of a pod template's: whatever a container, a probe or a volume leaves out.

package import PodiumCodec
import PodiumMachinery

/// The defaults that pods and pod templates share.
///
/// Idempotent.
// Kubernetes: pkg/apis/core/v1/defaults.go SetDefaults_PodSpec and below
package enum PodSpecDefaults {
    /// Fills in `spec`, which may be empty.
    package static func apply(to spec: inout JSONValue) {
        spec.setDefault("dnsPolicy", "ClusterFirst")
        spec.setDefault("restartPolicy", "Always")
        if !spec.isSet("securityContext") { spec["securityContext"] = .emptyObject }
        if !spec.isSet("terminationGracePeriodSeconds") { spec["terminationGracePeriodSeconds"] = 30 }
        spec.setDefault("schedulerName", "default-scheduler")
        aliasServiceAccount(&spec)
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            spec.updateElements(of: list) { apply(toContainer: &$0) }
        }
        spec.updateElements(of: "volumes") { apply(toVolume: &$0) }
        roundToMilli(&spec, "overhead")
        spec.updateMember("resources") { apply(toResources: &$0) }
    }

    /// `serviceAccount` is the old name of `serviceAccountName`; answers carry both.
    private static func aliasServiceAccount(_ spec: inout JSONValue) {
        if !spec.hasText("serviceAccountName"), spec.hasText("serviceAccount") {
            spec["serviceAccountName"] = spec["serviceAccount"]
        }
        if spec.hasText("serviceAccountName"), spec["serviceAccount"] != spec["serviceAccountName"] {
            spec["serviceAccount"] = spec["serviceAccountName"]
        }
    }

    /// Amounts of resources are never finer than thousandths.
    static func roundToMilli(_ owner: inout JSONValue, _ name: String) {
        guard let amounts = owner[name]?.object else { return }
        for (resource, amount) in amounts {
            guard let quantity = Quantity(json: amount), !quantity.isMultiple(of: -3) else { continue }
            owner[name]?[resource] = quantity.roundedUp(to: -3).jsonValue
        }
    }

    static func apply(toResources resources: inout JSONValue) {
        roundToMilli(&resources, "limits")
        roundToMilli(&resources, "requests")
    }
}

// SPDX-License-Identifier: Apache-2.0
// What the configurations of admission webhooks leave out.

import PodiumCodec

/// The defaults of ValidatingWebhookConfiguration and MutatingWebhookConfiguration.
// Kubernetes: pkg/apis/admissionregistration/v1/defaults.go
enum WebhookDefaults {
    static func apply(to configuration: inout JSONValue) {
        let isMutating = configuration["kind"]?.string == "MutatingWebhookConfiguration"
        guard configuration["webhooks"]?.array != nil else { return }
        configuration["webhooks"]?.updateArray { webhooks in
            for index in webhooks.indices { apply(to: &webhooks[index], isMutating: isMutating) }
        }
    }

    private static func apply(to webhook: inout JSONValue, isMutating: Bool) {
        var defaults: [(String, JSONValue)] = [
            ("failurePolicy", "Fail"), ("matchPolicy", "Equivalent"), ("namespaceSelector", .emptyObject),
            ("objectSelector", .emptyObject), ("timeoutSeconds", 10),
        ]
        if isMutating { defaults.append(("reinvocationPolicy", "Never")) }
        for (name, value) in defaults where webhook[name] == nil { webhook[name] = value }
        if webhook[path: "clientConfig", "service"]?.object != nil,
            webhook[path: "clientConfig", "service", "port"] == nil
        {
            webhook[path: "clientConfig", "service", "port"] = 443
        }
        guard webhook["rules"]?.array != nil else { return }
        webhook["rules"]?.updateArray { rules in
            for index in rules.indices where rules[index]["scope"] == nil { rules[index]["scope"] = "*" }
        }
    }
}

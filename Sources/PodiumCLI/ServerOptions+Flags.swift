// SPDX-License-Identifier: Apache-2.0
// The options of a server as `/flagz` shows them.

import Podium

extension ServerOptions {
    /// Every option by its name, with what holds for it.
    var flags: [String: String] {
        [
            "addons": addons ?? "", "allow-host": allowHost.joined(separator: ","),
            "allow-origin": allowOrigin.joined(separator: ","), "authorization-mode": authorizationMode,
            "clock": clock, "clusters": String(clusters), "controllers": controllers,
            "disable-admission-plugins": disableAdmissionPlugins, "enable-admission-plugins": enableAdmissionPlugins,
            "event-ttl": eventTtl, "exit-with-parent": String(exitWithParent), "images": images,
            "insecure": String(insecure), "kubeconfig": kubeconfig ?? "", "listen": listen ?? Self.defaultListen,
            "log-level": logLevel, "nodes": String(nodes),
            // Whoever knows it can make tokens.
            "seed": seed == nil ? "" : "<given>",
            "service-cluster-ip-range": serviceClusterIPRange, "threads": String(threads),
            "token-auth-file": tokenAuthFile ?? "",
        ]
    }
}

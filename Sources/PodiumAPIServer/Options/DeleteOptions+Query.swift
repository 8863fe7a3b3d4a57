// SPDX-License-Identifier: Apache-2.0
// Reads from a query how a deletion is to be done.

import PodiumCodec
package import PodiumMachinery
package import PodiumRegistry

extension DeleteOptions {
    /// Reads options from a query.
    package init(query: QueryParameters) throws(StatusError) {
        var object: JSONObject = [:]
        if let grace = try query.integer("gracePeriodSeconds") { object["gracePeriodSeconds"] = .integer(grace) }
        if let policy = query["propagationPolicy"] { object["propagationPolicy"] = .string(policy) }
        if query.contains("orphanDependents") { object["orphanDependents"] = .bool(query.flag("orphanDependents")) }
        if query.contains("dryRun") { object["dryRun"] = .array(query.all("dryRun").map { .string($0) }) }
        try self.init(object: .object(object))
    }
}

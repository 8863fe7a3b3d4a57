// SPDX-License-Identifier: Apache-2.0
// Answers `/metrics` and `/metrics/slis`: upstream's names for what is the same, `podium_` for what is not.

import PodiumCodec
import PodiumExchange
import PodiumHost
import PodiumMachinery
import PodiumRegistry
import PodiumStorage
import Synchronization

private typealias Labels = [(name: String, value: String)]

extension APIServer {
    /// The answer to a path below `/metrics`; nil when there is nothing.
    /// - Throws: what storage says.
    func metricsDocument(_ parts: [String]) throws(StatusError) -> HTTPResponse? {
        var text = MetricsText()
        switch parts {
        case ["metrics"]:
            writeRequests(&text)
            try writeObjects(&text)
            writeProcess(&text)
            writeHealth(&text)
        case ["metrics", "slis"]: writeHealth(&text)
        default: return nil
        }
        return HTTPResponse(
            status: 200,
            contentType: MetricsText.contentType,
            body: .bytes(EncodedBytes(text.text).slice)
        )
    }

    // MARK: Requests

    // Kubernetes: apiserver/pkg/endpoints/metrics/metrics.go
    private func writeRequests(_ text: inout MetricsText) {
        let totals = metrics.totals
        text.begin("apiserver_current_inflight_requests", .gauge, "Requests that are being answered.")
        text.write(totals.writing, [(name: "request_kind", value: "mutating")])
        text.write(totals.reading, [(name: "request_kind", value: "readOnly")])
        let all = totals.collections.flatMap { collection in
            collection.requests.map { (collection.definition, $0.labels, $0.counts) }
        }
        text.begin("apiserver_longrunning_requests", .gauge, "Watches and followed logs that are open.")
        for (definition, labels, counts) in all where counts.open > 0 {
            text.write(counts.open, Self.labels(definition, labels))
        }
        text.begin("apiserver_request_total", .counter, "Requests by what they ask for and how they were answered.")
        for (definition, labels, counts) in all {
            let own = Self.labels(definition, labels, dryRun: true)
            for place in counts.codes.indices where counts.codes[place] > 0 {
                let code = place < RequestCounts.codes.count ? String(RequestCounts.codes[place]) : "other"
                text.write(counts.codes[place], [(name: "code", value: code)] + own)
            }
        }
        text.begin("apiserver_request_duration_seconds", .histogram, "How long requests took.")
        for (definition, labels, counts) in all {
            Self.write(&text, Self.labels(definition, labels, dryRun: true), counts, from: 0)
        }
        writeServiceLevels(totals, &text)
        text.begin("apiserver_watch_events_total", .counter, "Events that watches have shown.")
        for collection in totals.collections where collection.watchEvents > 0 {
            let gvr = collection.definition.gvr
            let labels = [
                (name: "group", value: gvr.group), (name: "resource", value: gvr.resource),
                (name: "version", value: gvr.version),
            ]
            text.write(collection.watchEvents, labels)
        }
    }

    /// The same durations once more, without what dry runs are told by and from 50 ms on. Upstream leaves out the time
    /// that webhooks take, of which there are none here.
    private func writeServiceLevels(_ totals: RequestMetrics.Totals, _ text: inout MetricsText) {
        text.begin("apiserver_request_sli_duration_seconds", .histogram, "How long requests took, for objectives.")
        for collection in totals.collections {
            let byPlace = Dictionary(grouping: collection.requests) { $0.labels.index / 2 }
            for (_, entries) in byPlace.sorted(by: { $0.key < $1.key }) {
                let sum = entries.reduce(into: RequestCounts()) { $0.add($1.counts) }
                Self.write(&text, Self.labels(collection.definition, entries[0].labels), sum, from: 2)
            }
        }
    }

    /// Writes a histogram of durations, with the buckets from a place on.
    private static func write(_ text: inout MetricsText, _ own: Labels, _ counts: RequestCounts, from first: Int) {
        var total = 0
        for bucket in counts.buckets.indices { total += counts.buckets[bucket] }
        if total == 0 { return }
        var below = 0
        for (bucket, bound) in RequestCounts.bounds.enumerated() {
            below += counts.buckets[bucket]
            if bucket < first { continue }
            text.write(below, suffix: "_bucket", own + [(name: "le", value: seconds(bound))])
        }
        text.write(total, suffix: "_bucket", own + [(name: "le", value: "+Inf")])
        text.write(String(Double(counts.nanoseconds) / 1e9), suffix: "_sum", own)
        text.write(total, suffix: "_count", own)
    }

    private static func labels(
        _ definition: ResourceDefinition,
        _ labels: RequestLabels,
        dryRun: Bool = false
    ) -> Labels {
        let subresource = labels.subresource == 0 ? "" : definition.subresources[labels.subresource - 1].name
        var result: Labels = [(name: "component", value: "apiserver")]
        if dryRun { result.append((name: "dry_run", value: labels.isDryRun ? "All" : "")) }
        result.append((name: "group", value: definition.gvr.group))
        result.append((name: "resource", value: definition.gvr.resource))
        result.append((name: "scope", value: labels.scope.name))
        result.append((name: "subresource", value: subresource))
        result.append((name: "verb", value: labels.verb.name))
        result.append((name: "version", value: definition.gvr.version))
        return result
    }

    /// `0.005`, `1`, `1.25`: Go's shortest form.
    private static func seconds(_ milliseconds: Int64) -> String {
        milliseconds % 1_000 == 0 ? String(milliseconds / 1_000) : String(Double(milliseconds) / 1_000)
    }

    // MARK: Objects

    private func writeObjects(_ text: inout MetricsText) throws(StatusError) {
        var seen: Set<GroupResource> = []
        var stored: [(GroupResource, [StoredObject])] = []
        for definition in api.surface.registry.definitions where seen.insert(definition.storage).inserted {
            stored.append((definition.storage, try api.storage.objects(of: definition.storage)))
        }
        // Kubernetes: apiserver/pkg/storage/etcd3/metrics/metrics.go
        text.begin("apiserver_resource_objects", .gauge, "Stored objects by kind.")
        for (resource, objects) in stored {
            text.write(
                objects.count,
                [(name: "group", value: resource.group), (name: "resource", value: resource.resource)]
            )
        }
        text.begin("apiserver_storage_objects", .gauge, "Stored objects by kind, under the older name.")
        for (resource, objects) in stored {
            text.write(objects.count, [(name: "resource", value: resource.description)])
        }
        text.begin("podium_pods", .gauge, "Pods by phase.")
        var phases: [String: Int] = [:]
        for pod in try api.storage.objects(of: .pods) {
            phases[pod.facts.fields["status.phase"] ?? "", default: 0] += 1
        }
        for phase in ["Pending", "Running", "Succeeded", "Failed", "Unknown"] {
            text.write(phases[phase] ?? 0, [(name: "phase", value: phase)])
        }
        text.begin("podium_resource_version", .gauge, "The newest resourceVersion.")
        text.write(Int(api.storage.revision.number))
        text.begin("podium_clock_seconds", .gauge, "The time of the cluster, in seconds since 1970.")
        text.write(String(Double(api.host.clock.now.nanoseconds) / 1e9))
    }

    // MARK: The process

    private func writeProcess(_ text: inout MetricsText) {
        let figures = ProcessFigures.now
        let started = Double(components.server.startedAt.nanoseconds) / 1e9
        let gauges: [(String, MetricsText.Kind, String, String)] = [
            ("process_cpu_seconds_total", .counter, "Processor time of the process.", String(figures.cpuSeconds)),
            ("process_max_fds", .gauge, "How many descriptors may be open.", String(figures.maximumDescriptors)),
            ("process_open_fds", .gauge, "How many descriptors are open.", String(figures.openDescriptors)),
            ("process_resident_memory_bytes", .gauge, "Resident memory.", String(figures.residentBytes)),
            ("process_start_time_seconds", .gauge, "When the process began, in seconds since 1970.", String(started)),
            ("process_virtual_memory_bytes", .gauge, "Virtual memory.", String(figures.virtualBytes)),
        ]
        for (name, kind, help, value) in gauges {
            text.begin(name, kind, help)
            text.write(value)
        }
        let version = ServerVersion.current
        text.begin("kubernetes_build_info", .gauge, "The version of Kubernetes whose API is served.")
        text.write(
            1,
            [
                (name: "git_version", value: version.gitVersion), (name: "major", value: version.major),
                (name: "minor", value: version.minor),
            ]
        )
    }

    // MARK: Health

    // Kubernetes: component-base/metrics/prometheus/slis/metrics.go
    private func writeHealth(_ text: inout MetricsText) {
        text.begin("kubernetes_healthcheck", .gauge, "Whether a check of the server succeeds.")
        for (type, check) in documents.checks {
            text.write(check.isHealthy() ? 1 : 0, [(name: "name", value: check.name), (name: "type", value: type)])
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// What the metrics of an autoscaler ask for, one by one and together.

import PodiumClient
import PodiumCodec
import PodiumMachinery
import PodiumStorage

/// Why a metric says nothing.
struct MetricFailure: Error, Hashable {
    /// The reason of the condition and of the Event.
    let reason: String
    let message: String
    /// The same with the kind of the metric before it.
    let context: String
}

/// What one metric asks for.
struct MetricProposal: Hashable {
    let replicas: Int
    /// What is said to be above target.
    let name: String
    /// What the status shows.
    let status: JSONValue
}

/// Reads the metrics of an autoscaler.
// Kubernetes: pkg/controller/podautoscaler/horizontal.go computeReplicasForMetric
struct AutoscalerMetrics {
    let source: any PodMetricsSource
    let namespace: String
    /// The pods of the target.
    let pods: [APIObject]
    let current: Int
    let tolerances: ReplicaCalculator.Tolerances
    let now: Timestamp

    /// What `metric`, an element of `spec.metrics`, asks for.
    func proposal(of metric: JSONValue) throws -> MetricProposal {
        let type = metric["type"]?.string ?? ""
        switch type {
        case "Resource": return try resourceProposal(metric["resource"] ?? .emptyObject, isOfContainer: false)
        case "ContainerResource":
            return try resourceProposal(metric["containerResource"] ?? .emptyObject, isOfContainer: true)
        case "Pods", "Object", "External": throw Self.foreign(type, metric, namespace)
        default:
            let message = "unknown metric source type \"\(type)\""
            throw MetricFailure(reason: "InvalidMetricSourceType", message: message, context: message)
        }
    }

    // Kubernetes: pkg/controller/podautoscaler/horizontal.go computeStatusForResourceMetricGeneric
    private func resourceProposal(_ metric: JSONValue, isOfContainer: Bool) throws -> MetricProposal {
        let name = metric["name"]?.string ?? ""
        let target = metric["target"] ?? .emptyObject
        let container = isOfContainer ? metric["container"]?.string : nil
        let kind = isOfContainer ? "container resource" : "resource"
        let average = Quantity(json: target["averageValue"])?.milliValue
        let percent = target["averageUtilization"]?.integer
        do {
            guard let aim = average.map({ .average($0) }) ?? percent.map({ ReplicaCalculator.Target.utilization($0) })
            else {
                throw MetricsError(
                    message: "invalid resource metric source: neither an average utilization target nor an average "
                        + "value (usage) target was set"
                )
            }
            let proposal = try self.proposal(for: aim, of: name, container)
            var shown: JSONObject = [:]
            shown["averageValue"] = Quantity(milli: proposal.average).jsonValue
            shown["averageUtilization"] = proposal.utilization.map { .integer($0) }
            var status: JSONObject = ["name": .string(name), "current": .object(shown)]
            if let container { status["container"] = .string(container) }
            return MetricProposal(
                replicas: proposal.replicas,
                name: average == nil ? "\(name) \(kind) utilization (percentage of request)" : "\(name) \(kind)",
                status: [
                    "type": isOfContainer ? "ContainerResource" : "Resource",
                    isOfContainer ? "containerResource" : "resource": .object(status),
                ]
            )
        } catch let error as MetricsError {
            throw MetricFailure(
                reason: isOfContainer ? "FailedGetContainerResourceMetric" : "FailedGetResourceMetric",
                message: error.message,
                context: "failed to get \(name) \(isOfContainer ? "container" : kind) metric value: \(error.message)"
            )
        }
    }

    private func proposal(
        for target: ReplicaCalculator.Target,
        of resource: String,
        _ container: String?
    ) throws -> ReplicaCalculator.Proposal {
        let word = if case .average = target { "usage" } else { "utilization" }
        do {
            let metrics: [String: PodMetric]
            do throws(MetricsError) {
                metrics = try source.metrics(of: resource, container: container, pods, at: now)
                if metrics.isEmpty { throw MetricsError(message: "no metrics returned from resource metrics API") }
            } catch {
                throw MetricsError(message: "unable to get metrics for resource \(resource): \(error.message)")
            }
            let calculator = ReplicaCalculator(
                resource: resource,
                container: container,
                pods: pods,
                tolerances: tolerances,
                now: now
            )
            return try calculator.proposal(for: target, from: current, metrics)
        } catch let error as MetricsError {
            throw MetricsError(message: "failed to get \(resource) \(word): \(error.message)")
        }
    }

    /// Metrics of others than pods' resources come from APIs that nobody serves here.
    private static func foreign(_ type: String, _ metric: JSONValue, _ namespace: String) -> MetricFailure {
        let source = metric[type.lowercased()] ?? .emptyObject
        let name = source[path: "metric", "name"]?.string ?? ""
        let noAPI =
            "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered"
        switch type {
        case "Pods":
            let message = "unable to get metric \(name): \(noAPI)"
            return MetricFailure(
                reason: "FailedGetPodsMetric",
                message: message,
                context: "failed to get pods metric value: \(message)"
            )
        case "Object":
            let object = source["describedObject"]
            let place = "\(object?["kind"]?.string ?? "") on \(namespace) \(object?["name"]?.string ?? "")"
            let message = "unable to get metric \(name): \(place)/\(noAPI)"
            return MetricFailure(
                reason: "FailedGetObjectMetric",
                message: message,
                context: "failed to get object metric value: \(message)"
            )
        default:
            let selector = SelectorText.go(source[path: "metric", "selector"])
            let message =
                "unable to get external metric \(namespace)/\(name)/\(selector): unable to fetch metrics from external "
                + "metrics API: the server could not find the requested resource (get \(name).external.metrics.k8s.io)"
            let context = "failed to get \(name) external metric value: failed to get \(name) external metric: "
            return MetricFailure(reason: "FailedGetExternalMetric", message: message, context: context + message)
        }
    }
}

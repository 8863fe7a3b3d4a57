// SPDX-License-Identifier: Apache-2.0
// Scales workloads by what their pods use.

import PodiumClient
import PodiumCodec
import PodiumHost
import PodiumMachinery
import PodiumStorage

/// The controller of HorizontalPodAutoscalers, which looks at each of them every now and then and not when it changes.
// Kubernetes: pkg/controller/podautoscaler/horizontal.go
// State | guarded by | why separate
// members | queue | the queue of the informers
final class HorizontalPodAutoscalerController: InformedReconciler {
    static let name = "horizontal-pod-autoscaler-controller"

    /// The times of the controller.
    enum Limits {
        /// How long lies between two looks.
        static let syncPeriod: Duration = .seconds(15)
    }

    private struct Members {
        var histories: [NamespacedName: ScalingHistory] = [:]
        /// The selectors of the targets, as they were last seen.
        var selectors = SelectorTable()
    }

    private let informers: SharedInformers
    private let metrics: any PodMetricsSource
    private let recorder: EventRecorder
    private let members: Confined<Members>

    init(informers: SharedInformers, metrics: any PodMetricsSource) {
        self.informers = informers
        self.metrics = metrics
        recorder = EventRecorder(
            client: informers.client,
            component: "horizontal-pod-autoscaler",
            queue: informers.queue
        )
        members = Confined(Members(), on: informers.queue)
    }

    func watch(_ controller: Controller<NamespacedName>) {
        informers.handle(.horizontalPodAutoscalers) { [weak self] event in
            let name = event.object.key.name
            if case .deleted = event {
                self?.forget(name)
            } else {
                controller.add(name, after: Limits.syncPeriod)
            }
        }
    }

    private func forget(_ name: NamespacedName) {
        members.withState { members in
            members.histories[name] = nil
            members.selectors.set(nil, of: name)
        }
    }

    func reconcile(_ name: NamespacedName) throws -> ReconcileResult {
        let client = informers.client
        guard let autoscaler = try informers.current(ObjectKey(.horizontalPodAutoscalers, name)) else {
            return .done
        }
        let history = members.withState { $0.histories[name] } ?? ScalingHistory()
        var sync = AutoscalerSync(autoscaler, history, now: client.host.clock.now)
        do {
            let reference = autoscaler.spec["scaleTargetRef"]
            let target = try ScaleTarget(reference, in: name.namespace, informers)
            try scale(target, name, &sync)
        } catch let error as ScaleError {
            sync.fail(error)
        }
        members.withState { [history = sync.history] in $0.histories[name] = history }
        for report in sync.reports {
            recorder.event(about: autoscaler, type: report.type, reason: report.reason, message: report.message)
        }
        try StatusError.ignoringAbsence { () throws(StatusError) in
            try client.updateStatus(autoscaler.key, uid: autoscaler.uid) { [status = sync.status.value] object in
                if object["status"] == status { return false }
                object["status"] = status
                return true
            }
        }
        return ReconcileResult(requeueAfter: Limits.syncPeriod)
    }

    private func scale(_ target: ScaleTarget, _ name: NamespacedName, _ sync: inout AutoscalerSync) throws {
        let client = informers.client
        let (selector, now) = (target.selector, sync.now)
        var pods: [APIObject] = []
        try sync.run(
            target,
            rivals: {
                members.withState { $0.selectors.set(selector, of: name) }
                pods = try client.list(.pods, scope: .namespace(name.namespace)).filter { selector.matches($0.labels) }
                return rivals(of: pods, in: name.namespace)
            },
            metrics: { tolerances in
                AutoscalerMetrics(
                    source: metrics,
                    namespace: name.namespace,
                    pods: pods,
                    current: target.replicas,
                    tolerances: tolerances,
                    now: now
                )
            },
            scale: { replicas throws(StatusError) in
                try client.scale(target.key, uid: target.uid, to: replicas)
            }
        )
    }

    /// The autoscalers that have one of `pods`.
    // Kubernetes: pkg/controller/podautoscaler/horizontal.go hpasControllingPodsUnderSelector
    private func rivals(of pods: [APIObject], in namespace: String) -> [NamespacedName] {
        members.withState { members in
            let labels = Set(pods.map(\.labels))
            return Set(labels.flatMap { members.selectors.names(selecting: $0, in: namespace) }).sorted()
        }
    }
}

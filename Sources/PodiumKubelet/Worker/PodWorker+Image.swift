// SPDX-License-Identifier: Apache-2.0
// Sees to it that a container's image is on the node: policies, pulls, back-off.

import PodiumMachinery
import PodiumPodModel
import PodiumRuntime

// Kubernetes: pkg/kubelet/images/image_manager.go EnsureImageExists
extension PodWorker {
    /// Begins with the image of a container.
    mutating func ensureImage(
        _ start: inout ContainerStart,
        _ container: ContainerSpec,
        in environment: any WorkerEnvironment
    ) -> StepResult {
        let reference: ImageReference
        do throws(ImageReferenceError) {
            reference = try ImageReference(parsing: container.image)
        } catch {
            emit(container.fieldPath, warning: true, "InspectFailed", error.message)
            return failImage(start, container, "InvalidImageName", error.message)
        }
        let plan = attempt(of: container)
        let profile = environment.registry.profile(of: reference)
        if container.pullPolicy != .always, plan?.pull == nil, plan?.pullFailure == nil,
            environment.images.contains(reference, profile)
        {
            let text =
                "Container image \"\(container.image)\" already present on machine and can be accessed by the pod"
            emit(container.fieldPath, "Pulled", text)
            return startCreating(&start, reference, in: environment)
        }
        if container.pullPolicy == .never {
            let text = "Container image \"\(container.image)\" is not present with pull policy of Never"
            emit(container.fieldPath, warning: true, "ErrImageNeverPull", text)
            return failImage(start, container, "ErrImageNeverPull", text)
        }
        if imageBackoff.isWaitingSinceUpdate(container.image, now: environment.now) {
            let text = "Back-off pulling image \"\(container.image)\""
            emit(container.fieldPath, "BackOff", text)
            let cause = pullErrors[container.image].map { ": \($0)" } ?? ""
            return failImage(start, container, "ImagePullBackOff", text + cause)
        }
        emit(container.fieldPath, "Pulling", "Pulling image \"\(container.image)\"")
        let now = environment.now
        let pull = ImageStore.pull(reference, profile)
        let failure = plan?.pullFailure.map { _ in "simulated failure of the pull" } ?? pull.failure
        let usual = failure == nil ? node.latencies.pull : node.latencies.failedPull
        let end = now + (plan?.pull ?? pull.duration ?? usual)
        start.stage = .pulling(reference, began: now, end: end, failure: failure)
        return .progressed
    }

    /// Ends a pull.
    mutating func endPull(
        _ start: inout ContainerStart,
        _ container: ContainerSpec,
        _ reference: ImageReference,
        began: Timestamp,
        failure: String?,
        in environment: any WorkerEnvironment
    ) -> StepResult {
        let now = environment.now
        if let failure {
            emit(
                container.fieldPath,
                warning: true,
                "Failed",
                "Failed to pull image \"\(container.image)\": \(failure)"
            )
            imageBackoff.next(container.image, event: now, now: now)
            let reason = attempt(of: container)?.pullFailure ?? "ErrImagePull"
            pullErrors[container.image] = "\(reason): \(failure)"
            if attempt(of: container) != nil { planAttempts[container.name, default: 0] += 1 }
            return failImage(start, container, reason, failure)
        }
        let size = environment.registry.profile(of: reference).size
        let time = GoDuration.print(.milliseconds((now - began).nanoseconds / 1_000_000))
        emit(
            container.fieldPath,
            "Pulled",
            "Successfully pulled image \"\(container.image)\" in \(time) (\(time) including waiting). "
                + "Image size: \(size) bytes."
        )
        return startCreating(&start, reference, in: environment)
    }

    private mutating func startCreating(
        _ start: inout ContainerStart,
        _ reference: ImageReference,
        in environment: any WorkerEnvironment
    ) -> StepResult {
        environment.noteImage(reference, environment.registry.profile(of: reference))
        start.stage = .creating(reference, at: environment.now + node.latencies.containerStart)
        return .progressed
    }

    private mutating func failImage(
        _ start: ContainerStart,
        _ container: ContainerSpec,
        _ reason: String,
        _ message: String
    ) -> StepResult {
        emit(container.fieldPath, warning: true, "Failed", "Error: \(reason)")
        work?.failures[start.name] = StartFailure(reason, message)
        if start.abortsOnFailure, let first = work?.operations.first { work?.operations = [first] }
        return .done
    }
}

// SPDX-License-Identifier: Apache-2.0
// Rules of probes, of hooks, and of the actions that both run.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    func probesErrors(_ container: PodField, _ spec: PodField) -> [FieldError] {
        livenessErrors(container["livenessProbe"], spec)
            + readinessErrors(container["readinessProbe"], spec)
            + livenessErrors(container["startupProbe"], spec)
    }

    /// Liveness and startup probes succeed at the first success.
    private func livenessErrors(_ probe: PodField, _ spec: PodField) -> [FieldError] {
        guard probe.isSet else { return [] }
        let threshold = probe["successThreshold"]
        return probeErrors(probe, spec) + (threshold.integer == 1 ? [] : [threshold.invalidNumber("must be 1")])
    }

    /// Readiness probes restart nothing, so that there is nothing to grant a period.
    private func readinessErrors(_ probe: PodField, _ spec: PodField) -> [FieldError] {
        guard probe.isSet else { return [] }
        let period = probe["terminationGracePeriodSeconds"]
        return probeErrors(probe, spec)
            + (period.isSet ? [period.invalidNumber("must not be set for readinessProbes")] : [])
    }

    private func probeErrors(_ probe: PodField, _ spec: PodField) -> [FieldError] {
        var errors = actionErrors(probe, ["exec", "httpGet", "tcpSocket", "grpc"], spec)
        for name in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
            errors += probe[name].nonnegativeErrors
        }
        let period = probe["terminationGracePeriodSeconds"]
        if period.isSet, period.integer <= 0 { errors.append(period.invalidNumber("must be greater than 0")) }
        return errors
    }

    func lifecycleErrors(_ lifecycle: PodField, _ spec: PodField) -> [FieldError] {
        guard lifecycle.isSet else { return [] }
        var errors: [FieldError] = []
        for hook in ["postStart", "preStop"] where lifecycle[hook].isSet {
            errors += actionErrors(lifecycle[hook], ["exec", "httpGet", "tcpSocket", "sleep"], spec)
        }
        return errors + stopSignalErrors(lifecycle["stopSignal"], spec["os"])
    }

    /// Exactly one of `kinds`; only the first one's own rules are told.
    private func actionErrors(_ handler: PodField, _ kinds: [String], _ spec: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        var isFirst = true
        for kind in kinds where handler[kind].isSet {
            if isFirst {
                errors += actionErrors(handler[kind], kind, spec)
            } else {
                errors.append(handler[kind].forbidden("may not specify more than 1 handler type"))
            }
            isFirst = false
        }
        return isFirst ? [handler.required("must specify a handler type")] : errors
    }

    private func actionErrors(_ action: PodField, _ kind: String, _ spec: PodField) -> [FieldError] {
        switch kind {
        case "exec": action["command"].count == 0 ? [action["command"].required()] : []
        case "httpGet": httpGetErrors(action)
        case "sleep": sleepErrors(action, spec["terminationGracePeriodSeconds"])
        default: action["port"].portErrors
        }
    }

    private func httpGetErrors(_ action: PodField) -> [FieldError] {
        let headers = action["httpHeaders"]
        return (action["path"].text.isEmpty ? [action["path"].required()] : [])
            + action["port"].portErrors
            + action["scheme"].oneOf(["HTTP", "HTTPS"])
            + headers.elements.flatMap { header in
                let name = header["name"].text
                return PodField(.string(name), at: headers.path).invalid(each: NameValidation.httpHeaderName(name))
            }
    }

    private func sleepErrors(_ action: PodField, _ period: PodField) -> [FieldError] {
        let seconds = action["seconds"].integer
        guard period.isSet, seconds < 0 || seconds > period.integer else { return [] }
        let text = "must be non-negative and less than terminationGracePeriodSeconds (\(period.integer))"
        return [.invalid(action.path, .integer(seconds), text)]
    }

    private func stopSignalErrors(_ signal: PodField, _ os: PodField) -> [FieldError] {
        guard signal.isSet else { return [] }
        guard os.isSet else { return [signal.forbidden("may not be set for containers with empty `spec.os.name`")] }
        switch os["name"].text {
        case "windows": return signal.oneOf(["SIGKILL", "SIGTERM"])
        case "linux": return signal.oneOf(Self.signals)
        default: return []
        }
    }

    /// In alphabetical order, which is the order of the message.
    private static let signals = [
        "SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL", "SIGINT",
        "SIGIO", "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL", "SIGPROF", "SIGPWR", "SIGQUIT", "SIGRTMAX", "SIGRTMAX-1",
        "SIGRTMAX-10", "SIGRTMAX-11", "SIGRTMAX-12", "SIGRTMAX-13", "SIGRTMAX-14", "SIGRTMAX-2", "SIGRTMAX-3",
        "SIGRTMAX-4", "SIGRTMAX-5", "SIGRTMAX-6", "SIGRTMAX-7", "SIGRTMAX-8", "SIGRTMAX-9", "SIGRTMIN", "SIGRTMIN+1",
        "SIGRTMIN+10", "SIGRTMIN+11", "SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14", "SIGRTMIN+15", "SIGRTMIN+2",
        "SIGRTMIN+3", "SIGRTMIN+4", "SIGRTMIN+5", "SIGRTMIN+6", "SIGRTMIN+7", "SIGRTMIN+8", "SIGRTMIN+9", "SIGSEGV",
        "SIGSTKFLT", "SIGSTOP", "SIGSYS", "SIGTERM", "SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1",
        "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ",
    ]
}

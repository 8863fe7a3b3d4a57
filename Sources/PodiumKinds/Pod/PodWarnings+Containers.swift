// SPDX-License-Identifier: Apache-2.0
// Warnings about containers: fractions of bytes, hidden variables, ports that are there twice.

import PodiumCodec
import PodiumMachinery

extension PodWarnings {
    static func containerWarnings(_ container: PodField) -> [String] {
        var warnings: [String] = []
        for resource in ["memory", "ephemeral-storage"] {
            for kind in ["limits", "requests"] {
                warnings += fractionWarnings(container["resources"][kind], resource)
            }
        }
        var names: Set<String> = []
        for variable in container["env"].elements {
            let name = variable["name"].text
            guard !names.insert(name).inserted else { continue }
            // A value that builds upon the one before it is meant.
            let reference = "$(\(name))"
            let value = variable["value"].text
            guard variable["valueFrom"].isSet || value == reference || !value.contains(reference) else { continue }
            let quoted = FieldError.quoted(name)
            warnings.append(
                "\(variable.path): hides previous definition of \(quoted), which may be dropped when using apply"
            )
        }
        return warnings
    }

    static func fractionWarnings(_ amounts: PodField, _ resource: String) -> [String] {
        guard let amount = Quantity(json: amounts.value?[resource]), ByteAmount.looksFractional(amount) else {
            return []
        }
        let text = FieldError.quoted(amount.description)
        return ["\(amounts.path.key(resource)): fractional byte value \(text) is invalid, must be an integer"]
    }

    static func portWarnings(_ containers: [PodField]) -> [String] {
        var warnings: [String] = []
        var known: [String: [PodField]] = [:]
        for port in containers.flatMap({ $0["ports"].elements }) {
            let address = port["hostIP"].text
            let number = port["hostPort"].integer
            if !address.isEmpty, number == 0 {
                let printed =
                    "{Name:\(port["name"].text) HostPort:0 ContainerPort:\(port["containerPort"].integer) "
                    + "Protocol:\(port["protocol"].text) HostIP:\(address)}"
                warnings.append("\(port.path): hostIP set without hostPort: \(printed)")
            }
            let key = "\(port["containerPort"].integer)/\(port["protocol"].text)"
            for other in known[key] ?? [] {
                let otherAddress = other["hostIP"].text
                let otherNumber = other["hostPort"].integer
                let problem: String? =
                    if address == otherAddress, number == otherNumber {
                        "duplicate"
                    } else if number == 0 || otherNumber == 0 {
                        "overlapping"
                    } else {
                        number == otherNumber && address.isEmpty != otherAddress.isEmpty
                            ? "dangerously ambiguous" : nil
                    }
                if let problem { warnings.append("\(port.path): \(problem) port definition with \(other.path)") }
            }
            known[key, default: []].append(port)
        }
        return warnings + portNameWarnings(containers)
    }

    private static func portNameWarnings(_ containers: [PodField]) -> [String] {
        var places: [String: FieldPath] = [:]
        var warnings: [String] = []
        for port in containers.flatMap({ $0["ports"].elements }) where !port["name"].text.isEmpty {
            let name = port["name"].text
            guard let other = places[name] else {
                places[name] = port.path
                continue
            }
            warnings.append(
                "\(port.path): duplicate port name \(FieldError.quoted(name)) with \(other), "
                    + "services and probes that select ports by name will use \(other)"
            )
        }
        return warnings
    }
}

/// Amounts of bytes as upstream's arithmetic sees them.
enum ByteAmount {
    /// Whether the amount in thousandths, in 64 bits, is no multiple of 1000.
    ///
    /// Large whole amounts overflow there: those of up to 18 digits count as 0, longer ones and powers of 1024 wrap
    /// around, so that `1Ei` passes for a fraction.
    // Kubernetes: apimachinery/pkg/api/resource/quantity.go MilliValue
    static func looksFractional(_ amount: Quantity) -> Bool {
        guard amount.isInteger else { return true }
        guard amount.value.magnitude > Int64.max.magnitude / 1000 else { return false }
        let text = amount.description.drop { $0 == "-" }
        let digits = text.prefix { $0.isNumber }
        guard let number = UInt128(digits), let shift = binaryShifts[String(text.dropFirst(digits.count))] else {
            return false
        }
        if shift == 0, digits.count <= 18 { return false }
        let whole = min(number << UInt128(shift), shift == 0 ? .max >> 10 : UInt128(Int64.max.magnitude))
        return Int64(truncatingIfNeeded: whole &* 1000) % 1000 != 0
    }

    private static let binaryShifts = ["": 0, "Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60]
}

// SPDX-License-Identifier: Apache-2.0
// Rules of container ports and of their ports on the host.

import PodiumCodec
import PodiumMachinery

extension PodValidation {
    func portsErrors(_ ports: PodField) -> [FieldError] {
        var names: Set<String> = []
        var errors: [FieldError] = []
        for port in ports.elements {
            let name = port["name"]
            if !name.text.isEmpty {
                let details = NameValidation.portName(name.text)
                errors += name.invalid(each: details)
                if details.isEmpty, !names.insert(name.text).inserted { errors.append(name.duplicate()) }
            }
            let number = port["containerPort"]
            errors += number.integer == 0 ? [number.required()] : number.rangeErrors(1, 65535)
            if port["hostPort"].integer != 0 { errors += port["hostPort"].rangeErrors(1, 65535) }
            errors += choiceErrors(port["protocol"], ["SCTP", "TCP", "UDP"])
        }
        return errors
    }

    /// Ports on the host that two of `containers` want with the same protocol and address.
    func hostPortConflicts(_ containers: [PodField]) -> [FieldError] {
        var taken: Set<String> = []
        return containers.flatMap { $0["ports"].elements }.compactMap { port in
            let number = port["hostPort"].integer
            guard number != 0 else { return nil }
            let key = "\(port["protocol"].text)/\(port["hostIP"].text)/\(number)"
            return taken.insert(key).inserted ? nil : .duplicate(port["hostPort"].path, .string(key))
        }
    }

    /// On the host's network a container's ports are the host's.
    func hostNetworkPortErrors(_ spec: PodField) -> [FieldError] {
        guard spec["hostNetwork"].flag else { return [] }
        return spec["containers"].elements.flatMap { $0["ports"].elements }.compactMap { port in
            let number = port["hostPort"]
            guard options.isPod || number.integer != 0, number.integer != port["containerPort"].integer else {
                return nil
            }
            return number.invalidNumber("must match `containerPort` when `hostNetwork` is true")
        }
    }
}

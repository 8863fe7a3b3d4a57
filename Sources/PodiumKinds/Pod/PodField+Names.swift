// SPDX-License-Identifier: Apache-2.0
// Checks of a pod's fields against the forms that names, labels and addresses have.

import PodiumCodec
import PodiumMachinery

extension PodField {
    var dnsLabelErrors: [FieldError] { invalid(each: NameValidation.dns1123Label(text)) }
    var dnsSubdomainErrors: [FieldError] { invalid(each: NameValidation.dns1123Subdomain(text)) }
    var qualifiedNameErrors: [FieldError] { invalid(each: NameValidation.qualifiedName(text)) }
    var labelValueErrors: [FieldError] { invalid(each: NameValidation.labelValue(text)) }
    var ipErrors: [FieldError] { invalid(each: NameValidation.ipAddress(text)) }

    /// What is wrong with a map of labels; all its errors stand at the map itself.
    // Kubernetes: apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateLabels
    var labelsErrors: [FieldError] {
        entries.flatMap { key, field in
            PodField(.string(key), at: path).qualifiedNameErrors + field.placed(at: path).labelValueErrors
        }
    }

    /// What is wrong with a label selector.
    // Kubernetes: apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateLabelSelector
    var labelSelectorErrors: [FieldError] {
        guard isSet else { return [] }
        return self["matchLabels"].labelsErrors
            + self["matchExpressions"].elements.flatMap { expression in
                expression.selectorOperatorErrors
                    + expression["key"].qualifiedNameErrors
                    + expression["values"].elements.flatMap(\.labelValueErrors)
            }
    }

    private var selectorOperatorErrors: [FieldError] {
        switch self["operator"].text {
        case "In", "NotIn":
            self["values"].count == 0
                ? [self["values"].required("must be specified when `operator` is 'In' or 'NotIn'")] : []
        case "Exists", "DoesNotExist":
            self["values"].count > 0
                ? [self["values"].forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")] : []
        default: [self["operator"].invalid("not a valid selector operator")]
        }
    }

    /// What is wrong with a number within inclusive bounds.
    func rangeErrors(_ low: Int64, _ high: Int64) -> [FieldError] {
        (low...high).contains(integer) ? [] : [invalidNumber(NameValidation.range(Int(low), Int(high)))]
    }

    /// What is wrong with a number that must not be negative.
    var nonnegativeErrors: [FieldError] {
        integer < 0 ? [invalidNumber("must be greater than or equal to 0")] : []
    }

    /// What is wrong with the name of a user or a group in numbers; nothing when it is missing.
    var userOrGroupErrors: [FieldError] { isSet ? rangeErrors(0, 0x7FFF_FFFF) : [] }

    /// What is wrong with a port given by number or by name; missing counts as 0.
    var portErrors: [FieldError] {
        if case .string(let name)? = value { return invalid(each: NameValidation.portName(name)) }
        return rangeErrors(1, 65535)
    }

    /// What is wrong with a file mode; nothing when it is missing.
    var fileModeErrors: [FieldError] {
        guard isSet, !(0...0o777).contains(integer) else { return [] }
        return [invalidNumber("must be a number between 0 and 0777 (octal), both inclusive")]
    }

    /// A path that does not climb.
    var noBackstepsErrors: [FieldError] {
        let climbs = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).contains {
            $0.elementsEqual("..".utf8)
        }
        return climbs ? [invalid("must not contain '..'")] : []
    }

    /// A relative path that does not climb.
    var descendingPathErrors: [FieldError] {
        (text.utf8.first == UInt8(ascii: "/") ? [invalid("must be a relative path")] : []) + noBackstepsErrors
    }

    /// A relative path that does not climb and does not begin as the kubelet's own files do.
    var nonReservedPathErrors: [FieldError] {
        let isReserved = text.hasPrefix("..") && !text.hasPrefix("../")
        return descendingPathErrors + (isReserved ? [invalid("must not start with '..'")] : [])
    }
}

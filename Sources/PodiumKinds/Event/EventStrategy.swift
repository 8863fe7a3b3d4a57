// SPDX-License-Identifier: Apache-2.0
// Events: the lenient rules of the core group, and the strict ones of events.k8s.io.

package import PodiumCodec
import PodiumMachinery
import PodiumRegistry

/// What is special about events, in the form of either group.
// Kubernetes: pkg/registry/core/event/strategy.go, pkg/apis/core/validation/events.go
struct EventStrategy: KindStrategy {
    /// Whether objects have the form of events.k8s.io.
    let isNew: Bool

    private static let maximumLength = 128
    private static let maximumNoteLength = 1024

    var allowsCreateOnUpdate: Bool { true }

    func nameErrors(_ name: String, isPrefix: Bool) -> [String] {
        isNew
            ? NameValidation.dns1123Subdomain(name, isPrefix: isPrefix)
            : NameValidation.pathSegmentName(name, isPrefix: isPrefix)
    }

    func validate(_ object: JSONValue, context: StrategyContext) -> [FieldError] {
        legacyErrors(object) + (isNew ? newErrors(object) : [])
    }

    func validateUpdate(_ object: JSONValue, old: JSONValue, context: StrategyContext) -> [FieldError] {
        guard isNew else { return legacyErrors(object) }
        var errors = legacyErrors(object)
        if object["series"] != old["series"] { errors += seriesErrors(object) }
        let immutable = [
            ("regarding", "involvedObject"), ("reason", "reason"), ("note", "message"), ("type", "type"),
            ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
            ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"), ("action", "action"),
            ("related", "related"), ("reportingController", "reportingController"),
            ("reportingInstance", "reportingInstance"),
        ]
        for (field, name) in immutable {
            errors += PodField(object[field], at: FieldPath(name)).immutableErrors(old: old[field])
        }
        return errors
    }

    private func legacyErrors(_ object: JSONValue) -> [FieldError] {
        let namespace = object[path: "metadata", "namespace"]?.string ?? ""
        let involved = object[path: isNew ? "regarding" : "involvedObject", "namespace"]?.string ?? ""
        let place = PodField(.string(involved), at: FieldPath("involvedObject", "namespace"))
        let mismatch = "does not match event.namespace"
        var errors: [FieldError] = []
        if !PodField("eventTime", of: object).isSet {
            let isFree = involved.isEmpty && (namespace.isEmpty || namespace == "default")
            if !isFree, involved != namespace { errors.append(place.invalid(mismatch)) }
        } else {
            if involved.isEmpty, namespace != "default", namespace != "kube-system" {
                errors.append(place.invalid(mismatch))
            }
            errors += reporterErrors(object)
        }
        return errors
            + NameValidation.dns1123Subdomain(namespace).map {
                .invalid(FieldPath("namespace"), .string(namespace), $0)
            }
    }

    private func reporterErrors(_ object: JSONValue) -> [FieldError] {
        let controller = PodField(isNew ? "reportingController" : "reportingComponent", of: object)
        var errors = controller.text.isEmpty ? [controller.required()] : []
        errors += controller.qualifiedNameErrors
        for name in ["reportingInstance", "action", "reason"] {
            let field = PodField(name, of: object)
            if field.text.isEmpty { errors.append(field.required()) }
            errors += lengthErrors(field, Self.maximumLength)
        }
        let note = PodField(object[isNew ? "note" : "message"], at: FieldPath("message"))
        return errors + lengthErrors(note, Self.maximumNoteLength)
    }

    private func lengthErrors(_ field: PodField, _ maximum: Int) -> [FieldError] {
        field.text.utf8.count > maximum
            ? [.invalid(field.path, "", "can have at most \(maximum) characters")] : []
    }

    private func newErrors(_ object: JSONValue) -> [FieldError] {
        var errors = seriesErrors(object)
        if !PodField("eventTime", of: object).isSet { errors.append(.required(FieldPath("eventTime"))) }
        let type = object["type"]?.string ?? ""
        if type != "Normal", type != "Warning" {
            errors.append(.invalid(FieldPath("type"), "", "has invalid value: \(type)"))
        }
        let unset = [
            ("deprecatedFirstTimestamp", "firstTimestamp"), ("deprecatedLastTimestamp", "lastTimestamp"),
            ("deprecatedCount", "count"), ("deprecatedSource", "source"),
        ]
        for (field, name) in unset {
            switch object[field] {
            case nil, .null?, .integer(0)?, .object([:])?: continue
            default: errors.append(.invalid(FieldPath(name), "", "needs to be unset"))
            }
        }
        return errors
    }

    private func seriesErrors(_ object: JSONValue) -> [FieldError] {
        let series = PodField("series", of: object)
        guard series.isSet else { return [] }
        var errors: [FieldError] = []
        if series["count"].integer < 2 {
            errors.append(.invalid(FieldPath("series.count"), "", "should be at least 2"))
        }
        if !series["lastObservedTime"].isSet { errors.append(.required(FieldPath("series.lastObservedTime"))) }
        return errors
    }
}

/// The two forms of events: the fields of `events.k8s.io/v1` and their older names in `v1`.
// Kubernetes: pkg/apis/events/v1/conversion.go
package enum EventConversion {
    private static let names = [
        ("note", "message"), ("regarding", "involvedObject"), ("reportingController", "reportingComponent"),
        ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"),
    ]
    private static let toCore = Dictionary(uniqueKeysWithValues: names)
    private static let toNew = Dictionary(uniqueKeysWithValues: names.map { ($1, $0) })

    /// The `v1` form of an event in the form of `events.k8s.io/v1`.
    ///
    /// An event that has this form already is given back as it is.
    package static func core(from event: JSONValue) -> JSONValue {
        var result = convert(event, toCore, "v1")
        // Here, unlike in events.k8s.io, these two are there when they are empty.
        for field in ["reportingComponent", "reportingInstance"] where result[field] == nil { result[field] = "" }
        return result
    }

    /// The `events.k8s.io/v1` form of a `v1` event.
    package static func new(from event: JSONValue) -> JSONValue {
        var result = convert(event, toNew, "events.k8s.io/v1")
        // Here, unlike in v1, these two are left out when they are empty.
        for field in ["reportingController", "reportingInstance"] where result[field] == "" { result[field] = nil }
        return result
    }

    private static func convert(_ event: JSONValue, _ names: [String: String], _ version: String) -> JSONValue {
        var members: JSONObject = [:]
        for (key, value) in event.object ?? [:] { members[names[key] ?? key] = value }
        members["apiVersion"] = .string(version)
        return .object(members)
    }
}

// SPDX-License-Identifier: Apache-2.0
// What all kinds with a pod template share: the template's defaults and rules, selectors, counts and percentages.

import PodiumCodec
import PodiumMachinery

/// The pod template of a workload.
enum PodTemplates {
    /// Fills in the template at `field` of `owner`, usually a specification.
    static func applyDefaults(_ owner: inout JSONValue, _ field: String = "template") {
        owner.updateMember(field) { template in
            if template["spec"]?.object == nil { template["spec"] = .emptyObject }
            template.updateMember("spec") { PodSpecDefaults.apply(to: &$0) }
        }
    }

    /// What is wrong with the template itself.
    static func errors(_ template: PodField) -> [FieldError] {
        PodValidation(options: .template).templateErrors(template.value ?? .emptyObject, at: template.path)
    }

    /// What is wrong with the template of a workload whose pods run for ever.
    static func errors(ofEndless template: PodField, kind: String) -> [FieldError] {
        errors(template) + endlessErrors(template, kind: kind)
    }

    /// Pods that run for ever are always restarted and have no deadline.
    static func endlessErrors(_ template: PodField, kind: String) -> [FieldError] {
        var errors: [FieldError] = []
        let spec = template["spec"]
        if spec["restartPolicy"].text != "Always" { errors.append(spec["restartPolicy"].notSupported(["Always"])) }
        if spec["activeDeadlineSeconds"].isSet {
            let detail = "activeDeadlineSeconds in \(kind) is not Supported"
            errors.append(spec["activeDeadlineSeconds"].forbidden(detail))
        }
        return errors
    }

    /// The template's labels must be taken by the selector, unless that takes everything.
    static func matchErrors(_ template: PodField, selector: LabelSelector) -> [FieldError] {
        guard !selector.isEverything else { return [] }
        return strictMatchErrors(template, selector: selector)
    }

    /// The template's labels must be taken by the selector.
    static func strictMatchErrors(_ template: PodField, selector: LabelSelector) -> [FieldError] {
        let labels = template["metadata"]["labels"]
        guard !selector.matches(labels.value?.stringMap ?? [:]) else { return [] }
        return [
            .invalid(labels.path, labels.value?.sortedByKey ?? .null, "`selector` does not match template `labels`")
        ]
    }

    /// Warnings about the template, and about a name that the pods' names begin with.
    ///
    /// An update is worth them only when it changes the specification.
    // Kubernetes: the WarningsOnCreate and WarningsOnUpdate functions of the workloads' strategies
    static func warnings(
        _ object: JSONValue,
        old: JSONValue?,
        at path: [String] = ["spec", "template"],
        namesPods: Bool = true
    ) -> [String] {
        var warnings: [String] = []
        let problems = NameValidation.dns1123Label(object[path: "metadata", "name"]?.string ?? "")
        if old == nil, namesPods, !problems.isEmpty {
            warnings.append(
                "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
                    + "a DNS label is recommended: [\(problems.joined(separator: " "))]"
            )
        }
        if let old, old[path: "metadata", "generation"] == object[path: "metadata", "generation"] { return warnings }
        guard let template = path.reduce(object as JSONValue?, { $0?[$1] }) else { return warnings }
        let place = path.dropFirst().reduce(FieldPath(path[0])) { $0.child($1) }
        return warnings + PodWarnings.forTemplate(template, at: place)
    }

    /// A selector that must be there and take less than everything.
    static func selectorErrors(_ selector: PodField, kind: String) -> [FieldError] {
        guard selector.isSet else { return [selector.required()] }
        var errors = LabelSelector.validate(selector.value, at: selector.path)
        if LabelSelector(object: selector.value).isEverything {
            errors.append(selector.invalid("empty selector is invalid for \(kind)"))
        }
        return errors
    }
}

/// Counts that may be percentages.
// Kubernetes: pkg/apis/apps/validation/validation.go
enum CountOrPercent {
    /// A count that is not negative, or a percentage.
    static func errors(_ field: PodField) -> [FieldError] {
        if case .string(let text)? = field.value { return field.invalid(each: NameValidation.percent(text)) }
        return field.nonnegativeErrors
    }

    static func overflowErrors(_ field: PodField) -> [FieldError] {
        guard let percent = IntOrString(field.value)?.percent, percent > 100 else { return [] }
        return [field.invalid("must not be greater than 100%")]
    }

    static func isZero(_ field: PodField) -> Bool {
        switch IntOrString(field.value) {
        case .int(let number)?: number == 0
        case let text?: text.percent ?? 0 == 0
        case nil: true
        }
    }

    /// The strategy `type` with its parameters, as upstream prints its internal form.
    static func print(_ strategy: PodField, _ parameters: [String]) -> JSONValue {
        let rolling = strategy["rollingUpdate"]
        var printed: JSONValue = .null
        if rolling.isSet {
            printed = .emptyObject
            for name in parameters {
                printed[name.prefix(1).uppercased() + name.dropFirst()] = rolling[name].value ?? .null
            }
        }
        return ["Type": .string(strategy["type"].text), "RollingUpdate": printed]
    }
}

/// Numbers in a status.
enum StatusCounts {
    /// None of `fields` is negative.
    static func nonnegativeErrors(_ status: PodField, _ fields: [String]) -> [FieldError] {
        fields.flatMap { status[$0].nonnegativeErrors }
    }

    /// None of `fields` is greater than `limit`.
    static func errors(_ status: PodField, _ fields: [String], above limit: String, called name: String) -> [FieldError]
    {
        fields.filter { status[$0].integer > status[limit].integer }.map {
            status[$0].invalidNumber("cannot be greater than \(name)")
        }
    }

    static func collisionErrors(_ status: PodField, old: JSONValue) -> [FieldError] {
        let before = old[path: "status", "collisionCount"]?.integer ?? 0
        let count = status["collisionCount"]
        return count.integer < before ? [count.invalidNumber("cannot be decremented")] : []
    }
}

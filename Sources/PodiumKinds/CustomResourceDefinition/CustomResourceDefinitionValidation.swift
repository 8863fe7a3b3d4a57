// SPDX-License-Identifier: Apache-2.0
// Which definitions make sense: group, names, versions, columns and the outline of their schemas.

import PodiumCodec
import PodiumMachinery

/// The rules of the specification of a CustomResourceDefinition.
///
/// Upstream's internal form hoists what all versions share (schema, columns, subresources) to the top, and names the
/// places of errors accordingly.
// Kubernetes: apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
enum CustomResourceDefinitionValidation {
    static func errors(_ spec: PodField) -> [FieldError] {
        var errors = groupErrors(spec["group"])
        let scope = spec["scope"]
        errors += scope.text.isEmpty ? [scope.required()] : scope.oneOf(["Cluster", "Namespaced"])
        let versions = spec["versions"]
        for version in versions.elements where !version["schema"]["openAPIV3Schema"].isSet {
            errors.append(version["schema"]["openAPIV3Schema"].required("schemas are required"))
        }
        if spec["preserveUnknownFields"].flag, versions.elements.contains(where: { hasDefault($0["schema"].value) }) {
            errors.append(spec["preserveUnknownFields"].invalid("must be false in order to use defaults in the schema"))
        }
        errors += versionErrors(versions)
        errors += nameErrors(spec["names"])
        errors += shared(versions, "schema", at: spec.path.child("validation")).flatMap { schema, hasStatus in
            schemaErrors(schema["openAPIV3Schema"], hasStatus: hasStatus)
        }
        errors += shared(versions, "additionalPrinterColumns", at: spec.path.child("additionalPrinterColumns")).flatMap
        {
            $0.field.elements.flatMap(columnErrors)
        }
        return errors + conversionErrors(spec["conversion"])
    }

    /// The member `name` of all versions: once at `path` when it is the same in all, else where it stands.
    private static func shared(
        _ versions: PodField,
        _ name: String,
        at path: FieldPath
    ) -> [(field: PodField, hasStatus: Bool)] {
        let all = versions.elements
        let fields = all.map { ($0[name], $0["subresources"]["status"].isSet) }.filter { $0.0.isSet }
        guard let first = fields.first, fields.count == all.count,
            fields.allSatisfy({ $0.0.value == first.0.value })
        else { return fields }
        return [(first.0.placed(at: path), fields.contains(where: \.1))]
    }

    private static func groupErrors(_ group: PodField) -> [FieldError] {
        if group.text.isEmpty { return [group.required()] }
        let errors = NameValidation.dns1123Subdomain(group.text)
        if !errors.isEmpty { return [group.invalid(errors.joined(separator: ","))] }
        return group.text.contains(".") ? [] : [group.invalid("should be a domain with at least one dot")]
    }

    private static func versionErrors(_ versions: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        var names: Set<String> = []
        var areUnique = true
        for version in versions.elements {
            let name = version["name"]
            areUnique = names.insert(name.text).inserted && areUnique
            errors += joined(NameValidation.dns1035Label(name.text), name)
        }
        if !areUnique { errors.append(versions.invalid("must contain unique version names")) }
        if versions.elements.count(where: { $0["storage"].flag }) != 1 {
            let detail = "must have exactly one version marked as storage version"
            errors.append(.invalid(versions.path, versions.value ?? .array([]), detail))
        }
        return errors
    }

    private static func joined(_ details: [String], _ field: PodField) -> [FieldError] {
        details.isEmpty ? [] : [field.invalid(details.joined(separator: ","))]
    }

    private static func nameErrors(_ names: PodField) -> [FieldError] {
        let required = ["plural", "singular", "kind", "listKind"]
        var errors = required.filter { names[$0].text.isEmpty }.map { names[$0].required() }
        for name in ["plural", "singular"] where !names[name].text.isEmpty {
            errors += joined(NameValidation.dns1035Label(names[name].text), names[name])
        }
        for name in ["kind", "listKind"] where !names[name].text.isEmpty {
            let details = NameValidation.dns1035Label(names[name].text.lowercased())
            if !details.isEmpty {
                let detail = "may have mixed case, but should otherwise match: \(details.joined(separator: ","))"
                errors.append(names[name].invalid(detail))
            }
        }
        for list in ["shortNames", "categories"] {
            errors += names[list].elements.flatMap { joined(NameValidation.dns1035Label($0.text), $0) }
        }
        if !names["kind"].text.isEmpty, names["kind"].text == names["listKind"].text {
            errors.append(names["listKind"].invalid("kind and listKind may not be the same"))
        }
        return errors
    }

    private static func columnErrors(_ column: PodField) -> [FieldError] {
        var errors = column["name"].text.isEmpty ? [column["name"].required()] : []
        let types = ["boolean", "date", "integer", "number", "string"]
        let type = column["type"]
        if type.text.isEmpty {
            errors.append(type.required("must be one of \(types.joined(separator: ","))"))
        } else if !types.contains(type.text) {
            errors.append(type.invalid("must be one of \(types.joined(separator: ","))"))
        }
        let path = column["jsonPath"].placed(at: column.path.child("JSONPath"))
        if path.text.isEmpty {
            errors.append(path.required())
        } else if !path.text.hasPrefix(".") {
            errors.append(path.invalid("must be a simple json path starting with ."))
        }
        return errors
    }

    private static func conversionErrors(_ conversion: PodField) -> [FieldError] {
        guard conversion.isSet else { return [] }
        let strategy = conversion["strategy"]
        if strategy.text.isEmpty { return [strategy.required()] }
        let errors = strategy.oneOf(["None", "Webhook"])
        guard errors.isEmpty, strategy.text == "Webhook" else { return errors }
        let webhook = conversion["webhook"]["clientConfig"].placed(at: conversion.path.child("webhookClientConfig"))
        return webhook.isSet ? [] : [webhook.required("required when strategy is set to Webhook")]
    }
}

// MARK: Schemas

extension CustomResourceDefinitionValidation {
    /// Whether a default stands anywhere in `schema`.
    private static func hasDefault(_ schema: JSONValue?) -> Bool {
        switch schema {
        case .object(let members)?: members["default"] != nil || members.values.contains { hasDefault($0) }
        case .array(let elements)?: elements.contains { hasDefault($0) }
        default: false
        }
    }

    private static func schemaErrors(_ schema: PodField, hasStatus: Bool) -> [FieldError] {
        guard schema.isSet else { return [] }
        let type = schema["type"]
        var errors: [FieldError] = []
        if hasStatus, !type.text.isEmpty, type.text != "object" {
            errors.append(
                type.invalid(
                    "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled"
                )
            )
        }
        if schema["nullable"].flag {
            errors.append(schema["nullable"].forbidden("nullable cannot be true at the root"))
        }
        if type.text.isEmpty {
            errors.append(type.required("must not be empty at the root"))
        } else if type.text != "object" {
            errors.append(type.invalid("must be object at the root"))
        }
        return errors + partErrors(schema)
    }

    /// Every part of a structural schema says its type.
    // Kubernetes: apiextensions-apiserver/pkg/apiserver/schema/validation.go
    private static func partErrors(_ schema: PodField) -> [FieldError] {
        var errors: [FieldError] = []
        let properties = schema["properties"]
        for (name, property) in properties.entries {
            let field = property.placed(at: properties.path.key(name))
            errors += typeErrors(field, "must not be empty for specified object fields") + partErrors(field)
        }
        if schema["items"].value?.object != nil {
            errors += typeErrors(schema["items"], "must not be empty for specified array items")
            errors += partErrors(schema["items"])
        }
        if schema["additionalProperties"].value?.object != nil {
            errors += typeErrors(schema["additionalProperties"], "must not be empty for specified object fields")
            errors += partErrors(schema["additionalProperties"])
        }
        return errors
    }

    private static func typeErrors(_ schema: PodField, _ detail: String) -> [FieldError] {
        let isOpen =
            schema["x-kubernetes-int-or-string"].flag || schema["x-kubernetes-preserve-unknown-fields"].flag
        return schema["type"].text.isEmpty && !isOpen ? [schema["type"].required(detail)] : []
    }
}

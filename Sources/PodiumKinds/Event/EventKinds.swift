// SPDX-License-Identifier: Apache-2.0
// What is known of Events, in both of their forms.

import PodiumCodec
import PodiumRegistry
import PodiumStorage

extension BuiltInKind {
    static let events = BuiltInKind("events", EventStrategy(isNew: false)) { kind in
        kind.cells = { $0.event }
        kind.selectableFields = selectableEventFields
        kind.dependents = .unsupported
        kind.otherForms = ["events.k8s.io/v1": EventConversion.new]
        kind.rechecksMetadata = false
    }

    static let newEvents = BuiltInKind("events", in: "events.k8s.io", EventStrategy(isNew: true)) { kind in
        kind.cells = { $0.event }
        kind.selectableFields = selectableEventFields
        kind.dependents = .unsupported
        kind.otherForms = ["v1": EventConversion.core]
        kind.conversion = KindDefinition.Conversion(shown: EventConversion.new, stored: EventConversion.core)
        kind.rechecksMetadata = false
    }

    private static let selectableEventFields = [
        SelectableField("involvedObject.kind"),
        SelectableField("involvedObject.namespace"),
        SelectableField("involvedObject.name"),
        SelectableField("involvedObject.uid"),
        SelectableField("involvedObject.apiVersion"),
        SelectableField("involvedObject.resourceVersion"),
        SelectableField("involvedObject.fieldPath"),
        SelectableField("reason"),
        SelectableField("reportingComponent"),
        SelectableField("source", path: ["source", "component"]),
        SelectableField("type"),
    ]
}

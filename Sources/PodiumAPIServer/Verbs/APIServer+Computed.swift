// SPDX-License-Identifier: Apache-2.0
// Reading the collections that are not stored.

import PodiumCodec
import PodiumExchange
import PodiumMachinery
import PodiumRegistry
import PodiumStorage

extension APIServer {
    /// The answer to a read of a collection that is not stored; nil for others.
    /// - Throws: 404.
    func computed(_ request: ResourceRequest) throws(StatusError) -> HTTPResponse? {
        let definition = request.definition
        // What is stored can be followed. Asked first, because most of what is read is.
        guard !definition.supports(.watch),
            let source = components.computed.first(where: { $0.resource == definition.gvr })
        else { return nil }
        let writer = AnswerWriter(request, self)
        let objects = try source.objects(in: request.path.namespace)
        if let name = request.path.name {
            guard let found = objects.first(where: { $0[path: "metadata", "name"]?.string == name }) else {
                throw source.notFound(NamespacedName(namespace: request.path.namespace, name: name))
            }
            return try writer.result(.transient(found), status: 200)
        }
        let options = try ListOptions(query: request.query, of: definition)
        return try writer.list(
            of: objects.filter { object in
                let (namespace, name) = (object.text("metadata", "namespace"), object.text("metadata", "name"))
                return options.matches(NamespacedName(namespace: namespace, name: name), ObjectFacts(of: object))
            }
        )
    }
}

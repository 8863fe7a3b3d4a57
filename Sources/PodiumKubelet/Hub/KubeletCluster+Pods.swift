// SPDX-License-Identifier: Apache-2.0
// Leads changes of Pods to the kubelets that they concern.

import OrderedCollections
import PodiumClient
import PodiumHost
import PodiumMachinery
import PodiumStorage

extension KubeletCluster {
    func notePods(_ event: ReflectorEvent) {
        guard surroundings.configuration.isEnabled else { return }
        switch event {
        case .listed(let objects, _): noteList(objects)
        case .changed(let object): place(object)
        case .removed(let object): remove(object.key.name, uid: object.facts.uid)
        }
    }

    private func noteList(_ objects: [StoredObject]) {
        let present = Dictionary(objects.map { ($0.key.name, $0.facts.uid) }) { first, _ in first }
        let gone = placed.filter { present[$0.key] != $0.value.uid }
        for (name, pod) in gone.sorted(by: { $0.value.uid < $1.value.uid }) { remove(name, uid: pod.uid) }
        unclaimed = unclaimed.filter { present[$0.key] == $0.value.facts.uid }
        for object in objects { place(object) }
    }

    /// The node that a Pod is bound to, `""` when it is bound to none.
    static func nodeName(of pod: StoredObject) -> String { pod.facts.fields["spec.nodeName"] ?? "" }

    /// Gives a Pod to its kubelet, or tells the kubelet that has it of its change.
    func place(_ object: StoredObject) {
        let name = object.key.name
        let node = Self.nodeName(of: object)
        if node.isEmpty { return }
        guard let kubelet = kubelets[node] else {
            unclaimed[name] = object
            return
        }
        unclaimed[name] = nil
        let pod = PlacedPod(uid: object.facts.uid, node: node)
        if placed[name] != pod {
            if isManual(APIObject(object)) { return }
            placed[name] = pod
        }
        kubelet.async { $0.take(object) }
    }

    private func remove(_ name: NamespacedName, uid: String) {
        unclaimed[name] = nil
        guard let pod = placed[name], pod.uid == uid else { return }
        placed[name] = nil
        kubelets[pod.node]?.async { $0.remove(uid) }
    }

    /// Whether the pod, or everything in its namespace, is left to the client.
    private func isManual(_ pod: APIObject) -> Bool {
        pod.annotations[NodeDocument.kubeletAnnotation] == "none" || manualNamespaces.contains(pod.namespace)
    }

    func noteNamespace(_ event: InformerEvent) {
        let namespace = event.object
        var isManual = namespace.annotations[NodeDocument.kubeletAnnotation] == "none"
        if case .deleted = event { isManual = false }
        if isManual { manualNamespaces.insert(namespace.name) } else { manualNamespaces.remove(namespace.name) }
    }

    // ConfigMaps and Secrets

    /// Lets the pods know that mount an object.
    func noteData(_ source: DataSource, _ event: ReflectorEvent) {
        guard case .changed(let object) = event else { return }
        let name = object.key.name
        for node in nodes(withPodsIn: name.namespace) { kubelets[node]?.async { $0.noteData(source, name) } }
    }

    /// A volume that is gone takes along what was in it.
    func noteVolume(_ event: ReflectorEvent) {
        if case .removed(let volume) = event { surroundings.contents.forget(volume.key.name.name) }
    }

    /// The nodes that have pods of a namespace, sorted.
    func nodes(withPodsIn namespace: String) -> [String] {
        Set(placed.lazy.filter { $0.key.namespace == namespace }.map(\.value.node)).sorted()
    }
}

// SPDX-License-Identifier: Apache-2.0
// Leads changes of Pods to the kubelets that they concern, and finds pods by their addresses.

import OrderedCollections
import PodiumController
import PodiumMachinery
import PodiumStorage

extension KubeletCluster {
    func notePods(_ event: FeedEvent) {
        guard configuration.isEnabled else { return }
        switch event {
        case .listed(let objects): noteList(objects)
        case .changed(let object): place(object)
        case .removed(let object): remove(object.key.name, uid: object.facts.uid)
        }
    }

    private func noteList(_ objects: [StoredObject]) {
        let present = Dictionary(objects.map { ($0.key.name, $0.facts.uid) }) { first, _ in first }
        let gone = placed.values.filter { present[$0.name] != $0.uid }
        for entry in gone.sorted(by: { $0.uid < $1.uid }) { remove(entry.name, uid: entry.uid) }
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
        if let entry = placed[name], entry.uid == object.facts.uid {
            kubelet.update(entry, object)
            return
        }
        let pod = APIObject(object)
        if isManual(pod) { return }
        if let entry = kubelet.makeEntry(pod) {
            placed[name] = entry
            kubelet.begin(entry, manifest: pod.spec)
        }
    }

    private func remove(_ name: NamespacedName, uid: String) {
        unclaimed[name] = nil
        guard let entry = placed[name], entry.uid == uid else { return }
        placed[name] = nil
        kubelets[entry.node]?.remove(entry)
    }

    /// Whether the pod, or everything in its namespace, is left to the client.
    private func isManual(_ pod: APIObject) -> Bool {
        pod.annotations[NodeDocument.kubeletAnnotation] == "none" || isManual(namespace: pod.namespace)
    }

    private func isManual(namespace: String) -> Bool {
        guard let stored = client.storage.get(ObjectKey(.namespaces, name: namespace)) else {
            namespaces[namespace] = nil
            return false
        }
        if let known = namespaces[namespace], known.revision == stored.revision { return known.isManual }
        let isManual = APIObject(stored).annotations[NodeDocument.kubeletAnnotation] == "none"
        namespaces[namespace] = (stored.revision, isManual)
        return isManual
    }

    // ConfigMaps and Secrets

    /// Lets the pods know that mount an object.
    func noteData(_ source: DataSource, _ event: FeedEvent) {
        guard case .changed(let object) = event else { return }
        let name = object.key.name
        let mounting = placed.values.filter { entry in
            entry.name.namespace == name.namespace && entry.worker.mounts(source, name.name)
        }
        for entry in mounting.sorted(by: { ($0.node, $0.arrival) < ($1.node, $1.arrival) }) {
            guard let kubelet = kubelets[entry.node], kubelet.isAnswering else { continue }
            kubelet.drive(entry) { $0.planVolumeRefresh(in: kubelet) }
        }
    }

    // Addresses

    /// Takes note of the address under which a pod can be reached; nil when it can not.
    func setAddress(_ address: String?, of entry: PodEntry) {
        if address == entry.address { return }
        if let old = entry.address, addressed[old] === entry { addressed[old] = nil }
        entry.address = address
        if let address { addressed[address] = entry }
    }

    /// The pod that has an address to itself.
    func pod(at address: String) -> PodEntry? { addressed[address] }
}

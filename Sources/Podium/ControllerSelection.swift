// SPDX-License-Identifier: Apache-2.0
// Which controllers of a cluster run, as kube-controller-manager's `--controllers` says it.

import PodiumControllers

/// A list of controllers that is not understood.
public struct ControllerSelectionError: Error, CustomStringConvertible {
    /// What is wrong with it.
    public let description: String
}

/// Which of the parts that live run beside the API server.
///
/// A list of names as kube-controller-manager takes it, short or long: `*` stands for all, `deployment` for one and
/// `-deployment` for all but one; of two words about one controller the first holds. There are more names than
/// upstream's: `scheduler`, `kubelets`, and `workloads` for all controllers that make pods or follow them. A real
/// kube-controller-manager can take the place of what is left out.
public struct ControllerSelection: Hashable, Sendable {
    /// Names for more than one controller.
    private static let groups: [String: [String]] = [
        "workloads": StandardControllers.workloadNames + StandardControllers.endpointNames
    ]
    static let scheduler = "scheduler"
    static let kubelets = "kubelets"

    /// What each word of the list says, in its order.
    private let words: [Word]
    private let hasAll: Bool

    private struct Word: Hashable, Sendable {
        let name: String
        let isEnabled: Bool
    }

    /// Everything runs.
    public static let all = ControllerSelection(words: [], hasAll: true)
    /// Only requests change objects.
    public static let none = ControllerSelection(words: [], hasAll: false)

    private init(words: [Word], hasAll: Bool) {
        self.words = words
        self.hasAll = hasAll
    }

    /// Reads a list separated by commas; an empty one is ``none``.
    /// - Throws: when a name belongs to no controller.
    public init(_ text: String) throws(ControllerSelectionError) {
        var words: [Word] = []
        var hasAll = false
        for part in text.split(separator: ",").map(String.init) {
            if part == "*" {
                hasAll = true
                continue
            }
            let isEnabled = !part.hasPrefix("-")
            let name = isEnabled ? part : String(part.dropFirst())
            words += try Self.names(behind: name).map { Word(name: $0, isEnabled: isEnabled) }
        }
        self.init(words: words, hasAll: hasAll)
    }

    private static func names(behind name: String) throws(ControllerSelectionError) -> [String] {
        if let group = groups[name] { return group }
        let long = StandardControllers.shortNames[name] ?? name
        if StandardControllers.names.contains(long) || [scheduler, kubelets].contains(long) { return [long] }
        throw ControllerSelectionError(description: "\"\(name)\" is not in the list of known controllers")
    }

    /// Whether the controller of this long name runs.
    // Kubernetes: controller-manager/app/helper.go IsControllerEnabled
    func contains(_ name: String) -> Bool { words.first { $0.name == name }?.isEnabled ?? hasAll }

    /// Whether nothing runs at all.
    var isEmpty: Bool { !hasAll && !words.contains(where: \.isEnabled) }

    /// The controllers of the controller manager that run.
    var standard: Set<String> { Set(StandardControllers.names.filter(contains)) }
}

// SPDX-License-Identifier: Apache-2.0
// One rule of the image table: which images it is about, and what it says of them.

package import PodiumCodec
import PodiumMachinery

/// What pulling an image comes to, as a rule says it.
package enum ImageSupply: Hashable, Sendable {
    /// It comes; nil leaves how long that takes to the registry.
    case pulled(takes: Duration?)
    /// The registry does not have it.
    case notFound
    /// The registry does not give it to this node.
    case denied
    /// There is no such registry.
    case unreachable
}

/// What an image's own files are like: the shell that reads scripts, and which programs there are.
package enum ImageSystem: String, Hashable, Sendable, CaseIterable {
    /// Everything that is simulated, and anything else.
    case full
    /// busybox and nothing else.
    case busybox
    /// Alpine itself: the programs of busybox and `apk`, and nothing else.
    case alpine
    /// Alpine with what the image adds.
    case alpineBased = "alpine-based"
    /// Debian's base system, which has no network tools.
    case debian
    /// Ubuntu's, which has `ps` beside that.
    case ubuntu
    /// Fedora's and its relatives', which have `curl`.
    case redhat
    /// One program and no shell.
    case scratch
}

/// The user of an image: what it is called there, and its number.
package struct ImageUser: Hashable, Sendable {
    /// `101`, or a name, which a kubelet cannot verify not to be root.
    package var name: String
    /// The numeric user.
    package var number: Int
    /// The numeric group.
    package var group: Int

    /// Whether the image names its user by number.
    package var isNumeric: Bool { Int(name) != nil }

    /// A user.
    package init(name: String, number: Int, group: Int) {
        self.name = name
        self.number = number
        self.group = group
    }
}

/// What the environment has to say before an image's server starts.
package struct ImageNeed: Hashable, Sendable {
    /// Any of these variables must be set to something.
    package var anyOf: [String]
    /// A file that shows that the data is there already.
    package var unless: String?
    /// What the container prints otherwise, before it ends with 1.
    package var message: String
}

/// A rule of the image table. What it does not say is left to the rules after it.
package struct ImageRule: Hashable, Sendable {
    /// The images that it is about.
    package var match: ImagePattern
    /// What it says of them.
    package var facts: ImageFacts
    /// The rule as it was written.
    package var source: JSONValue
}

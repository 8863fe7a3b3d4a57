// SPDX-License-Identifier: Apache-2.0
// Names of images that say of themselves that there is no such image, and those that say how pulling goes.

import PodiumCodec
import PodiumMachinery
import PodiumPodModel

/// What a name says of pulling the image, where no rule says anything.
///
/// Tests and tutorials that want a failing pull write a name which says so: `nginx:nonexistent`, `no-such-image`,
/// `invalid.registry.example/app`. Every host, every component of a path and the tag are looked at as wholes and as the
/// words that `-`, `_` and `.` separate; nothing is ever found in the middle of a word. A word counts only where no
/// sensible name has it: `missing-persons`, `fake-s3`, `invalid-claims-service` and `page-not-found` are names of
/// programs that somebody may have written, `missing`, `fake-image`, `invalid-tag` and `image-not-found` are not.
enum ImageAbsence {
    /// What becomes of pulling an image; nil when its name says nothing about that.
    static func supply(of reference: ImageReference) -> ImageSupply? {
        if isHostAbsent(reference.domain) { return .unreachable }
        let components = reference.path.split(separator: "/").map(String.init)
        if components.contains("denied") { return .denied }
        if let length = components.lazy.compactMap(slowness).first { return .pulled(takes: length) }
        if components.contains("missing") || components.contains("does-not-exist") { return .notFound }
        if let tag = reference.tag?.lowercased(), isTagAbsent(tag, of: reference) { return .notFound }
        guard isPathAbsent(components) || isMisspelt(reference) else { return nil }
        // Docker's registry does not tell strangers whether a repository exists.
        return reference.domain == "docker.io" ? .denied : .notFound
    }

    // Hosts

    /// RFC 6761 reserves `.invalid` for names that never resolve; `invalid.` before a real host is the usual variant.
    private static func isHostAbsent(_ host: String) -> Bool {
        let name = host.split(separator: ":").first.map(String.init) ?? host
        let labels = name.lowercased().split(separator: ".").map(String.init)
        guard let first = labels.first, let last = labels.last else { return false }
        if first == "invalid" || last == "invalid" || first == "unreachable" { return true }
        return labels.contains { saysAbsent($0) || saysPlain($0, nouns: hostNouns) || absentHostLabels.contains($0) }
    }

    private static let absentHostLabels: Set<String> = ["nonexistent", "bogus", "badhost", "nohost", "fakeregistry"]
    private static let hostNouns: Set<String> = ["host", "hostname", "registry", "domain", "server"]

    // Paths

    private static func isPathAbsent(_ components: [String]) -> Bool {
        if components.contains(where: { saysAbsent($0) || absentComponents.contains($0) }) { return true }
        if components.contains(where: { saysPlain($0, nouns: imageNouns) }) { return true }
        // In the place of a registry; at the end, a fake registry is a program as good as any.
        if components.dropLast().contains(where: { saysPlain($0, nouns: hostNouns) }) { return true }
        // `fake/image`, `does/not/exist`: components that are the words of one name.
        guard components.count > 1, components.allSatisfy({ words(of: $0).count == 1 }) else { return false }
        let name = components.joined(separator: "-")
        return saysAbsent(name) || saysPlain(name, nouns: imageNouns)
    }

    /// Components that are no name of anything when they stand alone.
    private static let absentComponents: Set<String> = [
        "absent-image", "badimage", "bogus", "bogusimage", "fakeimage", "imagenotfound", "invalid", "invalidimage",
        "missingimage", "noimage", "nope", "nosuch", "notanimage", "notarealimage", "notexist", "notfound", "notreal",
        "unknownimage", "wrongimage",
    ]

    /// The N of a component `slow-Ns`, which takes that many seconds.
    private static func slowness(_ component: String) -> Duration? {
        guard component.hasPrefix("slow-"), component.hasSuffix("s") else { return nil }
        let digits = component.dropFirst(5).dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy(\.isDigit), let seconds = Int64(digits), seconds <= 1_000_000
        else { return nil }
        return .seconds(seconds)
    }

    // Tags

    private static func isTagAbsent(_ tag: String, of reference: ImageReference) -> Bool {
        // What shows pages for errors may have one of its versions for each.
        let isPages = Int(tag) != nil && words(of: reference.name).contains(where: pages.contains)
        if absentTags.contains(tag) && !isPages || saysAbsent(tag) || saysPlain(tag, nouns: tagNouns) { return true }
        // Versions of nothing but nines. 999 alone may be somebody's build, but none of an official image.
        let version = tag.hasPrefix("v") ? tag.dropFirst() : tag[...]
        let numbers = version.split(separator: ".", omittingEmptySubsequences: false)
        let isOfficial = reference.domain == "docker.io" && reference.path.hasPrefix("library/")
        // A point was left out, `nginx:1.161`: none of these programs has ever counted so far.
        let counted = version.prefix { $0 != "-" }.split(separator: ".", omittingEmptySubsequences: false)
        if isOfficial, official.contains(reference.name), counted.allSatisfy({ Int($0) != nil }),
            counted.dropFirst().contains(where: { $0.utf8.count == 3 })
        {
            return true
        }
        guard numbers.allSatisfy({ $0.utf8.count >= 2 && $0.utf8.allSatisfy { $0 == UInt8(ascii: "9") } }) else {
            return false
        }
        return numbers.count > 1 || version.utf8.count >= 4 || (isOfficial && version.utf8.count == 3)
    }

    private static let absentTags: Set<String> = [
        "404", "bad", "badtag", "bogus", "doesntexist", "fake", "faketag", "invalid", "invalidtag", "missing",
        "noexist",
        "nope", "nosuch", "nosuchtag", "notag", "notatag", "notexist", "notfound", "notreal", "wrong", "wrongtag",
    ]
    private static let tagNouns: Set<String> = ["tag", "version", "image", "release"]

    // Words

    private static let adjectives: Set<String> = [
        "bad", "bogus", "broken", "fake", "invalid", "missing", "nonexistent", "nosuch", "unknown", "wrong",
    ]
    private static let imageNouns: Set<String> = ["image", "imagename", "img", "repo", "repository", "tag"]
    /// What stands behind such a name without changing what it says.
    private static let trailers: Set<String> = ["name", "here", "test", "latest", "foo", "bar", "abc", "xyz"]

    /// Words that are a statement wherever they stand, for they say nothing else.
    private static let statements: [[String]] = [
        ["nonexistent"], ["nonexistant"], ["nonexisting"], ["nonexist"], ["inexistent"], ["unexisting"],
        ["non", "existent"], ["non", "existant"], ["non", "existing"], ["not", "existent"], ["not", "existing"],
        ["not", "exist"], ["not", "exists"], ["doesnt", "exist"], ["doesn", "t", "exist"], ["dont", "exist"],
        ["no", "exist"], ["never", "exists"], ["never", "existed"], ["no", "such"], ["not", "real"],
        ["not", "a", "real"], ["not", "an", "image"], ["not", "a", "image"], ["not", "a", "tag"],
    ]

    /// Whole sayings that are often written without anything between their words.
    private static let runTogether = [
        "doesnotexist", "doesntexist", "donotexist", "dontexist", "nonexistent", "nonexistant", "nonexisting",
        "nosuchimage", "nosuchrepo", "nosuchtag",
    ]

    /// The words that such a saying is run together with: `thisimagedoesnotexist`, `nonexistentrepo`.
    private static let runTogetherWords = imageNouns.union(hostNouns).union(tagNouns).union(official).union([
        "app", "application", "container", "my", "name", "package", "pod", "really", "service", "some", "that", "thing",
        "this",
    ])

    /// Whether all of a word is a saying, but for a few words before and behind it: `nonexistentia` is a name.
    private static func isRunTogether(_ word: String) -> Bool {
        runTogether.contains { saying in
            guard let place = word.firstRange(of: saying) else { return false }
            return isMadeOfWords(word[..<place.lowerBound]) && isMadeOfWords(word[place.upperBound...])
        }
    }

    private static func isMadeOfWords(_ text: Substring) -> Bool {
        var rest = text
        while !rest.isEmpty {
            // The longest, since `image` begins `imagename`.
            let known = runTogetherWords.filter(rest.hasPrefix).map(\.count).max()
            let count = known ?? (rest.utf8.first?.isDigit == true ? 1 : 0)
            if count == 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Before `not-found` these make a name of what is shown when something is not found.
    private static let pages: Set<String> = ["404", "error", "errors", "handler", "http", "page", "pages"]

    /// Whether a component says that something does not exist.
    private static func saysAbsent(_ component: String) -> Bool {
        let words = words(of: component)
        if statements.contains(where: { contains(words, $0) }) { return true }
        if words.contains(where: isRunTogether) { return true }
        guard words.suffix(2) == ["not", "found"] || words.last == "notfound" else { return false }
        return !words.contains(where: pages.contains)
    }

    /// Whether a component ends in `invalid-image` and the like: the thing itself, not one that has to do with it.
    private static func saysPlain(_ component: String, nouns: Set<String>) -> Bool {
        var words = words(of: component)
        while words.count > 2, let last = words.last, trailers.contains(last) || last.utf8.allSatisfy(\.isDigit) {
            words.removeLast()
        }
        guard words.count >= 2 else { return false }
        return nouns.contains(words[words.count - 1]) && adjectives.contains(words[words.count - 2])
    }

    private static func words(of component: String) -> [String] {
        component.split(whereSeparator: { $0 == "-" || $0 == "_" || $0 == "." }).map(String.init)
    }

    private static func contains(_ words: [String], _ saying: [String]) -> Bool {
        guard words.count >= saying.count else { return false }
        return (0...words.count - saying.count).contains { Array(words[$0..<$0 + saying.count]) == saying }
    }

    // Official images

    /// Whether the name is that of an official image with letters exchanged or repeated, as courses write it to show
    /// what then happens. Nobody else can give out images under such a name.
    private static func isMisspelt(_ reference: ImageReference) -> Bool {
        guard reference.domain == "docker.io", reference.path == "library/\(reference.name)" else { return false }
        let name = Array(reference.name.utf8)
        return official.contains { known in
            let right = Array(known.utf8)
            if name.count > right.count {
                return name.starts(with: right) && Set(name[right.count...]) == Set(right.suffix(1))
            }
            guard name.count == right.count, name != right else { return false }
            let different = name.indices.filter { name[$0] != right[$0] }
            guard different.count == 2, different[1] == different[0] + 1 else { return false }
            return name[different[0]] == right[different[1]] && name[different[1]] == right[different[0]]
        }
    }

    private static let official = [
        "alpine", "busybox", "debian", "httpd", "mariadb", "mongo", "mysql", "nginx", "postgres", "python", "redis",
        "ubuntu",
    ]
}

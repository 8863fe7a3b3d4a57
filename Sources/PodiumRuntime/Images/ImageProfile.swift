// SPDX-License-Identifier: Apache-2.0
// What is known of an image: its files, its programs, what it runs by default.

/// The contents of an image as far as they matter.
struct ImageProfile: Sendable {
    /// `$PATH` of containers whose image sets none.
    static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    /// What the file of a simulated program begins with; its name follows.
    static let programMark = "podium:"

    /// Whether everything that the image contains is known, so that what is not there cannot be run.
    var isComplete = false
    var flavour = ShellFlavour.dash
    /// What runs without `command`; `args` follow it.
    var entryPoint: [String] = []
    /// What follows without `args`.
    var defaults: [String] = []
    var workingDirectory = "/"
    var stopSignal = Signal.terminate
    var environment: [EnvironmentVariable] = []
    /// Whether `nslookup` is busybox's from before 1.29.
    var hasOldLookup = false
    var root = ImageFiles.debian

    /// The profile of an image by its name; nil when nothing is known of it.
    init?(_ reference: ImageReference) {
        let tag = reference.tag ?? ""
        switch reference.name {
        case "busybox":
            isComplete = true
            flavour = .ash
            defaults = ["sh"]
            root = ImageFiles.busybox
            hasOldLookup = Self.isOlder(tag, than: 29)
        case "alpine":
            isComplete = true
            flavour = .ash
            defaults = ["/bin/sh"]
            root = ImageFiles.alpine
        case "bash":
            flavour = .ash
            defaults = ["bash"]
            root = ImageFiles.alpine
        case "ubuntu", "debian", "buildpack-deps", "centos", "fedora", "rockylinux", "almalinux", "amazonlinux",
            "photon", "oraclelinux", "ubi8", "ubi9", "ubi-minimal", "archlinux", "opensuse", "leap":
            defaults = ["bash"]
        default:
            guard let known = ImageCatalogue.servers[reference.name] else { return nil }
            if tag.contains("alpine") {
                flavour = .ash
                root = ImageFiles.alpine
            }
            entryPoint = known.entryPoint
            defaults = known.defaults
            stopSignal = known.stopSignal
            workingDirectory = known.workingDirectory
            for (path, text) in known.files { root.write(Array(text.utf8), at: path) }
        }
    }

    /// The profile of an image of which nothing is known: it has a usual system, and no known command.
    static let unknown = ImageProfile()

    private init() {}

    /// Whether a tag names a busybox before 1.`minor`.
    private static func isOlder(_ tag: String, than minor: Int) -> Bool {
        let parts = tag.split(separator: ".")
        guard parts.count >= 2, parts[0] == "1" else { return false }
        return Int(parts[1].prefix { $0.isNumber }).map { $0 < minor } ?? false
    }
}

// SPDX-License-Identifier: Apache-2.0
// Making a container: its files, its environment, and the process that it runs.

import OrderedCollections
import PodiumMachinery
import PodiumPodModel

extension Machine {
    /// Makes a container with its process, which has not run yet.
    mutating func create(_ specification: ContainerSpecification) -> Result<Int, StartError> {
        let profile =
            specification.profile
            ?? ImageProfile(
                try? ImageReference(parsing: specification.image),
                in: ImageTable(),
                with: kernel.configuration.programs
            )
        let number = kernel.nextNumber()
        var made = Container(specification: specification, image: profile, now: now)
        made.root = made.image.root
        made.mounts = specification.mounts.map { MountPoint($0) }.sorted { $0.path.count > $1.path.count }
        kernel.containers[number] = made
        furnish(number)
        var main = Process(
            number: kernel.nextNumber(),
            parent: nil,
            container: number,
            pid: kernel.nextPID(in: number),
            program: Idle(),
            startedAt: now
        )
        main.environment = made.environment(in: kernel.configuration)
        main.directory = made.directory
        attachStreams(&main, number, specification)
        if let error = choose(specification, &main) {
            for file in main.files.values { kernel.release(file) }
            kernel.forgetContainer(number)
            return .failure(error)
        }
        kernel.containers[number]?.mainProcess = main.number
        kernel.processes[main.number] = main
        return .success(number)
    }

    private mutating func attachStreams(_ main: inout Process, _ number: Int, _ specification: ContainerSpecification) {
        let error = specification.tty ? OutputStream.stdout : .stderr
        if specification.tty {
            let terminal = kernel.nextNumber()
            kernel.terminals[terminal] = Terminal()
            kernel.containers[number]?.terminal = terminal
        }
        let input = specification.stdin ? inputPipe(of: number) : kernel.open(.null)
        let outputs = [OutputStream.stdout, error].map { kernel.open(.containerOutput(container: number, $0)) }
        for (descriptor, file) in ([input] + outputs).enumerated() {
            guard let file else { continue }
            kernel.openFiles[file]?.references += 1
            if descriptor > 0 || specification.stdin {
                kernel.openFiles[file]?.terminal = kernel.containers[number]?.terminal
            }
            main.files[descriptor] = file
        }
    }

    /// A pipe that takes what is written to a container by those who are attached; the open file to read it.
    private mutating func inputPipe(of number: Int) -> Int? {
        guard let pipe = kernel.makePipe(), case .pipeWriter(let writer)? = kernel.openFiles[pipe.writer]?.target else {
            return nil
        }
        // The sandbox itself writes; the open file for it is not needed.
        kernel.openFiles[pipe.writer] = nil
        kernel.containers[number]?.inputPipe = writer
        return pipe.reader
    }

    /// Decides what the container runs: its plan, its command, what its image is known for, or something unknown.
    private mutating func choose(
        _ specification: ContainerSpecification,
        _ main: inout Process
    ) -> StartError? {
        let previous = process
        process = main
        defer { process = previous }
        if let attempt = specification.attempt {
            main.program = planned(attempt)
            main.arguments = ["plan"]
            return nil
        }
        guard let words = container?.commandLine else {
            let isServer = container?.image.ports.isEmpty == false
            main.program =
                isServer
                ? ImageServer(words: specification.arguments) : UnknownProgram("Image \"\(specification.image)\"")
            main.arguments = specification.arguments
            return nil
        }
        main.arguments = words
        if let refusal = refusal(of: words) {
            main.program = refusal
            return nil
        }
        let path = main.environment.last { $0.name == "PATH" }?.value
        switch program(for: words, path: path) {
        case .program(let program): main.program = program
        case .failure(let failure): return failure.startError
        }
        return nil
    }

    /// Puts the files there that every container has.
    private mutating func furnish(_ number: Int) {
        let configuration = kernel.configuration
        var hosts =
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
        let complete = configuration.domain.map { "\(configuration.hostname).\($0)\t" } ?? ""
        hosts += "\(configuration.podIP)\t\(complete)\(configuration.hostname)\n"
        for alias in configuration.hostAliases { hosts += "\(alias.address)\t\(alias.names.joined(separator: "\t"))\n" }
        let search = configuration.searchDomains.joined(separator: " ")
        let resolver = "search \(search)\nnameserver \(configuration.nameserver)\noptions ndots:5\n"
        let directory = kernel.containers[number]?.directory ?? "/"
        let mounts = kernel.containers[number]?.mounts ?? []
        let message = kernel.containers[number]?.specification.terminationMessagePath ?? ""
        for mount in mounts.reversed() { prepare(mount, number) }
        write("/etc/hosts", hosts, number)
        write("/etc/hostname", configuration.hostname + "\n", number)
        write("/etc/resolv.conf", resolver, number)
        write(message, "", number)
        makePath(directory.split(separator: "/").map(String.init), .directory(time: now), number)
    }

    /// Makes the place of a mount, and what is mounted there when it is only a part of a volume.
    private mutating func prepare(_ mount: MountPoint, _ number: Int) {
        if kernel.volumes[mount.volume] == nil { kernel.volumes[mount.volume] = FileTree() }
        let inner = FileLocation(volume: mount.volume, container: number, path: mount.subPath)
        if kernel.node(at: inner) == nil {
            let moment = now
            kernel.volumes[mount.volume]?.root.insert(.directory(time: moment), at: mount.subPath[...], time: moment)
        }
        makePath(Array(mount.path.dropLast()), .directory(time: now), number)
        let isFile = kernel.node(at: inner)?.kind == .file
        // Below another mount the place is made in that volume, as a node does.
        let outer = placeBelow(mount, number)
        kernel.update(outer) { place in
            guard place == nil else { return false }
            place = isFile ? .file(FileContent()) : .directory()
            return true
        }
    }

    /// The place that a mount covers.
    private func placeBelow(_ mount: MountPoint, _ number: Int) -> FileLocation {
        guard let name = mount.path.last else { return FileLocation(volume: nil, container: number, path: []) }
        var place = kernel.place(of: Array(mount.path.dropLast()), in: number)
        place.path.append(name)
        return place
    }

    private mutating func write(_ path: String, _ text: String, _ number: Int) {
        let parts = path.split(separator: "/").map(String.init)
        guard !parts.isEmpty, !kernel.isMountPoint(parts, in: number) else { return }
        makePath(Array(parts.dropLast()), .directory(time: now), number)
        guard let location = try? kernel.locate(path, in: number) else { return }
        let node = FileNode.file(FileContent(Array(text.utf8)), time: now)
        kernel.update(location) { place in
            if place == nil || !text.isEmpty { place = node }
            return true
        }
    }

    /// Makes the directories of a path that are missing.
    private mutating func makePath(_ parts: [String], _ directory: FileNode, _ number: Int) {
        // Where something else than a directory is in the way, nothing can be made.
        guard let found = try? kernel.locateMissing("/" + parts.joined(separator: "/"), in: number) else { return }
        let made = found.rest.reversed().reduce(directory) { below, name in
            var parent = directory
            parent.children[name] = below
            return parent
        }
        kernel.update(found.place) { place in
            place = made
            return true
        }
    }
}

extension MountPoint {
    init(_ mount: ContainerMount) {
        path = mount.path.split(separator: "/").map(String.init)
        volume = mount.volume
        subPath = mount.subPath.split(separator: "/").map(String.init).filter { $0 != "." && $0 != ".." }
        readOnly = mount.readOnly
    }
}

extension Container {
    init(specification: ContainerSpecification, image: ImageProfile, now: Timestamp) {
        self.specification = specification
        self.image = image
        root = FileTree()
        mounts = []
        startedAt = now
        mainProcess = 0
    }

    /// The signal with which it is asked to stop.
    package var stopSignal: Signal { specification.stopSignal ?? image.stopSignal }

    /// The working directory.
    var directory: String { specification.workingDirectory ?? image.facts.workingDirectory ?? "/" }

    /// The command line; nil when the image has none that is known.
    var commandLine: [String]? {
        if !specification.command.isEmpty { return specification.command + specification.arguments }
        let arguments = specification.arguments
        guard image.hasCommand else {
            // Without a known entry point, arguments that call a shell are most likely the command.
            let name = arguments.first?.split(separator: "/").last.map(String.init) ?? ""
            return ["sh", "bash", "ash"].contains(name) ? arguments : nil
        }
        let entryPoint = image.facts.entryPoint ?? []
        let usual = image.facts.command ?? []
        if arguments.isEmpty { return entryPoint + usual }
        // Entry points of servers put the server before options.
        if let first = arguments.first, first.hasPrefix("-"), let server = usual.first, !server.hasPrefix("-"),
            entryPoint.last?.hasSuffix("entrypoint.sh") == true
        {
            return entryPoint + [server] + arguments
        }
        return entryPoint + arguments
    }

    /// The environment that a process begins with.
    func environment(in configuration: SandboxConfiguration) -> [EnvironmentVariable] {
        var variables = [
            EnvironmentVariable("PATH", ImageProfile.path), EnvironmentVariable("HOSTNAME", configuration.hostname),
        ]
        if specification.tty { variables.append(EnvironmentVariable("TERM", "xterm")) }
        let home = specification.user == 0 ? "/root" : "/"
        var seen: [String: Int] = [:]
        var merged: [EnvironmentVariable] = []
        for variable in variables + (image.facts.environment ?? []) + specification.environment {
            if let index = seen[variable.name] {
                merged[index].value = variable.value
            } else {
                seen[variable.name] = merged.count
                merged.append(variable)
            }
        }
        if seen["HOME"] == nil { merged.append(EnvironmentVariable("HOME", home)) }
        return merged
    }
}

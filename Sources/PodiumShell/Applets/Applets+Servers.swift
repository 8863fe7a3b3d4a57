// SPDX-License-Identifier: Apache-2.0
// Programs that serve: httpd, nginx, nc -l, the test image, and well-known servers.

import OrderedCollections
import PodiumMachinery
import PodiumRuntime

extension Applets {
    static let serverApplets: [String: WaitingApplet] = [
        "httpd": { words in
            let options = AppletOptions(words, valued: "phuraencMDk")
            let port = options["p"]?.split(separator: ":").last.flatMap { Int($0) } ?? 80
            let root = options["h"]
            // Apache's own `httpd` is told from busybox's by its directory.
            let isApache = options["D"] != nil || words.first == "httpd-foreground"
            return HTTPServerProgram(port: port, root: root, isForeground: options.has("f") || isApache)
        },
        "httpd-foreground": { _ in
            ServerProgram(service: .files(root: "/usr/local/apache2/htdocs", style: .apache), ports: [80])
        },
        "apachectl": { _ in ServerProgram(service: .files(root: "/var/www/html", style: .apache), ports: [80]) },
        "apache2-foreground": { _ in ServerProgram(service: .files(root: "/var/www/html", style: .apache), ports: [80])
        },
        "nginx": { NginxProgram(words: $0) },
        "nginx-debug": { NginxProgram(words: $0) },
        "agnhost": { testImage($0) },
        "wget": { WgetProgram(words: $0) },
        "curl": { CurlProgram(words: $0) },
        "ping": { PingProgram(words: $0) },
        "ping6": { PingProgram(words: $0) },
        "telnet": { NetcatProgram(words: $0) },
        "nc": { NetcatProgram(words: $0) },
        "netcat": { NetcatProgram(words: $0) },
        "ncat": { NetcatProgram(words: $0) },
        "python": { python($0) },
        "python3": { python($0) },
        "telnetd": { _ in ServerProgram(service: .silent, ports: [23], isDaemon: true) },
        "syslogd": { _ in ServerProgram(service: nil, ports: [], isDaemon: true) },
        "stress": { StressProgram(words: $0) },
        "stress-ng": { StressProgram(words: $0) },
        "redis-server": { words in
            let at = words.firstIndex(of: "--port")
            let port = at.flatMap { $0 + 1 < words.count ? Int(words[$0 + 1]) : nil } ?? 6379
            return ServerProgram(service: .silent, ports: [port])
        },
        "postgres": { _ in ServerProgram(service: .silent, ports: [5432]) },
        "mysqld": { _ in ServerProgram(service: .silent, ports: [3306]) },
        "mariadbd": { _ in ServerProgram(service: .silent, ports: [3306]) },
        "mongod": { _ in ServerProgram(service: .silent, ports: [27_017]) },
        "memcached": { words in
            ServerProgram(
                service: .silent,
                ports: [AppletOptions(words, valued: "pmcltu")["p"].flatMap { Int($0) } ?? 11_211]
            )
        },
        "serve-hostname": { words in
            let port = AppletOptions(words)["port"].flatMap { Int($0) } ?? 9376
            return ServerProgram(service: .hostname(prefix: ""), ports: [port])
        },
    ]

    /// `python -m http.server` is known; other programs in Python are not.
    private static func python(_ words: [String]) -> any Program {
        guard words.count >= 3, words[1] == "-m", words[2] == "http.server" || words[2] == "SimpleHTTPServer" else {
            if words.count == 2, words[1] == "--version" || words[1] == "-V" {
                return ImmediateProgram(
                    applet: { machine, _ in
                        machine.print("Python 3.12.0\n")
                        return 0
                    },
                    words: words
                )
            }
            return InterpreterProgram(words: words)
        }
        let options = AppletOptions(Array(words.dropFirst(2)), valued: "bd")
        let port = options.words.compactMap { Int($0) }.first ?? 8000
        let root = options["d"] ?? options["directory"] ?? "."
        return ServerProgram(service: .files(root: root, style: .python), ports: [port])
    }

    /// How long agnhost, which sets up much before it listens, refuses connections after its start: a readiness probe
    /// that runs at once fails once on a real node too.
    private static let testImageOpening = Duration.milliseconds(100)

    /// The image of the Kubernetes tests, by its first argument.
    private static func testImage(_ words: [String]) -> any Program {
        let options = AppletOptions(words)
        func port(_ name: String, _ usual: Int) -> Int { options[name].flatMap { Int($0) } ?? usual }
        switch words.dropFirst().first ?? "pause" {
        case "liveness": return ServerProgram(service: .liveness, ports: [8080], opening: testImageOpening)
        case "netexec":
            return ServerProgram(service: .netexec, ports: [port("http-port", 8080)], opening: testImageOpening)
        case "serve-hostname": return ServerProgram(service: .hostname(prefix: ""), ports: [port("port", 9376)])
        case "test-webserver":
            return ServerProgram(service: .files(root: "/", style: .python), ports: [port("port", 80)])
        case "porter", "nettest", "no-snat-test", "guestbook", "net":
            return ServerProgram(service: .silent, ports: [8080])
        case "entrypoint-tester":
            return ImmediateProgram(
                applet: { machine, words in
                    machine.print("[" + words.joined(separator: " ") + "]\n")
                    return 0
                },
                words: words
            )
        case "connect":
            let target = words.count > 2 ? words[2] : ""
            return ImmediateProgram(
                applet: { machine, _ in
                    let parts = target.split(separator: ":").map(String.init)
                    guard parts.count == 2, let port = Int(parts[1]),
                        let address = machine.addresses(of: parts[0]).first
                    else {
                        machine.complain("DNS: lookup \(parts.first ?? ""): no such host")
                        return 1
                    }
                    if machine.accepts(address, port: port) { return 0 }
                    machine.complain("REFUSED")
                    return 1
                },
                words: words
            )
        default: return ServerProgram(service: nil, ports: [])
        }
    }
}

/// A server: it listens, runs for ever, and ends with 0 at once when it is asked to.
struct ServerProgram: Program {
    let service: NetworkService?
    let ports: [Int]
    /// Whether it goes to the background, so that whoever started it goes on.
    var isDaemon = false
    /// How long after its start it opens its ports.
    var opening: Duration = .zero
    private var opensAt: Timestamp?
    private var isOpen = false

    init(service: NetworkService?, ports: [Int], isDaemon: Bool = false, opening: Duration = .zero) {
        self.service = service
        self.ports = ports
        self.isDaemon = isDaemon
        self.opening = opening
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        if isDaemon {
            _ = machine.fork(ServerProgram(service: service, ports: ports), arguments: machine.process.arguments)
            return .exited(0)
        }
        if opensAt == nil {
            machine.process.handled = [.terminate, .interrupt, .quit]
            if let signal = machine.container?.stopSignal { machine.process.handled.insert(signal) }
        }
        if !machine.process.pendingSignals.isEmpty { return .exited(0) }
        if isOpen { return .blocked(.forever) }
        let time = opensAt ?? machine.now + opening
        opensAt = time
        if machine.now < time { return .blocked(.time(time)) }
        isOpen = true
        if let service {
            for port in ports where !machine.listen(port, machine.absolute(service)) {
                return .exited(Applets.fail(&machine, machine.process.commandName, "bind: Address already in use"))
            }
        }
        return .blocked(.forever)
    }
}

/// busybox's `httpd`, which without `-f` goes to the background. It has no handler for TERM, so that it cannot be
/// stopped
/// gently as the first process.
struct HTTPServerProgram: Program {
    let port: Int
    let root: String?
    let isForeground: Bool
    private var hasStarted = false

    init(port: Int, root: String?, isForeground: Bool) {
        self.port = port
        self.root = root
        self.isForeground = isForeground
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        if hasStarted { return .blocked(.forever) }
        let name = root ?? "."
        guard machine.node(name)?.kind == .directory else {
            return .exited(Applets.fail(&machine, "httpd", "can't change directory to '\(name)'", .noEntry))
        }
        if machine.kernel.listeners[port] != nil {
            return .exited(Applets.fail(&machine, "httpd", "bind: Address already in use"))
        }
        if !isForeground {
            // The port is taken by the child, so that it is free again when that one is killed.
            let child = HTTPServerProgram(port: port, root: root, isForeground: true)
            return .exited(machine.fork(child, arguments: machine.process.arguments) == nil ? 1 : 0)
        }
        hasStarted = true
        _ = machine.listen(port, machine.absolute(.files(root: name, style: .busybox)))
        return .blocked(.forever)
    }
}

/// `nginx`: the server, or with `-s` a word to it.
struct NginxProgram: Program {
    let words: [String]
    private var hasStarted = false

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        let options = AppletOptions(words, valued: "sgcpe")
        if let word = options["s"] { return .exited(tell(word, &machine)) }
        if options.has("t") || options.has("T") {
            machine.complain("nginx: the configuration file /etc/nginx/nginx.conf syntax is ok")
            machine.complain("nginx: configuration file /etc/nginx/nginx.conf test is successful")
            return .exited(0)
        }
        if options.has("v") || options.has("V") {
            machine.complain("nginx version: nginx/1.27.0")
            return .exited(0)
        }
        if options["g"]?.contains("daemon off") != true, !machine.process.isInit, !hasStarted {
            let isOff =
                machine.node("/etc/nginx/nginx.conf").map { $0.content.bytes.text.contains("daemon off") } ?? false
            if !isOff {
                let child = NginxProgram(words: ["nginx", "-g", "daemon off;"])
                return .exited(machine.fork(child, arguments: ["nginx"]) == nil ? 1 : 0)
            }
        }
        if !hasStarted {
            hasStarted = true
            machine.process.handled = [.terminate, .interrupt, .quit, .hangup]
            for port in Self.ports(machine)
            where !machine.listen(port, .files(root: "/usr/share/nginx/html", style: .nginx)) {
                let text = "[emerg] bind() to 0.0.0.0:\(port) failed (98: Address already in use)"
                return .exited(Applets.fail(&machine, "nginx", text))
            }
        }
        machine.process.pendingSignals.removeAll { $0 == .hangup }
        return machine.process.pendingSignals.isEmpty ? .blocked(.forever) : .exited(0)
    }

    /// The ports of the `listen` directives of its configuration; 80 when there are none.
    private static func ports(_ machine: Machine) -> [Int] {
        func text(_ path: String) -> String { machine.node(path)?.content.bytes.text ?? "" }
        var texts = [text("/etc/nginx/nginx.conf")]
        if texts[0].isEmpty || texts[0].contains("conf.d") {
            let files = machine.node("/etc/nginx/conf.d")?.children.keys.filter { $0.hasSuffix(".conf") } ?? []
            texts += files.sorted().map { text("/etc/nginx/conf.d/" + $0) }
        }
        let lines = texts.joined(separator: "\n").split(separator: "\n").map { line in
            String(line.prefix { $0 != "#" })
        }
        let directives = lines.joined(separator: " ").split(whereSeparator: { ";{}".contains($0) })
        var ports: [Int] = []
        for directive in directives {
            let words = directive.split(whereSeparator: { $0.isWhitespace })
            guard words.count > 1, words[0] == "listen", !words[1].hasPrefix("unix:") else { continue }
            let port = words[1].split(separator: ":").last.flatMap { Int($0) } ?? 80
            if (1...65_535).contains(port), !ports.contains(port) { ports.append(port) }
        }
        return ports.isEmpty ? [80] : ports
    }

    private func tell(_ word: String, _ machine: inout Machine) -> Int {
        let signals: [String: Signal] = ["quit": .quit, "stop": .terminate, "reload": .hangup, "reopen": .user1]
        guard let signal = signals[word] else {
            return Applets.fail(&machine, "nginx", "invalid option: \"-s \(word)\"")
        }
        let servers = machine.visibleProcesses.filter {
            $0.commandName == "nginx" && $0.number != machine.process.number
        }
        if servers.isEmpty {
            return Applets.fail(
                &machine,
                "nginx",
                "[error] open() \"/run/nginx.pid\" failed (2: No such file or directory)"
            )
        }
        if signal != .user1 { for server in servers { machine.send(signal, to: server.number) } }
        return 0
    }
}

/// `nc`: listens for ever, or looks whether something accepts connections.
struct NetcatProgram: Program {
    let words: [String]
    /// The bytes that one side of a conversation says at most.
    private static let maximumInput = 1 << 20

    private var input: [UInt8] = []
    private var port: Int?
    private var deadline: Timestamp?
    private var isConnected = false
    /// Where what a client says arrives.
    private var inbox: Int?
    /// The program that answers, as far as it is read.
    private var answering: (child: Int, reader: Int)?

    init(words: [String]) { self.words = words }

    /// The command behind `-e`, which takes all that follows.
    private var command: [String] {
        guard let at = words.firstIndex(where: { $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.hasSuffix("e") }) else {
            return []
        }
        return Array(words[(at + 1)...])
    }

    mutating func run(_ machine: inout Machine) -> Progress {
        let command = command
        let options = AppletOptions(Array(words.dropLast(command.count)), valued: "pwsiqcT")
        let isListening = options.has("l") || options.has("L")
        guard isListening else { return connect(options, &machine) }
        if port == nil {
            guard let number = (options["p"] ?? options.words.last).flatMap({ Int($0) }), (1...65_535).contains(number)
            else {
                return .exited(Applets.usage(&machine, "nc"))
            }
            if !machine.listen(number, .silent) {
                return .exited(Applets.fail(&machine, "nc", "bind: Address already in use"))
            }
            port = number
        }
        if !command.isEmpty {
            let isLasting =
                options.has("k") || words.contains { $0.hasPrefix("-") && $0.filter { $0 == "l" }.count > 1 }
            return serve(command, isLasting: isLasting, &machine)
        }
        // What it is given to say may be a whole answer.
        while true {
            switch machine.read(0) {
            case .bytes(let bytes): if input.count < Self.maximumInput { input += bytes }
            case .wait(let wait): return .blocked(wait)
            case .end, .failed: return converse(&machine)
            }
            if machine.mustYield { return .ready }
            machine.spend()
        }
    }

    /// Answers with what a program prints. It runs before the client comes, since who probes a port does not wait, and
    /// therefore hears nothing of what that one says.
    private mutating func serve(_ command: [String], isLasting: Bool, _ machine: inout Machine) -> Progress {
        while true {
            if inbox != nil {
                guard case .exited = converse(&machine) else { return .blocked(conversationWait(machine)) }
                guard isLasting, let port else { return .exited(0) }
                inbox = nil
                input = []
                machine.kernel.listeners[port] = nil
                _ = machine.listen(port, .silent)
            }
            guard let (child, reader) = answering else {
                switch machine.program(for: command, path: machine.searchPath) {
                case .failure(let failure):
                    return .exited(Applets.fail(&machine, "nc", "can't execute '\(failure.command)'", failure.errno))
                case .program(let program):
                    guard let pipe = machine.kernel.makePipe(),
                        let null = machine.kernel.open(.null, path: "/dev/null"),
                        let child = machine.fork(program, arguments: command)
                    else { return .exited(1) }
                    connect(child, [0: null, 1: pipe.writer], &machine)
                    answering = (child, pipe.reader)
                }
                continue
            }
            guard case .pipeReader(let pipe)? = machine.kernel.openFiles[reader]?.target else { return .exited(1) }
            switch machine.kernel.read(pipe: pipe, limit: Pipe.capacity, file: reader) {
            case .bytes(let bytes): if input.count < Self.maximumInput { input += bytes }
            case .wait(let wait): return .blocked(wait)
            case .end, .failed:
                machine.kernel.dispose(reader)
                machine.process.endedChildren[child] = nil
                answering = nil
                if case .exited(let code) = converse(&machine) { return .exited(code) }
            }
            if machine.mustYield { return .ready }
            machine.spend()
        }
    }

    private func conversationWait(_ machine: Machine) -> Wait { inbox.map { .input($0) } ?? .forever }

    /// Gives a child other files.
    private func connect(_ child: Int, _ files: [Int: Int], _ machine: inout Machine) {
        for (descriptor, file) in files {
            machine.kernel.openFiles[file]?.references += 1
            if let old = machine.kernel.processes[child]?.files.updateValue(file, forKey: descriptor) {
                machine.kernel.release(old)
            }
        }
    }

    /// Waits for a client, and prints what it says, unless that was for a program.
    private mutating func converse(_ machine: inout Machine) -> Progress {
        guard let port else { return .exited(1) }
        if inbox == nil, let pipe = machine.kernel.makePipe(),
            case .pipeWriter(let number)? = machine.kernel.openFiles[pipe.writer]?.target
        {
            inbox = pipe.reader
            machine.kernel.listeners[port] = nil
            _ = machine.listen(port, .conversation(answer: input, inbox: number))
        }
        guard let inbox, case .pipeReader(let pipe)? = machine.kernel.openFiles[inbox]?.target else {
            return .blocked(.forever)
        }
        while true {
            switch machine.kernel.read(pipe: pipe, limit: Pipe.capacity, file: inbox) {
            case .bytes(let bytes): if command.isEmpty { machine.write(bytes, to: 1) }
            case .wait(let wait): return .blocked(wait)
            case .end, .failed:
                machine.kernel.dispose(inbox)
                return .exited(0)
            }
        }
    }

    /// As a client: what standard input says goes there, and what comes back is printed.
    private mutating func connect(_ options: AppletOptions, _ machine: inout Machine) -> Progress {
        let name = words.first == "telnet" ? "telnet" : "nc"
        let words = options.words
        guard let host = words.first, name == "telnet" || words.count >= 2,
            let port = words.count > 1 ? Int(words[1]) : 23
        else { return .exited(Applets.usage(&machine, name)) }
        guard let address = machine.addresses(of: host).first else {
            return .exited(Applets.fail(&machine, name, "bad address '\(host)'"))
        }
        let isOld = options.has("z") || options.has("v")
        switch machine.reach(address, port: port) {
        case .open: break
        case .refused:
            let text = "can't connect to remote host (\(address)): Connection refused"
            if isOld, !options.has("v") { return .exited(1) }
            let old = "\(host) (\(address):\(port)): Connection refused"
            return .exited(Applets.fail(&machine, name, isOld ? old : text))
        case .silent:
            let limit = options["w"].flatMap { Int64($0) } ?? Int64(CurlProgram.connectTimeout / 1000)
            let end = deadline ?? machine.now + .seconds(limit)
            deadline = end
            if machine.now < end { return .blocked(.time(end)) }
            let place = isOld ? "\(host) (\(address):\(port))" : "can't connect to remote host (\(address))"
            return .exited(Applets.fail(&machine, name, place + ": Connection timed out"))
        }
        if !isConnected {
            isConnected = true
            if options.has("v") { machine.complain("\(host) (\(address):\(port)) open") }
            if name == "telnet" { machine.print("Connected to \(host)\n") }
        }
        return options.has("z") ? .exited(0) : talk(to: address, port: port, &machine)
    }

    private mutating func talk(to address: String, port: Int, _ machine: inout Machine) -> Progress {
        while true {
            switch machine.read(0) {
            case .bytes(let bytes):
                if input.count < Self.maximumInput { input += bytes }
                // A server answers as soon as it has the whole head.
                if MessageText.hasHead(input) {
                    return reply(address, port, &machine)
                }
            case .wait(let wait): return .blocked(wait)
            case .end, .failed: return reply(address, port, &machine)
            }
            if machine.mustYield { return .ready }
            machine.spend()
        }
    }

    private func reply(_ address: String, _ port: Int, _ machine: inout Machine) -> Progress {
        machine.write(machine.exchange(input, at: address, port: port), to: 1)
        return .exited(0)
    }
}

/// `stress`: busy for ever, or killed for its memory.
struct StressProgram: Program {
    let words: [String]
    private var hasStarted = false

    init(words: [String]) { self.words = words }

    mutating func run(_ machine: inout Machine) -> Progress {
        if hasStarted { return .exited(0) }
        hasStarted = true
        let options = AppletOptions(words, valued: "mcidt")
        func value(_ name: String) -> String? {
            guard let at = words.firstIndex(of: name), at + 1 < words.count else {
                return options[String(name.dropFirst(2))]
            }
            return words[at + 1]
        }
        let workers = (options["m"] ?? value("--vm")).flatMap { Int($0) } ?? 0
        let bytes = value("--vm-bytes").flatMap { Applets.size($0) } ?? 256 << 20
        machine.print("stress: info: [\(machine.process.pid)] dispatching hogs: 0 cpu, 0 io, \(workers) vm, 0 hdd\n")
        if workers > 0, let limit = machine.container?.specification.memoryLimit,
            workers.multipliedReportingOverflow(by: bytes).partialValue > limit
        {
            machine.kernel.containers[machine.process.container]?.endReason = "OOMKilled"
            return .exited(137)
        }
        if let length = (options["t"] ?? value("--timeout")).flatMap({ Applets.duration($0).length }) {
            return .blocked(.time(machine.now + length))
        }
        return .blocked(.forever)
    }
}

extension Machine {
    /// A service with the directory of its files made absolute.
    func absolute(_ service: NetworkService) -> NetworkService {
        guard case .files(let root, let style) = service else { return service }
        let path = canonicalPath(root) ?? absolute(root)
        return .files(root: path == "/" ? "" : path, style: style)
    }
}
